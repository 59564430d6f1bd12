// The commands in a real terminal: bars while a step runs, narrow and resized
// windows, Ctrl-C once and twice. Skipped, with a line that says so, without tmux.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { startCoordinator, type TestCoordinator } from '../coordinator.js';
import { linesOf } from '../documents.js';
import { hang, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { MAIN } from '../served.js';
import { startTcpProxy } from '../tcp-proxy.js';
import { hasTmux, openTerminal, type Terminal } from '../terminal.js';

if (!hasTmux) console.warn('The commands are not tried in a terminal: that needs tmux on PATH');

let runtime: FakeNodeRuntime;
let a: TestCoordinator;
let bin: string;

beforeEach(async () => {
  runtime = await startFakeNodeRuntime();
  a = await startCoordinator({ redisKeyPrefix: uniquePrefix(), instanceId: 'replica-a', recoveryAttempts: '0' });
  await a.client.registerWorker({
    worker: { pool: 'default', name: 'w' },
    runtime_address: runtime.address,
    node: 'n',
  });
  await a.client.createActor({ actor: { namespace: 'demo', name: 'a' } });
  bin = await mkdtemp(join(tmpdir(), 'cli-terminal-'));
  await symlink(MAIN, join(bin, 'actor-coordinator'));
});
afterEach(async () => {
  await a.close();
  await runtime.close();
  await rm(bin, { recursive: true });
});

async function open(
  context: TestContext,
  columns: number,
  rows: number,
  env: Record<string, string> = {},
): Promise<Terminal> {
  if (!hasTmux) return context.skip('needs tmux on PATH');
  const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  return openTerminal(columns, rows, { PATH: path, LC_ALL: 'C.UTF-8', ACTOR_WORKFLOW_ADDRESS: a.address, ...env });
}

/** The line of the step that runs. */
const drawn = (terminal: Terminal, step = 'restore') =>
  terminal.screen().findLast((line) => line.startsWith(`  ${step} `));

describe('in a terminal', () => {
  it('the step that runs has a bar, and those that are done stand above it', async (context) => {
    using terminal = await open(context, 100, 24);
    runtime.default('restore', takes(3000));
    terminal.line('actor-coordinator resume demo/a');
    await terminal.see(/restore {11}█+░+ +[2-8]\d %  [12]\.\d s  unpack, /);
    const half = terminal.screen();
    expect(half.filter((line) => line.startsWith('✓ '))).toEqual([
      expect.stringMatching(/^✓ load_actor {8}\d+ ms$/),
      expect.stringMatching(/^✓ assign_worker {5}\d+ ms$/),
    ]);
    await terminal.see(/demo\/a is RUNNING on worker default\/w at 127\.0\.0\.1:8080, after \d\.\d s\n\$/);
    const [typed, started, ...rest] = terminal.screen();
    expect(typed).toBe('$ actor-coordinator resume demo/a');
    expect(started).toMatch(/^resume demo\/a on replica-a, workflow [-0-9a-f]{36}$/);
    // The bar is gone, nothing of it is left, and the prompt is where it belongs.
    expect(rest.map((line) => line.replace(/ +\d.*/, ''))).toEqual([
      '✓ load_actor',
      '✓ assign_worker',
      '✓ restore',
      '✓ finalize_running',
      'demo/a is RUNNING on worker default/w at',
      '$',
    ]);
  });

  it('40 columns are enough, and a window may be resized meanwhile', async (context) => {
    using terminal = await open(context, 40, 12);
    runtime.default('restore', takes(4000));
    terminal.line('actor-coordinator resume demo/a');
    await terminal.see(/restore {11}.*[1-9]\d %/);
    expect(drawn(terminal)).toMatch(/^ {2}restore {11}[█░]{6,}  +\d+ %$|^ {2}restore {11} +\d+ %  \d.*s$/);
    expect(terminal.screen().every((line) => line.length <= 40)).toBe(true);
    terminal.resize(100, 30);
    await terminal.see(/restore {11}█+░+ +\d+ %  \d\.\d s  unpack, \d\.\d s of 4\.0 s/);
    terminal.resize(30, 8);
    await terminal.see(/demo\/a is RUNNING[^]*\n\$$/);
    const screen = terminal.screen();
    expect(screen.every((line) => line.length <= 30)).toBe(true);
    expect(screen.filter((line) => line.startsWith('✓ restore')).length).toBe(1);
    expect(screen.at(-1)).toBe('$');
  });

  it('a window of four rows is enough', async (context) => {
    using terminal = await open(context, 60, 4);
    runtime.default('restore', takes(1500));
    terminal.line('clear; actor-coordinator resume demo/a');
    await terminal.see(/restore {11}█+/);
    await terminal.see(/demo\/a is RUNNING[^]*\n\$$/);
    for (const step of ['load_actor', 'assign_worker', 'restore', 'finalize_running']) {
      expect(terminal.screen().filter((line) => line.startsWith(`✓ ${step} `)).length).toBe(1);
    }
  });

  it('without UTF-8 everything is ASCII, and a dumb terminal gets lines', async (context) => {
    using terminal = await open(context, 80, 24, { LC_ALL: 'C' });
    runtime.default('restore', takes(1500));
    terminal.line('actor-coordinator resume demo/a');
    await terminal.see(/restore {11}#+-+ /);
    await terminal.see(/\n\+ restore .*\n[^]*demo\/a is RUNNING/);
    terminal.line('clear; TERM=dumb actor-coordinator suspend demo/a');
    await terminal.see(/ {2}checkpoint {10}\d+ ms\n[^]*demo\/a is SUSPENDED/);
    expect(terminal.screen().join('')).not.toContain('✓');
  });

  it('Ctrl-C cancels the workflow, and says what it leaves', async (context) => {
    using terminal = await open(context, 100, 24);
    runtime.default('restore', hang);
    terminal.line('actor-coordinator resume demo/a; echo "exit code $?"');
    await terminal.see(/ {2}restore +\d/);
    terminal.press('C-c');
    await terminal.see(/exit code 130/);
    const text = terminal.screen().join('\n');
    expect(text).toContain('cancelling; Ctrl-C again leaves at once\ncancelled\n');
    expect(text).toContain('left: demo/a is RESUMING on worker default/w\n');
    expect(text).toContain("next: 'resume demo/a' finishes it, 'suspend demo/a' gives it up");
    const actor = await a.client.getActor({ namespace: 'demo', name: 'a' });
    expect(actor).toMatchObject({ state: 'ACTOR_STATE_RESUMING', lease: null });
    expect(runtime.calls[0]?.cancelled).toBe(true);
  });

  it('a second Ctrl-C leaves at once, with the cursor where it belongs', async (context) => {
    // What it asks after the first one is not answered, and so it would wait.
    await using proxy = await startTcpProxy(Number(/\d+$/.exec(a.address)?.[0]));
    using terminal = await open(context, 100, 24, { ACTOR_WORKFLOW_ADDRESS: `127.0.0.1:${proxy.port}` });
    runtime.default('restore', hang);
    terminal.line('actor-coordinator resume demo/a; echo "exit code $?"');
    await terminal.see(/ {2}restore +\d/);
    proxy.swallowReplies(true);
    terminal.press('C-c');
    await terminal.see(/Ctrl-C again leaves at once/);
    const pressedAtMs = performance.now();
    terminal.press('C-c');
    await terminal.see(/exit code 130\n\$/);
    expect(performance.now() - pressedAtMs).toBeLessThan(1500);
    expect(terminal.screen().join('\n')).not.toContain('left');
    await expect.poll(() => runtime.calls[0]?.cancelled).toBe(true);
  });

  it('Ctrl-C ends a watch, and touches nothing', async (context) => {
    using terminal = await open(context, 100, 24);
    runtime.default('restore', takes(4000));
    terminal.line('actor-coordinator resume demo/a --detach');
    await terminal.see(/it runs on; 'actor-coordinator watch demo\/a' follows it\n\$/);
    terminal.line('actor-coordinator watch demo/a; echo "exit code $?"');
    await terminal.see(/ {2}restore {11}█+/);
    terminal.press('C-c');
    await terminal.see(/stopped watching; the workflow is not touched\nexit code 130/);
    terminal.line('clear; actor-coordinator watch demo/a');
    await terminal.see(/demo\/a is RUNNING on worker default\/w/);
  });
});

describe('TAB', () => {
  const shells = [
    { shell: 'bash', start: 'exec bash --norc --noprofile' },
    { shell: 'zsh', start: 'exec zsh -f', before: 'autoload -Uz compinit && compinit -u -D' },
    { shell: 'fish', start: 'exec fish --no-config' },
  ];
  const setUps = linesOf('docs/cli.md', 'completion').map((line) => line.replace(/ {2,}#.*/, ''));

  for (const { shell, start, before } of shells) {
    it(`in ${shell} completes a command, and the name of an actor`, async (context) => {
      if (spawnSync(shell, ['--version']).status !== 0) {
        console.warn(`The completion for ${shell} is not tried: that needs ${shell} on PATH`);
        context.skip(`needs ${shell} on PATH`);
      }
      // HOME: fish writes there.
      using terminal = await open(context, 100, 24, { HOME: bin });
      terminal.line(start);
      if (before !== undefined) terminal.line(before);
      terminal.line(setUps.find((line) => line.includes(` ${shell}`)) ?? '');
      terminal.line('clear; echo ready');
      await terminal.see(/^ready$/m);
      terminal.press('-l', 'actor-coordinator sus');
      terminal.press('Tab');
      await terminal.see(/actor-coordinator suspend\s*$/);
      terminal.press('-l', 'demo/');
      terminal.press('Tab');
      await terminal.see(/actor-coordinator suspend demo\/a\s*$/);
    });
  }
});
