// Waiting in line, as callers of several replicas see it: for a lease and for a
// worker. Who came when, and who got what when, is read from Redis itself.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type Ending, type TestCoordinator } from '../coordinator.js';
import {
  hang,
  refuse,
  startFakeNodeRuntime,
  takes,
  type Behaviour,
  type FakeNodeRuntime,
} from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => {
  redis.disconnect();
});

let prefix: string;
let keys: Keys;
beforeEach(() => {
  prefix = uniquePrefix();
  keys = new Keys(prefix);
});

const ref = (name: string) => ({ namespace: 'ns', name });
const actor = ref('a');
const lease = (): string => keys.lease('ns/a');
const waits = (seconds: number) => ({ lease_wait: { seconds } });
const replica = (instanceId: string): Promise<TestCoordinator> =>
  startCoordinator({ redisKeyPrefix: prefix, instanceId, drainTimeout: '0s' });

async function addWorkers({ client }: TestCoordinator, runtime: FakeNodeRuntime, count = 1): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const worker = { pool: 'default', name: `w${String(i)}` };
    await client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  }
}

/** Leaves the actor to a life that will not renew. */
async function leaveLease(holder: string, forMs: number): Promise<void> {
  const value = { workflow_id: 'of-the-dead', kind: 'SUSPEND', holder, life: '0-a-former-one', fencing_token: 1 };
  await redis.set(lease(), JSON.stringify(value), 'PX', forMs);
}

const inLine = (): Promise<number> => redis.zcard(keys.leaseQueue('ns/a')[0]);

interface Turn {
  readonly workflowId: string;
  readonly atMs: number;
}

interface LeaseHistory {
  /** In the order in which Redis heard of them. */
  readonly arrivals: readonly string[];
  readonly grants: readonly Turn[];
  /** For each grant but the first, how long the lease had been free. */
  gapsMs(): number[];
  [Symbol.dispose](): void;
}

/** What happens to the lease in Redis, by its own clock. */
async function watchLease(): Promise<LeaseHistory> {
  const connection = redis.duplicate();
  const monitor = await connection.monitor();
  const arrivals: string[] = [];
  const grants: Turn[] = [];
  const releases: number[] = [];
  monitor.on('monitor', (time: string, [command, key, ...args]: string[]) => {
    const atMs = Number(time) * 1000;
    const id = args.at(-1) ?? '';
    if (command === 'ZADD' && key === keys.leaseQueue('ns/a')[0] && !arrivals.includes(id)) arrivals.push(id);
    if (key !== lease()) return;
    if (command === 'DEL') releases.push(atMs);
    if (command === 'SET') {
      grants.push({ workflowId: (JSON.parse(args[0] ?? '') as { workflow_id: string }).workflow_id, atMs });
    }
  });
  return {
    arrivals,
    grants,
    gapsMs: () => grants.slice(1).map(({ atMs }) => atMs - Math.max(...releases.filter((ms) => ms <= atMs))),
    [Symbol.dispose]: () => {
      monitor.disconnect();
      connection.disconnect();
    },
  };
}

/** Holds the lease for that long, and leaves the actor RUNNING for the next. */
function refusesAfter(ms: number): Behaviour {
  return async (...args) => {
    await takes(ms)(...args);
    await refuse('ABORTED', 'not now')(...args);
  };
}

describe('lease_wait', () => {
  it('serves 100 callers of three replicas in the order of their arrival, whoever of them leaves', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await using c = await replica('replica-c');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
    runtime.default('checkpoint', refusesAfter(20));
    await leaveLease('somebody', 60_000);
    using history = await watchLease();

    let served = 0;
    const callers = Array.from({ length: 100 }, (_, index) => {
      const leaving = new AbortController();
      const { client } = [a, b, c][index % 3] ?? a;
      const stream = client.suspend({ actor, options: waits(50) }, { signal: leaving.signal });
      return { leaving, workflowId: '', ended: readToEnd(stream, ({ started }) => (served += started ? 1 : 0)) };
    });
    await expect.poll(inLine).toBe(100);
    const leavers = [...callers].sort(() => Math.random() - 0.5).slice(0, 10);
    for (const { leaving } of leavers.slice(0, 5)) leaving.abort();
    await expect.poll(inLine).toBe(95);
    // As a holder releases: the first of the line is woken.
    await a.client.forceRelease(actor, 'its holder is gone');
    await expect.poll(() => served, { interval: 5, timeout: 10_000 }).toBeGreaterThan(20);
    for (const { leaving } of leavers.slice(5)) leaving.abort();

    const endings = await Promise.all(callers.map(({ ended }) => ended));
    const count = (reason: string): number => endings.filter(({ error }) => error?.reason === reason).length;
    // Some of the second five had been served before they left.
    expect(count('RUNTIME_FAILED') + count('CANCELLED')).toBe(100);
    expect(count('RUNTIME_FAILED')).toBeGreaterThanOrEqual(90);
    const granted = history.grants.map(({ workflowId }) => workflowId);
    expect(granted.length).toBeGreaterThanOrEqual(90);
    expect(granted).toEqual(history.arrivals.filter((id) => granted.includes(id)));
    const gapsMs = history.gapsMs();
    expect(Math.max(...gapsMs)).toBeLessThan(100);
    expect(await inLine()).toBe(0);
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RUNNING', lease: null });
    expect(runtime.violations).toEqual([]);
  });

  it('passes over a waiter whose replica has died', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    await leaveLease('somebody', 200);
    const [queue, waiters] = keys.leaseQueue('ns/a');
    await redis.zadd(queue, 1, 'the dead');
    await redis.hset(waiters, 'the dead', `${String((Date.now() + 1000) * 1000)} ${keys.wakeChannel('nobody')}`);
    const startedAtMs = performance.now();
    const { error } = await readToEnd(a.client.resume({ actor, options: waits(30) }));
    expect(error).toBeUndefined();
    expect(performance.now() - startedAtMs).toBeGreaterThan(900);
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
    expect(await redis.exists(queue, waiters)).toBe(0);
  });

  it('notices at its TTL that a holder has died', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    using history = await watchLease();
    const leftAtMs = Date.now();
    await leaveLease('somebody', 800);
    expect((await readToEnd(a.client.resume({ actor, options: waits(30) }))).error).toBeUndefined();
    const waitedMs = (history.grants[0]?.atMs ?? Infinity) - leftAtMs;
    expect(waitedMs).toBeGreaterThanOrEqual(800);
    expect(waitedMs).toBeLessThan(900);
  });

  it.each([
    ['the wait is over', 0.4, {}],
    ['its caller would', 30, { timeoutMs: 450 }],
  ])('gives up as LEASE_HELD when %s, and leaves the line', async (_, seconds, callOptions) => {
    await using a = await replica('replica-a');
    await a.client.createActor({ actor });
    await leaveLease('somebody', 60_000);
    const startedAtMs = performance.now();
    const options = { lease_wait: { seconds: Math.floor(seconds), nanos: (seconds % 1) * 1e9 } };
    const { error, events } = await readToEnd(a.client.resume({ actor, options }, callOptions));
    expect(error).toMatchObject({ reason: 'LEASE_HELD', metadata: { holder: 'somebody', kind: 'SUSPEND' } });
    expect(performance.now() - startedAtMs).toBeGreaterThan(350);
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    expect(events).toEqual([]);
    await expect.poll(inLine).toBe(0);
  });

  it('ends as CANCELLED when its caller leaves, and as DRAINING when its replica does', async () => {
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await a.client.createActor({ actor });
    await leaveLease('somebody', 60_000);
    const caller = new AbortController();
    const left = readToEnd(a.client.resume({ actor, options: waits(30) }, { signal: caller.signal }));
    const drained = readToEnd(b.client.resume({ actor, options: waits(30) }));
    await expect.poll(inLine).toBe(2);
    caller.abort();
    expect((await left).error).toMatchObject({ reason: 'CANCELLED' });
    await expect.poll(inLine).toBe(1);
    await b.close();
    expect((await drained).error).toMatchObject({ reason: 'DRAINING' });
    expect(await inLine()).toBe(0);
  });

  it('goes on within 50 ms when the holder is shut down', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await addWorkers(b, runtime);
    await b.client.createActor({ actor });
    runtime.next('restore', hang);
    using history = await watchLease();
    const held = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const waiting = readToEnd(b.client.resume({ actor, options: waits(30) }));
    await expect.poll(inLine).toBe(1);
    await a.close();
    expect((await held).error).toMatchObject({ reason: 'DRAINING' });
    expect((await waiting).error).toBeUndefined();
    expect(history.grants).toHaveLength(2);
    expect(history.gapsMs()[0]).toBeLessThan(50);
  });

  it('passes its turn on where it finds nothing to do', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', takes(300));
    using history = await watchLease();
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const idle = readToEnd(b.client.resume({ actor, options: waits(30) }));
    await expect.poll(inLine).toBe(1);
    const last = readToEnd(a.client.suspend({ actor, options: waits(30) }));
    await expect.poll(inLine).toBe(2);
    expect(await endings(first, idle, last)).toEqual(['OK', 'OK', 'OK']);
    expect((await idle).events[0]?.started?.lease).toBeNull();
    expect(history.grants).toHaveLength(2);
    expect(history.gapsMs()[0]).toBeLessThan(100);
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED' });
  });

  it('keeps no place for one that joins', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    runtime.next('restore', takes(300));
    using history = await watchLease();
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const joined = readToEnd(b.client.resume({ actor, options: { ...waits(30), join: true } }));
    await expect.poll(() => history.arrivals.length).toBe(1);
    await expect.poll(inLine).toBe(0);
    const last = readToEnd(a.client.suspend({ actor, options: waits(30) }));
    expect(await endings(first, joined, last)).toEqual(['OK', 'OK', 'OK']);
    expect(history.gapsMs()[0]).toBeLessThan(100);
  });
});

/** The reasons, in order; OK where there is none. */
async function endings(...streams: Promise<Ending>[]): Promise<string[]> {
  return (await Promise.all(streams)).map(({ error }) => error?.reason ?? 'OK');
}

describe('a replica restarted under its instance id', () => {
  it('takes back at once the leases of its former life', async () => {
    await using runtime = await startFakeNodeRuntime();
    await leaveLease('replica-a', 60_000);
    await using a = await replica('replica-a');
    await addWorkers(a, runtime);
    await a.client.createActor({ actor });
    const startedAtMs = performance.now();
    expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
    expect(performance.now() - startedAtMs).toBeLessThan(500);
  });

  it('lets those go first that have waited for them', async () => {
    await using runtime = await startFakeNodeRuntime();
    await leaveLease('replica-a', 60_000);
    await using b = await replica('replica-b');
    await addWorkers(b, runtime);
    await b.client.createActor({ actor });
    const first = readToEnd(b.client.suspend({ actor, options: waits(30) }));
    await expect.poll(inLine).toBe(1);
    await using a = await replica('replica-a');
    using history = await watchLease();
    const second = readToEnd(a.client.resume({ actor, options: waits(30) }));
    await expect.poll(() => history.grants.length, { timeout: 800 }).toBe(2);
    expect(await endings(first, second)).toEqual(['OK', 'OK']);
    const order = [(await first).events[0]?.workflow_id, (await second).events[0]?.workflow_id];
    expect(history.grants.map(({ workflowId }) => workflowId)).toEqual(order);
  });
});

describe('worker_wait', () => {
  const worker_wait = { seconds: 60 };
  const waiting = (): Promise<number> => redis.zcard(keys.pool('default')[7]);

  /** Resumes every actor, lets it run, and suspends it, all at once. @returns how long that took, in milliseconds */
  async function runAll(clients: readonly TestCoordinator['client'][], names: readonly string[], runMs: number) {
    const startedAtMs = performance.now();
    const reasons = await Promise.all(
      names.map(async (name, index) => {
        const client = clients[index % clients.length];
        if (client === undefined) throw new Error('no replica');
        const resumed = await readToEnd(client.resume({ actor: ref(name), worker_wait }));
        await new Promise((resolve) => setTimeout(resolve, runMs));
        const suspended = await readToEnd(client.suspend({ actor: ref(name) }));
        return [resumed.error?.reason, suspended.error?.reason];
      }),
    );
    expect(reasons).toEqual(names.map(() => [undefined, undefined]));
    return performance.now() - startedAtMs;
  }

  it('serves 300 actors on 20 workers within half again of the time that their runs and workflows take', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    const names = Array.from({ length: 300 }, (_, index) => `a${String(index)}`);
    await Promise.all(names.map((name) => a.client.createActor({ actor: ref(name) })));
    await addWorkers(a, runtime, 300);
    // What the workflows alone cost on this machine, with a worker for each, so that nobody waits, and runs of no time.
    const workflowsMs = await runAll([a.client, b.client], names, 0);
    for (let i = 20; i < 300; i += 1) {
      await a.client.deregisterWorker({ pool: 'default', name: `w${String(i)}` }, false);
    }
    const tookMs = await runAll([a.client, b.client], names, 50);
    expect(tookMs).toBeLessThan(1.5 * ((300 / 20) * 50 + workflowsMs));
    expect(runtime.violations).toEqual([]);
    expect(await waiting()).toBe(0);
    expect(await redis.zcard(keys.pool('default')[2])).toBe(20);
  });

  it('serves those that wait on several replicas in the order of their arrival', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    const names = Array.from({ length: 20 }, (_, index) => `a${String(index)}`);
    await addWorkers(a, runtime);
    for (const name of ['first', ...names]) await a.client.createActor({ actor: ref(name) });
    expect(await endings(readToEnd(a.client.resume({ actor: ref('first') })))).toEqual(['OK']);
    const ended: Promise<Ending>[] = [];
    for (const [index, name] of names.entries()) {
      const { client } = index % 2 === 0 ? a : b;
      const resumed = readToEnd(client.resume({ actor: ref(name), worker_wait }));
      ended.push(resumed.then(() => readToEnd(client.suspend({ actor: ref(name) }))));
      await expect.poll(waiting, { interval: 2 }).toBe(index + 1);
    }
    const leftAtMs = performance.now();
    ended.push(readToEnd(a.client.suspend({ actor: ref('first') })));
    expect(new Set(await endings(...ended))).toEqual(new Set(['OK']));
    // Woken each time: those that only ask again would take a second each.
    expect(performance.now() - leftAtMs).toBeLessThan(5000);
    const restored = runtime.calls.filter((call) => call.name === 'restore').map((call) => call.actor);
    expect(restored).toEqual(['ns/first', ...names.map((name) => `ns/${name}`)]);
  });

  it('passes over those that have left, in order or by dying', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await addWorkers(a, runtime);
    for (const name of ['a', 'left', 'b']) await a.client.createActor({ actor: ref(name) });
    await readToEnd(a.client.resume({ actor }));
    await redis.zadd(keys.pool('default')[7], 1, 'ns/dead');
    const untilUs = (Date.now() + 300) * 1000;
    await redis.hset(keys.pool('default')[8], 'ns/dead', `${String(untilUs)} ${keys.wakeChannel('nobody')}`);
    const caller = new AbortController();
    const left = readToEnd(a.client.resume({ actor: ref('left'), worker_wait }, { signal: caller.signal }));
    await expect.poll(waiting).toBe(2);
    const last = readToEnd(a.client.resume({ actor: ref('b'), worker_wait }));
    await expect.poll(waiting).toBe(3);
    caller.abort();
    expect(await endings(left)).toEqual(['CANCELLED']);
    await expect.poll(waiting).toBe(2);
    await expect.poll(() => Date.now() * 1000).toBeGreaterThan(untilUs);
    const freedAtMs = performance.now();
    expect(await endings(readToEnd(a.client.suspend({ actor })), last)).toEqual(['OK', 'OK']);
    expect(performance.now() - freedAtMs).toBeLessThan(500);
    expect(await waiting()).toBe(0);
    expect(await a.client.getActor(ref('left'))).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED', lease: null });
  });

  it('is woken by a worker that is registered', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await using b = await replica('replica-b');
    await addWorkers(a, runtime);
    for (const name of ['a', 'b']) await a.client.createActor({ actor: ref(name) });
    await readToEnd(a.client.resume({ actor }));
    const resumed = readToEnd(b.client.resume({ actor: ref('b'), worker_wait }));
    await expect.poll(waiting).toBe(1);
    const registeredAtMs = performance.now();
    await addWorkers(a, runtime, 2);
    expect(await endings(resumed)).toEqual(['OK']);
    expect(performance.now() - registeredAtMs).toBeLessThan(500);
  });

  it('gives up as NO_FREE_WORKER when the wait is over, and leaves the line and no claim', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('replica-a');
    await addWorkers(a, runtime);
    for (const name of ['a', 'b']) await a.client.createActor({ actor: ref(name) });
    await readToEnd(a.client.resume({ actor }));
    const startedAtMs = performance.now();
    const refused = readToEnd(a.client.resume({ actor: ref('b'), worker_wait: { nanos: 400_000_000 } }));
    expect((await refused).error).toMatchObject({ reason: 'NO_FREE_WORKER', metadata: { pool: 'default' } });
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(400);
    expect(performance.now() - startedAtMs).toBeLessThan(700);
    expect(await waiting()).toBe(0);
    expect(await a.client.getActor(ref('b'))).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED', lease: null });
    expect((await a.client.listWorkers('default')).map((worker) => worker.actor?.name)).toEqual(['a']);
  });
});
