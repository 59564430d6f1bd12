// The list of mutations is checked here in a moment; scripts/mutations.mjs runs it.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutations } from '../mutations/all.js';

describe('the list of mutations', () => {
  it('has each name once', () => {
    const names = mutations.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('says for which of the promises P1 to P7 each mechanism is', () => {
    const wrong = mutations.filter(({ promises }) => !/^P[1-7]( P[1-7])*$/.test(promises));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it.each(mutations)('$name: what it replaces is in the program exactly once', ({ replace }) => {
    expect(Object.keys(replace).length).toBeGreaterThan(0);
    for (const [file, replacements] of Object.entries(replace)) {
      let text = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
      for (const [old, instead] of replacements) {
        expect(text.split(old).length - 1, `${file}: ${old}`).toBe(1);
        text = text.replace(old, () => instead);
      }
    }
  });
});
