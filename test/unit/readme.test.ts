// The README says what the code does: these parts of it are made from the code.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { environmentName, flagName, SETTINGS, type Setting } from '../../src/settings.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function settingsTable(): string {
  const rows = Object.values<Setting>(SETTINGS).map((setting) => {
    const description = setting.description.replaceAll('|', '\\|');
    return `| \`${flagName(setting)}\` | ${setting.default ?? ''} | ${description} |`;
  });
  return ['| flag | default | |', '| --- | --- | --- |', ...rows].join('\n');
}

describe('the README', () => {
  it('lists every setting with its default, as the code has them', () => {
    const listed = /<!-- settings -->\s*([\s\S]*?)\s*<!-- \/settings -->/.exec(readme)?.[1];
    const cells = (table: string): string[] => table.split('\n').map((row) => row.replace(/\s+|-{3,}/g, ' ').trim());
    expect(cells(listed ?? '')).toEqual(cells(settingsTable()));
  });

  it('names the environment variable of its example as the code does', () => {
    expect(readme).toContain(`\`--lease-ttl\` is \`${environmentName(SETTINGS.leaseTtl)}\``);
  });

  it('has fewer than 250 lines', () => {
    expect(readme.split('\n').length).toBeLessThan(250);
  });
});
