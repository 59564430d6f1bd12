// The list of checks: what a reader and a script may rely on.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/conformance/checks.js';

const proto = readFileSync(new URL('../../proto/actorworkflow/v1/node_runtime.proto', import.meta.url), 'utf8');

describe('the conformance checks', () => {
  it('quote the contract word for word', () => {
    const comments = [...proto.matchAll(/^\s*\/\/ ?(.*)$/gm)].map(([, text]) => text).join(' ');
    const contract = comments.replace(/\s+/g, ' ');
    for (const check of CHECKS) expect(contract).toContain(check.contract);
  });

  it('have names that are unique, of an area and a name', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+\/[a-z-]+$/);
  });

  it('come after those that they build on', () => {
    CHECKS.forEach(({ after = [] }, index) => {
      const before = CHECKS.slice(0, index).map(({ id }) => id);
      for (const id of after) expect(before).toContain(id);
    });
  });
});
