// What callers of ActorWorkflow see: a real client, a real server, a real Redis,
// and a node runtime that does as it is told, over gRPC.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import { scripts } from '../../src/store/redis/scripts.js';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, refuse, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { startRedis, uniquePrefix } from '../redis.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => {
  redis.disconnect();
});

let prefix: string;
beforeEach(() => {
  prefix = uniquePrefix();
});

const ref = (name: string) => ({ namespace: 'ns', name });
const actor = ref('a');

async function addWorkers({ client }: TestCoordinator, runtime: FakeNodeRuntime, count = 1): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const worker = { pool: 'default', name: `w${String(i)}` };
    await client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  }
}

describe('a long restore', () => {
  it('outlives many TTLs, while a second replica is told who holds the lease and for how long', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-a', leaseTtl: '1500ms' });
    await using b = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-b', leaseTtl: '1500ms' });
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', takes(5000));
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const answeredInMs: number[] = [];
    while (runtime.running.size === 0) {
      const askedAtMs = performance.now();
      const { error, events } = await readToEnd(b.client.resume({ actor }));
      if (error === undefined) break;
      answeredInMs.push(performance.now() - askedAtMs);
      expect(events).toEqual([]);
      expect(error).toMatchObject({ reason: 'LEASE_HELD', metadata: { holder: 'replica-a', kind: 'RESUME' } });
      expect(Number(error.metadata['expires_in_ms'])).toBeGreaterThan(0);
      expect(error.retryAfterMs).toBeLessThanOrEqual(1500);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(answeredInMs.length).toBeGreaterThan(10);
    // The median: the machine may be busy with something else for a moment.
    expect(answeredInMs.sort((x, y) => x - y)[answeredInMs.length >> 1]).toBeLessThan(100);
    const { events, error } = await first;
    expect(error).toBeUndefined();
    expect(events.some(({ step_progress: progress }) => progress?.step === 'restore')).toBe(true);
    expect(events.at(-1)?.completed?.actor).toMatchObject({ state: 'ACTOR_STATE_RUNNING', worker: { name: 'w0' } });
    expect(runtime.violations).toEqual([]);
  });
});

describe('a workflow ends', () => {
  it.each([
    ['its own deadline', { options: { deadline: { seconds: 0, nanos: 500_000_000 } } }, {}],
    ["the caller's deadline", {}, { timeoutMs: 500 }],
  ])('within 200 ms of %s, and the lease is free by then', async (_, options, callOptions) => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', hang);
    const startedAtMs = performance.now();
    const { error } = await readToEnd(a.client.resume({ actor, ...options }, callOptions));
    const leaseIsFree = (await redis.exists(new Keys(prefix).lease('ns/a'))) === 0;
    expect(Math.abs(performance.now() - startedAtMs - 500)).toBeLessThan(200);
    expect(error).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
    expect(leaseIsFree).toBe(true);
    await expect.poll(() => runtime.calls[0]?.cancelled).toBe(true);
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RESUMING', worker: { name: 'w0' } });
  });

  it('when its caller cancels: the runtime call is cancelled, and the lease is free within 200 ms', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', hang);
    const caller = new AbortController();
    const resumed = readToEnd(a.client.resume({ actor }, { signal: caller.signal }));
    await runtime.nextCall('restore');
    caller.abort();
    expect((await resumed).error).toMatchObject({ reason: 'CANCELLED' });
    await expect.poll(() => redis.exists(new Keys(prefix).lease('ns/a')), { timeout: 200, interval: 10 }).toBe(0);
    await expect.poll(() => runtime.calls[0]?.cancelled).toBe(true);
    const next = await readToEnd(a.client.resume({ actor }));
    expect(next.error).toBeUndefined();
    expect(runtime.calls.map(({ worker }) => worker)).toEqual([runtime.calls[0]?.worker, runtime.calls[0]?.worker]);
  });

  it("with the runtime's own code when that refuses, after the failed event that says the same", async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', refuse('DATA_LOSS', 'torn snapshot'));
    const { error, events } = await readToEnd(a.client.resume({ actor }));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS', message: 'torn snapshot' });
    expect(events.at(-1)?.failed).toEqual({
      code: 15,
      reason: 'ERROR_REASON_RUNTIME_FAILED',
      message: 'torn snapshot',
      step: 'restore',
    });
    expect(await a.client.getActor(actor)).toMatchObject({
      state: 'ACTOR_STATE_SUSPENDED',
      worker: null,
      last_failure: { step: 'restore', reason: 'RUNTIME_FAILED' },
    });
    expect((await a.client.listWorkers('default'))[0]).toMatchObject({ actor: null });
  });

  it('as DRAINING while the replica shuts down, with its lease released', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using b = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-b' });
    const a = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-a', drainTimeout: '300ms' });
    await addWorkers(b, runtime);
    await b.client.createActor({ actor });
    runtime.next('restore', hang);
    const resumed = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const closed = a.close();
    expect((await resumed).error).toMatchObject({ reason: 'DRAINING', retryAfterMs: 1000 });
    await closed;
    expect((await readToEnd(b.client.resume({ actor }))).error).toBeUndefined();
  });
});

describe('many actors', () => {
  it('get each a worker of its own while there are some: 200 on 100, through two replicas', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-a' });
    await using b = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-b' });
    await addWorkers(a, runtime, 100);
    const names = Array.from({ length: 200 }, (_, index) => `a${String(index)}`);
    await Promise.all(names.map((name) => a.client.createActor({ actor: ref(name) })));
    const endings = await Promise.all(
      names.map((name, index) => readToEnd((index % 2 === 0 ? a : b).client.resume({ actor: ref(name) }))),
    );
    const refused = endings.flatMap(({ error }) => (error === undefined ? [] : [error.reason]));
    expect(refused).toEqual(Array.from({ length: 100 }, () => 'NO_FREE_WORKER'));
    const actors = await Promise.all(names.map((name) => a.client.getActor(ref(name))));
    const running = actors.filter(({ state }) => state === 'ACTOR_STATE_RUNNING');
    expect(running.length).toBe(100);
    expect(new Set(running.map(({ worker }) => worker?.name)).size).toBe(100);
    expect(runtime.running.size).toBe(100);
    expect(runtime.violations).toEqual([]);
    const holders = (await a.client.listWorkers('default')).map((worker) => worker.actor?.name);
    expect(new Set(holders).size).toBe(100);
  });
});

describe('the hot path', () => {
  it('costs four round trips to Redis for a Resume and four for a Suspend', async () => {
    await using own = await startRedis();
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix, redisUrl: own.url });
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    const watcher = new Redis(own.url);
    const monitor = await watcher.monitor();
    const commands: string[] = [];
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      // Events go to their log beside the workflow, which does not wait for that.
      if (source !== 'lua' && args[1] !== scripts.appendEvents.sha1) commands.push(args[0]?.toLowerCase() ?? '');
    });
    const marker = new Redis(own.url);
    const counted = async (): Promise<string[]> => {
      const seen = new Promise((resolve) =>
        monitor.on('monitor', (_, args: string[]) => args[1] === 'mark' && resolve(0)),
      );
      await marker.echo('mark');
      await seen;
      return commands.splice(0).filter((name) => !['ping', 'echo', 'info', 'client'].includes(name));
    };
    try {
      await counted();
      expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
      expect(await counted()).toEqual(['evalsha', 'evalsha', 'evalsha', 'evalsha']);
      expect((await readToEnd(a.client.suspend({ actor }))).error).toBeUndefined();
      expect(await counted()).toEqual(['evalsha', 'evalsha', 'evalsha', 'evalsha']);
      await readToEnd(a.client.resume({ actor }));
      await counted();
      expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
      expect(await counted()).toEqual(['evalsha']);
    } finally {
      monitor.disconnect();
      watcher.disconnect();
      marker.disconnect();
    }
  });
});

describe('bad input', () => {
  const names: [string, string][] = [
    ['spaces', 'a b'],
    ['colons', 'a:b'],
    ['braces', 'a{b}'],
    ['newlines', 'a\nb'],
    ['NUL', 'a\0b'],
    ['100 kB', 'a'.repeat(100_000)],
    ['capitals', 'Abc'],
    ['nothing', ''],
    ['a hyphen at the end', 'a-'],
    ['replacement characters', '\ufffd'],
  ];
  const durations: [string, object][] = [
    ['negative', { seconds: -1 }],
    ['zero', {}],
    ['huge', { seconds: '9223372036854775807' }],
    ['longer than the replica allows', { seconds: 301 }],
    ['of two signs', { seconds: 1, nanos: -1 }],
    ['with too many nanos', { nanos: 1_000_000_000 }],
  ];

  it('is refused with the field that is wrong, and the process stays up', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    await a.client.createActor({ actor });
    const refused = async (request: object, field: string): Promise<void> => {
      for (const call of [a.client.resume(request), a.client.suspend(request)]) {
        const { error, events } = await readToEnd(call);
        expect(events).toEqual([]);
        expect(error?.reason).toBe('INVALID_ARGUMENT');
        expect(error?.violations.map((violation) => violation.field)).toEqual([field]);
        expect(error?.violations[0]?.description).toMatch(/^got .*; expected /s);
        expect(error?.message.length).toBeLessThan(600);
      }
    };
    for (const [, name] of names) await refused({ actor: ref(name) }, 'actor.name');
    for (const [, name] of names) await refused({ actor: { namespace: name, name: 'a' } }, 'actor.namespace');
    await refused({}, 'actor');
    for (const [, deadline] of durations) await refused({ actor, options: { deadline } }, 'options.deadline');
    for (const [, lease_wait] of durations.filter(([what]) => ['negative', 'huge', 'of two signs'].includes(what))) {
      await refused({ actor, options: { lease_wait } }, 'options.lease_wait');
      const waiting = await readToEnd(a.client.resume({ actor, worker_wait: lease_wait }));
      expect(waiting.error?.violations).toMatchObject([{ field: 'worker_wait' }]);
    }
    await refused({ actor, options: { on_disconnect: 99 } }, 'options.on_disconnect');
    expect(await a.client.getActor(actor)).toMatchObject({ version: '1' });
  });

  it('that names an actor which is not there is NOT_FOUND', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    const { error } = await readToEnd(a.client.resume({ actor }));
    expect(error).toBeInstanceOf(CoordinatorError);
    expect(error).toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    await expect(a.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
  });
});
