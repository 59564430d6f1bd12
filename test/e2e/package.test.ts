// The package as npm gives it to a stranger: packed, installed into an empty
// project, its command run by npx, its server and its client by themselves.
// Where npm cannot fetch what it depends on, this is skipped, with a line.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockOf } from '../documents.js';
import { ROOT, serveDev } from '../served.js';
import { compileStrictly } from '../strict-compiler.js';

const INSTALL_WITHIN_MS = 3 * 60_000;

/** npm tells its children what project they are in, which is not this one. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_|^INIT_CWD$/i.test(name) || /^npm_config_(registry|cache|userconfig)$/i.test(name),
  ),
);

let project: string;
let why = '';

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'package-'));
  const options = { env, encoding: 'utf8', timeout: INSTALL_WITHIN_MS } as const;
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const packed = execFileSync('npm', pack, { ...options, cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[];
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`];
  const installed = spawnSync('npm', install, { ...options, cwd: project });
  if (installed.status === 0) return;
  if (!/E(?:NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH)|network/i.test(installed.stderr)) {
    throw new Error(installed.stderr);
  }
  why = 'needs a registry from which npm can install what the package depends on';
  console.warn(`The package is not installed: ${why}`);
}, 2 * INSTALL_WITHIN_MS);

afterAll(() => {
  rmSync(project, { recursive: true });
});

describe('the installed package', () => {
  it('has a command that npx finds', (context) => {
    if (why !== '') context.skip(why);
    const help = spawnSync('npx', ['actor-coordinator', '--help'], { cwd: project, env, encoding: 'utf8' });
    expect(help.status, help.stderr).toBe(0);
    expect(help.stdout).toMatch(/^Usage: actor-coordinator [^]*\n {2}resume [^]*\nExamples:\n/);
  });

  it('serves by itself, and its client runs the example of the README, compiled at its strictest', async (context) => {
    if (why !== '') context.skip(why);
    const home = join(project, 'node_modules', 'actor-coordinator');
    await using served = await serveDev(join(home, 'dist', 'main.js'));
    const counter = join(home, 'examples', 'counter', 'counter.mjs');
    const created = await served.type(`actor-coordinator create demo/notes -- node '${counter}'`);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const example = blockOf('README.md', 'client').replaceAll('127.0.0.1:7070', served.address);
    writeFileSync(join(project, 'example.ts'), example);
    expect(compileStrictly(project)).toBe('');
    const output = execFileSync(process.execPath, ['example.js'], { cwd: project, encoding: 'utf8', timeout: 30_000 });
    const address = /^serves at (127\.0\.0\.1:\d+)$/m.exec(output)?.[1] ?? '';
    expect((await fetch(`http://${address}/count`)).status).toBe(200);
  });
});
