// Kill -9 of those that others rely on: whoever is next in a queue, the replica
// that reconciles, also in the middle of a recovery, and one with 200 actors.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { formatRef, type ActorRef } from '../../src/actor/actor.js';
import { Keys } from '../../src/store/redis/keys.js';
import { comesToRest, expectIntact, type Surroundings } from '../aftermath.js';
import { readToEnd } from '../coordinator.js';
import {
  hang,
  startFakeNodeRuntime,
  succeed,
  takes,
  type Behaviour,
  type FakeNodeRuntime,
} from '../fake-node-runtime.js';
import { startRedisTap, type Cut } from '../redis-tap.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';

const TTL_MS = 1000;
/** Two TTLs are promised; what a busy machine with two cores adds to them. */
const REST_WITHIN_MS = 2 * TTL_MS + 500;
/** A waiter is believed to be there for 3 s after it last asked, and those behind it ask every second. */
const PASSED_OVER_WITHIN_MS = 3000 + 1000 + 500;
const MAX_RECOVERIES = 16;
const POOL = 'default';

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

const ref = (name: string): ActorRef => ({ namespace: 'ns', name });
const a = ref('a');
const patiently = { seconds: 30 };

function replica(instanceId: string, redisUrl = inject('redisUrl')): Promise<Replica> {
  return startReplica({ redisUrl, redisKeyPrefix: prefix, instanceId, flags: ['--lease-ttl', `${TTL_MS}ms`] });
}

const around = ({ client }: Replica, runtime: FakeNodeRuntime): Surroundings => ({
  ...{ redis, keys, client, runtime, pool: POOL },
});

async function prepare(
  { client }: Replica,
  runtime: FakeNodeRuntime,
  workers: number,
  actors: readonly ActorRef[],
): Promise<void> {
  const registration = { runtime_address: runtime.address, node: 'n' };
  for (let i = 0; i < workers; i += 1) {
    await client.registerWorker({ ...registration, worker: { pool: POOL, name: `w${i}` } });
  }
  for (const actor of actors) await client.createActor({ actor });
}

/** Resolves once that many wait in a queue. */
async function queueIs(queue: string, length: number): Promise<void> {
  await expect.poll(() => redis.zcard(queue), { timeout: 5000, interval: 5 }).toBe(length);
}

async function reconciles({ log }: Replica): Promise<void> {
  const msg = 'this replica reconciles now';
  await expect.poll(() => log.some((entry) => entry['msg'] === msg), { timeout: 5000 }).toBe(true);
}

async function isKilled(victim: Replica): Promise<number> {
  expect(await victim.exited).toBe('SIGKILL');
  return performance.now();
}

describe('a replica that is killed while it is the next', () => {
  it('in the queue for a lease is passed over', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using victim = await replica('victim');
    await using b = await replica('b');
    await prepare(b, runtime, 1, [a]);
    let finish = (): void => undefined;
    runtime.next('restore', () => new Promise((resolve) => (finish = resolve)));
    const first = readToEnd(b.client.resume({ actor: a }));
    await runtime.nextCall('restore');
    const [queue] = keys.leaseQueue(formatRef(a));
    const next = readToEnd(victim.client.suspend({ actor: a, options: { lease_wait: patiently } }));
    await queueIs(queue, 1);
    const second = readToEnd(b.client.suspend({ actor: a, options: { lease_wait: patiently } }));
    await queueIs(queue, 2);
    victim.signal('SIGKILL');
    const killedAtMs = await isKilled(victim);
    finish();
    expect((await first).error).toBeUndefined();
    expect((await next).error).toBeDefined();
    expect((await second).error).toBeUndefined();
    expect(performance.now() - killedAtMs).toBeLessThan(PASSED_OVER_WITHIN_MS);
    await comesToRest(around(b, runtime), a, performance.now());
    await expectIntact(around(b, runtime), a, 'SUSPENDED');
  });

  it('in the queue for a worker is passed over', async () => {
    const [holder, next, second] = [ref('holder'), ref('next'), ref('second')];
    await using runtime = await startFakeNodeRuntime();
    await using victim = await replica('victim');
    await using b = await replica('b');
    await prepare(b, runtime, 1, [holder, next, second]);
    expect((await readToEnd(b.client.resume({ actor: holder }))).error).toBeUndefined();
    const [, , , , , , , queue] = keys.pool(POOL);
    const killed = readToEnd(victim.client.resume({ actor: next, worker_wait: patiently }));
    await queueIs(queue, 1);
    const served = readToEnd(b.client.resume({ actor: second, worker_wait: patiently }));
    await queueIs(queue, 2);
    victim.signal('SIGKILL');
    const killedAtMs = await isKilled(victim);
    expect((await readToEnd(b.client.suspend({ actor: holder }))).error).toBeUndefined();
    expect((await killed).error).toBeDefined();
    expect((await served).error).toBeUndefined();
    expect(performance.now() - killedAtMs).toBeLessThan(PASSED_OVER_WITHIN_MS);
    await expectIntact(around(b, runtime), second, 'RUNNING');
    await comesToRest(around(b, runtime), next, killedAtMs + REST_WITHIN_MS);
    await expectIntact(around(b, runtime), next, 'SUSPENDED');
  });
});

describe('a replica that is killed while it reconciles', () => {
  it('with a workflow of its own: another one takes over and finishes that', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using victim = await replica('victim');
    await reconciles(victim);
    await using b = await replica('b');
    await prepare(b, runtime, 2, [a]);
    runtime.next('restore', hang);
    void readToEnd(victim.client.resume({ actor: a }));
    await runtime.nextCall('restore');
    victim.signal('SIGKILL');
    const killedAtMs = await isKilled(victim);
    await comesToRest(around(b, runtime), a, killedAtMs + REST_WITHIN_MS);
    await expectIntact(around(b, runtime), a, 'RUNNING');
  });

  it.each<[Cut['side'], string]>([
    ['before', 'begin_recovery'],
    ['after', 'begin_recovery'],
    ['before', 'restore'],
    ['after', 'restore'],
    ['after', 'finish_resume'],
  ])('%s %s of a recovery: another one takes over and recovers', async (side, boundary) => {
    await using runtime = await startFakeNodeRuntime();
    await using tap = await startRedisTap(inject('redisUrl'));
    await using victim = await replica('victim', tap.url);
    await reconciles(victim);
    await using b = await replica('b');
    await prepare(b, runtime, 2, [a]);
    runtime.next('restore', hang);
    const abandoned = readToEnd(b.client.resume({ actor: a }));
    await runtime.nextCall('restore');
    if (boundary === 'restore') {
      runtime.next('restore', (call, signal, report, wire) => {
        if (side === 'after') wire.applyEffect();
        victim.signal('SIGKILL');
        return hang(call, signal, report, wire);
      });
    } else {
      tap.cutAt({ script: 'transition', write: boundary, side }, () => victim.signal('SIGKILL'));
    }
    // As if it had died: what it was doing stays as it is, and nobody holds the lease.
    await redis.del(keys.lease(formatRef(a)));
    expect((await abandoned).error).toMatchObject({ reason: 'LEASE_LOST' });
    const killedAtMs = await isKilled(victim);
    await comesToRest(around(b, runtime), a, killedAtMs + REST_WITHIN_MS);
    await expectIntact(around(b, runtime), a, 'RUNNING');
    expect(await redis.hget(keys.actor(a), 'recovery_attempts')).toBeNull();
  });
});

describe('a replica that is killed with many workflows under way', () => {
  /** Begins to resume all of them on a replica, kills it in the middle of every restore, and makes them take that long from then on. */
  async function abandon(actors: readonly ActorRef[], victim: Replica, runtime: FakeNodeRuntime, thenTakesMs: number) {
    runtime.default('restore', hang);
    for (const actor of actors) void readToEnd(victim.client.resume({ actor }));
    await expect.poll(() => runtime.calls.length, { timeout: 10_000 }).toBe(actors.length);
    victim.signal('SIGKILL');
    const killedAtMs = await isKilled(victim);
    const recovering = { now: 0, most: 0 };
    const behave: Behaviour = async (call, ...rest) => {
      if (!actors.some((actor) => formatRef(actor) === call.actor)) return succeed(call, ...rest);
      recovering.now += 1;
      recovering.most = Math.max(recovering.most, recovering.now);
      try {
        await takes(thenTakesMs)(call, ...rest);
      } finally {
        recovering.now -= 1;
      }
    };
    runtime.default('restore', behave);
    return { killedAtMs, recovering };
  }

  it('leaves 200 actors that are all recovered, a few at a time, and no caller is kept waiting', async () => {
    const actors = Array.from({ length: 200 }, (_, i) => ref(`a${i}`));
    await using runtime = await startFakeNodeRuntime();
    await using victim = await replica('victim');
    await using b = await replica('b');
    await prepare(b, runtime, actors.length + 1, [...actors, a]);
    const { killedAtMs, recovering } = await abandon(actors, victim, runtime, 100);

    const over = new AbortController();
    const slowestMs = (async () => {
      let slowest = 0;
      while (!over.signal.aborted) {
        const startedAtMs = performance.now();
        expect((await readToEnd(b.client.resume({ actor: a }))).error).toBeUndefined();
        slowest = Math.max(slowest, performance.now() - startedAtMs);
        expect((await readToEnd(b.client.suspend({ actor: a }))).error).toBeUndefined();
        await sleep(20);
      }
      return slowest;
    })();
    const allMs = (actors.length / MAX_RECOVERIES) * 100;
    // Each batch costs some round trips besides its restores.
    for (const actor of actors) await comesToRest(around(b, runtime), actor, killedAtMs + REST_WITHIN_MS + 3 * allMs);
    over.abort();
    expect(await slowestMs).toBeLessThan(500);
    expect(recovering.most).toBeLessThanOrEqual(MAX_RECOVERIES);
    expect(recovering.most).toBeGreaterThan(1);
    for (const actor of actors) await expectIntact(around(b, runtime), actor, 'RUNNING');
  });

  it('leaves one that a caller suspends before its recovery has come up, and that stays suspended', async () => {
    const actors = Array.from({ length: MAX_RECOVERIES + 4 }, (_, i) => ref(`a${i}`));
    await using runtime = await startFakeNodeRuntime();
    await using victim = await replica('victim');
    await using b = await replica('b');
    await prepare(b, runtime, actors.length, actors);
    const { killedAtMs, recovering } = await abandon(actors, victim, runtime, 1000);
    await expect.poll(() => recovering.now, { timeout: REST_WITHIN_MS }).toBe(MAX_RECOVERIES);
    const restores = (actor: ActorRef) => runtime.calls.filter((call) => call.actor === formatRef(actor)).length;
    const waiting = actors.filter((actor) => restores(actor) === 1);
    const [suspended] = waiting;
    if (suspended === undefined) throw new Error('every recovery has come up');
    expect((await readToEnd(b.client.suspend({ actor: suspended }))).error).toBeUndefined();
    for (const actor of actors) await comesToRest(around(b, runtime), actor, killedAtMs + REST_WITHIN_MS + 3000);
    await Promise.all(
      actors.map((actor) => expectIntact(around(b, runtime), actor, actor === suspended ? 'SUSPENDED' : 'RUNNING')),
    );
  });
});
