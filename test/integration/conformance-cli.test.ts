// `actor-coordinator conformance` as a person and as a script runs it.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHECKS } from '../../src/conformance/checks.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const COMMAND = ['--command', JSON.stringify([process.execPath, '-e', 'process.exit(3)'])];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function conformance(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const options = { env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'conformance', ...flags], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('conformance, on a node,', () => {
  let directory: string;
  let target: string;
  let supervisor: ChildProcess;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'conformance-cli-'));
    const port = await freePort();
    target = `127.0.0.1:${port}`;
    const flags = ['--listen', target, '--data-dir', join(directory, 'node'), '--coordinator', '127.0.0.1:1'];
    const node = [process.execPath, MAIN, 'node', ...flags, '--node-name', 'here', '--log-level', 'error'];
    // Whatever ends it, it is started again, until the test is over.
    const forever = 'while [ ! -e over ]; do "$@" & echo $! > pid; wait; done';
    supervisor = spawn('/bin/sh', ['-c', forever, 'supervisor', ...node], { cwd: directory, stdio: 'inherit' });
    await vi.waitFor(async () => expect(await accepts(port)).toBe(true), 25_000);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => supervisor.once('exit', resolve));
    const end = 'touch over; kill $(cat pid)';
    await new Promise((resolve) => execFile('/bin/sh', ['-c', end], { cwd: directory }, resolve));
    await ended;
    await rm(directory, { recursive: true });
  });

  const workers = ['--worker', 'here-0', '--worker', 'here-1'];

  it('says ok for each check and restarts the node for those that need it, with exit code 0', async () => {
    const restart = `cd ${directory}; pid=$(cat pid); kill $pid; while kill -0 $pid; do sleep 0.05; done 2>/dev/null`;
    const flags = ['--target', target, ...workers, '--pace', '200ms', '--restart-command', restart];
    const temporary = await mkdtemp(join(directory, 'tmp-'));
    const { code, stdout } = await conformance([...flags, '--only', 'fencing', '--only', 'restart', '-o', 'json'], {
      TMPDIR: temporary,
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const wanted = CHECKS.filter(({ id }) => /^(fencing|restart)/.test(id));
    expect(lines.slice(0, -1).map(({ check, outcome }) => ({ check, outcome }))).toEqual(
      wanted.map(({ id }) => ({ check: id, outcome: 'ok' })),
    );
    expect(lines.at(-1)).toEqual({ summary: { ok: wanted.length, failed: 0, skipped: 0 } });
    expect(code).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  }, 60_000);

  it('says what was expected, what came and what the contract says, with exit code 1', async () => {
    const flags = ['--target', target, ...workers, '--only', 'restore', '--only', 'arguments/actor'];
    const { code, stdout } = await conformance([...flags, ...COMMAND]);
    const [first, second] = stdout.split('\n');
    expect(first).toMatch(
      /^FAILED {3}restore\/starts: expected Restore to succeed; got FAILED_PRECONDITION .*exit code 3.*; the contract says: "Without a snapshot it boots from spec\."$/,
    );
    expect(second).toBe('skipped  restore/ready: says nothing while restore/starts fails');
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^0 ok, 1 failed, \d+ skipped$/);
    expect(code).toBe(1);
  });

  it('skips what it cannot find out, and says what would be needed', async () => {
    const flags = ['--target', target, '--worker', 'here-0', '--only', 'workers/two', '--only', 'fencing/restart'];
    const { code, stdout } = await conformance([...flags, '--snapshot-location', 's3://bucket/x']);
    expect(stdout).toContain('skipped  fencing/restart: needs a runtime that can be restarted; see --restart-command');
    expect(stdout).toContain('skipped  workers/two: needs a second worker; name one more with --worker');
    expect(code).toBe(0);
  });
});

describe('conformance', () => {
  it('lists its checks with the sentences of the contract', async () => {
    const { code, stdout } = await conformance(['--list']);
    for (const { id, contract } of CHECKS) {
      expect(stdout).toContain(`${id}\n`);
      expect(stdout).toContain(`"${contract}"`);
    }
    expect(code).toBe(0);
  });

  it('says where nothing answers, with exit code 1', async () => {
    const { code, stderr } = await conformance(['--target', `127.0.0.1:${await freePort()}`]);
    expect(stderr).toMatch(/^nothing that speaks gRPC answers at 127\.0\.0\.1:\d+ within 5 s\n$/);
    expect(code).toBe(1);
  });

  it.each([
    [[], '--target: got nothing; expected a gRPC target such as 127.0.0.1:7071'],
    [['--target', 'x'], '--target: got "x"; expected'],
    [['--target', 'x:1', '--worker', 'A_b'], '--worker: got "A_b"; expected a DNS-1123 label'],
    [['--target', 'x:1', '--pace', '1'], "--pace: got '1'; expected a duration"],
    [['--target', 'x:1', '--pace', '1ms'], "--pace: got '1ms'; expected at least 50ms"],
    [['--target', 'x:1', '--command', '[1]'], '--command: got "[1]"; expected words, or a JSON array of strings'],
    [['--target', 'x:1', '--env', 'x'], '--env: got "x"; expected NAME=VALUE'],
    [['--target', 'x:1', '--runtime-options', '[]'], '--runtime-options: got "[]"; expected a JSON object'],
    [['--target', 'x:1', '--only', 'nonsense'], '--only: got "nonsense"; expected the start of a check'],
    [['--target', 'x:1', '-o', 'xml'], '--output: got "xml"; expected text or json'],
  ])('refuses %j with exit code 2', async (flags, message) => {
    const { code, stderr } = await conformance(flags);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
