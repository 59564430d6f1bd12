// The service with its built-in node runtime: real programs as actors, and what
// is left of one whose program fails or whose node dies.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNode } from '../../src/cli/node.js';
import type { Actor__Output } from '../../src/generated/actorworkflow/v1/Actor.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { uniquePrefix } from '../redis.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const logger = pino({ level: 'silent' });
const actor = { namespace: 'ns', name: 'a' };

let directory: string;
let a: TestCoordinator;
/** Nodes are closed before the coordinator, the last one first. */
let closers: (() => Promise<void>)[];

beforeEach(async () => {
  closers = [];
  directory = await mkdtemp(join(tmpdir(), 'e2e-process-'));
  const snapshotLocation = pathToFileURL(join(directory, 'snapshots')).href;
  a = await startCoordinator({ redisKeyPrefix: uniquePrefix(), snapshotLocation });
});
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  await a.close();
  await rm(directory, { recursive: true });
});

function example(name: 'counter' | 'slow-start'): string[] {
  return [process.execPath, fileURLToPath(new URL(`../../examples/${name}/${name}.mjs`, import.meta.url))];
}

/** A node with two workers, in this process. Closing it stops every actor. */
async function startTwoWorkers(): Promise<void> {
  const dataDir = join(directory, 'node');
  const options = { listen: ['127.0.0.1:0'], dataDir, pool: 'default', workers: 2, nodeName: 'n', stopGraceMs: 5_000 };
  const node = await startNode({ ...options, coordinator: a.address, logger });
  closers.push(() => node.close());
  await expect.poll(async () => (await a.client.listWorkers('default')).length).toBe(2);
}

async function resume(): Promise<Actor__Output> {
  const { events, error } = await readToEnd(a.client.resume({ actor }));
  if (error !== undefined) throw error;
  const resumed = events.at(-1)?.completed?.actor;
  if (!resumed) throw new Error('the workflow completed without an actor');
  return resumed;
}

async function suspend(): Promise<Actor__Output> {
  const { error } = await readToEnd(a.client.suspend({ actor }));
  if (error !== undefined) throw error;
  return a.client.getActor(actor);
}

async function count({ address }: Actor__Output, method: 'GET' | 'POST'): Promise<number> {
  const response = await fetch(`http://${address}/count`, { method, headers: { connection: 'close' } });
  return ((await response.json()) as { count: number }).count;
}

describe('an actor', () => {
  it('that counts in memory goes on counting on another worker, time after time', async () => {
    await startTwoWorkers();
    const spec = {
      command: example('counter'),
      runtime_options: { fields: { ready_path: { stringValue: '/healthz' } } },
    };
    await a.client.createActor({ actor, spec });
    const workers: (string | undefined)[] = [];
    let expected = 0;
    for (let round = 1; round <= 3; round += 1) {
      const running = await resume();
      expect(running).toMatchObject({ state: 'ACTOR_STATE_RUNNING', last_failure: null });
      expect(await count(running, 'GET')).toBe(expected);
      for (let i = 0; i < round; i += 1) expect(await count(running, 'POST')).toBe((expected += 1));
      workers.push(running.worker?.name);
      // Nothing to do, and nothing done.
      expect((await resume()).address).toBe(running.address);
      expect(await count(running, 'GET')).toBe(expected);
      const suspended = await suspend();
      expect(suspended).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED', worker: null, address: '' });
      expect(suspended.latest_snapshot?.uri).toMatch(/^file:\/\/.*\/snapshots\/ns\/a\//);
      expect(Number(suspended.latest_snapshot?.size_bytes)).toBeGreaterThan(0);
      await expect(count(running, 'GET')).rejects.toThrow();
    }
    expect(workers[1]).not.toBe(workers[0]);
  });

  it('that is paused keeps what it never saved, frees its worker, and is back within 50 ms', async () => {
    await startTwoWorkers();
    // Remembers a number that it writes nowhere, and dies of SIGTERM.
    const script =
      'const count = String(process.hrtime.bigint()); require("http").createServer((_, r) => r.end(JSON.stringify({ count }))).listen(process.env.PORT, "127.0.0.1")';
    await a.client.createActor({ actor, spec: { command: [process.execPath, '-e', script] } });
    const running = await resume();
    const remembered = await count(running, 'GET');
    const resumedInMs: number[] = [];
    const workers = new Set<string | undefined>();
    for (let round = 1; round <= 5; round += 1) {
      expect((await readToEnd(a.client.pause({ actor }))).error).toBeUndefined();
      expect(await a.client.getActor(actor)).toMatchObject({
        state: 'ACTOR_STATE_PAUSED',
        worker: null,
        latest_snapshot: { location: 'SNAPSHOT_LOCATION_LOCAL', node: 'n' },
      });
      expect((await a.client.listWorkers('default')).map((worker) => worker.actor)).toEqual([null, null]);
      const startedAtMs = performance.now();
      const resumed = await resume();
      resumedInMs.push(performance.now() - startedAtMs);
      expect(resumed).toMatchObject({ address: running.address, latest_snapshot: null });
      expect(await count(resumed, 'GET')).toBe(remembered);
      workers.add(resumed.worker?.name);
    }
    expect(workers.size).toBe(2);
    expect(resumedInMs.sort((x, y) => x - y)[2]).toBeLessThan(50);
  });

  it('whose program fails at its start is told with the end of its output, and its worker is free', async () => {
    await startTwoWorkers();
    const script = 'console.log("loading"); console.error("no license for módulo X"); process.exit(3)';
    await a.client.createActor({ actor, spec: { command: [process.execPath, '-e', script] } });
    const { events, error } = await readToEnd(a.client.resume({ actor }));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION', maybeDone: false });
    expect(error?.message).toContain('exit code 3');
    expect(error?.message).toContain('no license for módulo X');
    expect(events.at(-1)?.failed).toMatchObject({ code: 9, step: 'restore', message: error?.message });
    const record = await a.client.getActor(actor);
    expect(record).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED', worker: null, latest_snapshot: null });
    expect(record.last_failure).toMatchObject({ step: 'restore', reason: 'RUNTIME_FAILED' });
    expect(record.last_failure?.message).toContain('no license for módulo X');
    expect(await a.client.listWorkers('default')).toMatchObject([{ actor: null }, { actor: null }]);
  });

  it.each<[string, object, string, string]>([
    ['whose program is not there', { command: ['/no/such/program'] }, 'FAILED_PRECONDITION', '/no/such/program'],
    ['that has no command', { image: 'r/x:1' }, 'INVALID_ARGUMENT', 'spec.command'],
    [
      'with an option that the runtime does not know',
      { command: ['true'], runtime_options: { fields: { ready_pth: { stringValue: '/' } } } },
      'INVALID_ARGUMENT',
      'ready_pth',
    ],
    [
      'that is never ready',
      {
        command: [process.execPath, '-e', 'console.log("still warming up"); setInterval(() => {}, 1000)'],
        runtime_options: { fields: { ready_timeout_ms: { numberValue: 500 } } },
      },
      'FAILED_PRECONDITION',
      'still warming up',
    ],
  ])('%s is SUSPENDED again, and its caller told why', async (_, spec, code, text) => {
    await startTwoWorkers();
    await a.client.createActor({ actor, spec });
    const { error } = await readToEnd(a.client.resume({ actor }));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: code });
    expect(error?.message).toContain(text);
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED', worker: null });
  });
});

describe('a node that is killed in the middle of a restore', () => {
  /** A node as a process of its own, with one worker. */
  async function spawnNode(port: number): Promise<ChildProcess> {
    const flags = ['--listen', `127.0.0.1:${port}`, '--data-dir', join(directory, 'node'), '--workers', '1'];
    const node = spawn(process.execPath, [MAIN, 'node', ...flags, '--node-name', 'n', '--coordinator', a.address], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = new Promise<void>((resolve) => node.once('exit', () => resolve()));
    closers.push(async () => {
      // In order, so that it stops its actors.
      node.kill('SIGTERM');
      await exited;
    });
    await new Promise<void>((resolve, reject) => {
      const lines: string[] = [];
      createInterface(node.stderr).on('line', (line) => {
        lines.push(line);
        if (line.includes('"workers registered"')) resolve();
      });
      void exited.then(() => reject(new Error(`the node ended before it was registered:\n${lines.join('\n')}`)));
    });
    return node;
  }

  it('is tried again and then told as RUNTIME_UNAVAILABLE; the next Resume finishes it on the same worker', async () => {
    const port = await freePort();
    await a.client.createActor({ actor, spec: { command: example('slow-start'), env: { SLOW_START_SECONDS: '1' } } });
    let killed = false;
    const node = await spawnNode(port);
    const { events, error } = await readToEnd(a.client.resume({ actor }), ({ step_progress: progress }) => {
      if (!killed && progress?.phase === 'start') killed = node.kill('SIGKILL');
    });
    expect(killed).toBe(true);
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
    expect(error?.retryAfterMs).toBeGreaterThan(0);
    expect(events.flatMap(({ step_retrying: retry }) => retry?.attempt ?? [])).toEqual([1, 2, 3, 4]);
    expect(await a.client.getActor(actor)).toMatchObject({
      state: 'ACTOR_STATE_RESUMING',
      worker: { name: 'n-0' },
      last_failure: { step: 'restore', reason: 'RUNTIME_UNAVAILABLE' },
    });
    expect(await a.client.listWorkers('default')).toMatchObject([{ actor }]);

    await spawnNode(port);
    const resumed = await resume();
    expect(resumed).toMatchObject({ state: 'ACTOR_STATE_RUNNING', worker: { name: 'n-0' }, last_failure: null });
    const { links } = (await (await fetch(`http://${resumed.address}/links`)).json()) as { links: number };
    expect(links).toBeGreaterThan(0);
    await suspend();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
