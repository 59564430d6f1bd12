import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Actor, ActorRef } from '../../src/actor/actor.js';
import {
  beginResume,
  beginSuspend,
  finishResume,
  finishSuspend,
  recordFailure,
  rollBackResume,
} from '../../src/actor/transition.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { RedisClaims } from '../../src/store/redis/claims.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { AcquireResult } from '../../src/store/workflow-store.js';
import { uniquePrefix } from '../redis.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => {
  redis.disconnect();
});

const ref: ActorRef = { namespace: 'ns', name: 'a' };
let prefix: string;
let keys: Keys;
let store: RedisWorkflowStore;
let leases: RedisLeaseStore;
let actors: RedisActorRegistry;
let workers: RedisWorkerRegistry;

beforeEach(async () => {
  prefix = uniquePrefix();
  keys = new Keys(prefix);
  store = new RedisWorkflowStore(redis, keys);
  leases = new RedisLeaseStore(redis, keys);
  actors = new RedisActorRegistry(redis, keys);
  workers = new RedisWorkerRegistry(redis, keys);
  await actors.create({ ref, spec: { command: ['run'], env: { A: 'b' }, image: '' }, pool: 'p' });
});

const getActor = async (of: ActorRef): Promise<Actor> => (await actors.look(of)).actor;
const everything = (): boolean => true;

function acquire(
  options: { workflowId?: string; ttlMs?: number; idle?: boolean; life?: string; wait?: boolean } = {},
): Promise<AcquireResult> {
  return store.acquire({
    actor: ref,
    workflowId: options.workflowId ?? 'w1',
    kind: 'RESUME',
    holder: 'replica-a',
    life: options.life ?? 'life-1',
    acquireTimeMs: 5,
    ttlMs: options.ttlMs ?? 30_000,
    ...(options.wait === true && { wait: { channel: 'wake', lifetimeMs: 200 } }),
    ...(options.idle === true && { idleState: 'RUNNING' as const }),
  });
}

async function granted(options: { workflowId?: string; ttlMs?: number; life?: string; wait?: boolean } = {}) {
  const result = await acquire(options);
  if (result.type !== 'granted') throw new Error(`not granted: ${JSON.stringify(result)}`);
  return result;
}

const addWorker = (name: string, node = 'n1', pool = 'p') =>
  workers.register({ ref: { pool, name }, runtimeAddress: `dns:///${name}:1`, node });

const fresh: Actor = {
  ref,
  state: 'RESUMING',
  version: 1,
  spec: { command: [], env: {}, image: '' },
  pool: 'p',
  fencingToken: 0,
  createTimeMs: 0,
  updateTimeMs: 0,
};
const worker = { pool: 'p', name: 'w', node: 'n1', runtimeAddress: 'dns:///w:1' };
const failure = { workflowId: 'w1', step: 's', reason: 'INTERNAL', message: 'm', timeMs: 1 };

describe('acquire', () => {
  it('grants the lease and returns the record in one call', async () => {
    const { actor, lease } = await granted();
    expect(actor).toMatchObject({ ref, state: 'SUSPENDED', version: 1, pool: 'p', fencingToken: lease.fencingToken });
    expect(actor.spec).toEqual({ command: ['run'], env: { A: 'b' }, image: '' });
    expect(await redis.get(keys.lease('ns/a'))).toBe(lease.value);
    expect(await redis.pttl(keys.lease('ns/a'))).toBeGreaterThan(29_000);
    expect(JSON.parse(lease.value)).toEqual({
      workflow_id: 'w1',
      kind: 'RESUME',
      holder: 'replica-a',
      life: 'life-1',
      acquire_time_ms: 5,
      fencing_token: lease.fencingToken,
    });
  });

  it('says who holds the lease and for how much longer', async () => {
    const first = await granted({ ttlMs: 10_000 });
    const second = await acquire({ workflowId: 'w2' });
    expect(second).toMatchObject({
      type: 'held',
      by: { holder: 'replica-a', workflowId: 'w1', kind: 'RESUME', fencingToken: first.lease.fencingToken },
    });
    expect(second.type === 'held' && second.by.expiresInMs).toBeGreaterThan(9000);
  });

  it('says that there is no such actor', async () => {
    const other = {
      actor: { namespace: 'ns', name: 'none' },
      workflowId: 'w',
      kind: 'RESUME',
      holder: 'r',
      ttlMs: 1000,
    };
    expect(await store.acquire(other as never)).toEqual({ type: 'not_found' });
  });

  it('takes no lease where the actor is in the idle state already', async () => {
    await redis.hset(keys.actor(ref), 'state', 'RUNNING');
    expect(await acquire({ idle: true })).toMatchObject({ type: 'idle', actor: { state: 'RUNNING' } });
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
  });

  it('gives each lease a greater token, also when the record has a token from the future', async () => {
    const first = await granted();
    await leases.release(first.lease);
    const second = await granted({ workflowId: 'w2' });
    expect(second.lease.fencingToken).toBeGreaterThan(first.lease.fencingToken);
    await leases.release(second.lease);
    await redis.hset(keys.actor(ref), 'fencing_token', '8000000000000000');
    expect((await granted({ workflowId: 'w3' })).lease.fencingToken).toBe(8_000_000_000_000_001);
  });

  it('gives a token no smaller than the time in µs, so that forgotten ones are not repeated', async () => {
    await redis.hset(keys.actor(ref), 'fencing_token', '0');
    expect((await granted()).lease.fencingToken).toBeGreaterThan((Date.now() - 60_000) * 1000);
  });

  it('gives an expiry to a key that was written by hand, so that the actor is not stuck', async () => {
    await redis.set(keys.lease('ns/a'), 'garbage');
    expect(await acquire({ ttlMs: 5000 })).toMatchObject({ type: 'held', by: { holder: '', expiresInMs: 5000 } });
    expect(await redis.pttl(keys.lease('ns/a'))).toBeGreaterThan(0);
  });
});

describe('renew and release', () => {
  const renewal = (lease: { resource: string; value: string }, notAfterUs = Number.MAX_SAFE_INTEGER) => ({
    ...lease,
    ttlMs: 30_000,
    notAfterUs,
  });

  it('extend and delete only the lease that they were given', async () => {
    const { lease } = await granted({ ttlMs: 1000 });
    expect(await leases.renew([renewal(lease)])).toMatchObject([{ type: 'renewed' }]);
    expect(await redis.pttl(keys.lease('ns/a'))).toBeGreaterThan(29_000);
    await redis.set(keys.lease('ns/a'), 'another', 'PX', 1000);
    expect(await leases.renew([renewal(lease)])).toEqual([{ type: 'lost', current: 'another' }]);
    expect(await leases.release(lease)).toBe(false);
    expect(await redis.pttl(keys.lease('ns/a'))).toBeLessThanOrEqual(1000);
    await redis.set(keys.lease('ns/a'), lease.value);
    expect(await leases.release(lease)).toBe(true);
    expect(await leases.renew([renewal(lease)])).toEqual([{ type: 'lost' }]);
  });

  it('a renewal that comes after its deadline refuses itself and tells the time', async () => {
    const { lease } = await granted({ ttlMs: 1000 });
    const [result] = await leases.renew([renewal(lease, lease.serverTimeUs - 1)]);
    expect(result?.type).toBe('late');
    expect(result?.type === 'late' && result.serverTimeUs).toBeGreaterThanOrEqual(lease.serverTimeUs);
    expect(await redis.pttl(keys.lease('ns/a'))).toBeLessThanOrEqual(1000);
  });

  it('renews many in one pipeline, also right after the script cache was flushed', async () => {
    const { lease } = await granted();
    await redis.script('FLUSH');
    const results = await leases.renew([renewal(lease), renewal({ resource: 'ns/b', value: 'x' }), renewal(lease)]);
    expect(results.map(({ type }) => type)).toEqual(['renewed', 'lost', 'renewed']);
  });
});

describe('the queue for a lease', () => {
  it('is served in order, and a release wakes whoever is first', async () => {
    const listener = redis.duplicate();
    await listener.subscribe('wake');
    const woken: string[] = [];
    listener.on('message', (_channel, id) => woken.push(id));
    const first = await granted();
    expect(await acquire({ workflowId: 'w2', wait: true })).toMatchObject({ type: 'held' });
    expect(await acquire({ workflowId: 'w3', wait: true })).toMatchObject({ type: 'held' });
    await leases.release(first.lease);
    await expect.poll(() => woken).toEqual(['w2']);
    expect(await acquire({ workflowId: 'w4' })).toEqual({ type: 'queued', inFront: 2 });
    expect(await acquire({ workflowId: 'w3', wait: true })).toEqual({ type: 'queued', inFront: 1 });
    const second = await granted({ workflowId: 'w2', wait: true });
    await leases.release(second.lease);
    await expect.poll(() => woken).toEqual(['w2', 'w3']);
    expect(await acquire({ workflowId: 'w3', wait: true })).toMatchObject({ type: 'granted' });
    listener.disconnect();
  });

  it('passes over a waiter that has left, and over one that asks no more', async () => {
    const { lease } = await granted();
    for (const workflowId of ['w2', 'w3', 'w4']) await acquire({ workflowId, wait: true });
    await leases.release(lease);
    await store.leaveLeaseQueue(ref, 'w2');
    expect(await acquire({ workflowId: 'w4', wait: true })).toEqual({ type: 'queued', inFront: 1 });
    // w3 asks no more: after its lifetime it is w4's turn.
    await expect.poll(() => acquire({ workflowId: 'w4', wait: true })).toMatchObject({ type: 'granted' });
  });

  it('does not hold up a replica that was restarted: its own former lease is taken back at once', async () => {
    const first = await granted({ life: 'life-1' });
    const again = await granted({ workflowId: 'w2', life: 'life-2' });
    expect(again.lease.fencingToken).toBeGreaterThan(first.lease.fencingToken);
    expect(await leases.release(first.lease)).toBe(false);
  });

  it('does not take a lease from the life that followed, when Redis reads late what the former one had sent', async () => {
    const { lease } = await granted({ life: 'life-2' });
    expect(await acquire({ workflowId: 'w2', life: 'life-1' })).toMatchObject({
      type: 'held',
      by: { workflowId: 'w1' },
    });
    expect(await redis.get(keys.lease('ns/a'))).toBe(lease.value);
  });

  it('tells the holder of a lease that was broken by force why', async () => {
    const { lease } = await granted();
    expect(await actors.forceRelease(ref, 'it hangs')).toMatchObject({ holder: 'replica-a', workflowId: 'w1' });
    expect(await leases.renew([{ ...lease, ttlMs: 1000, notAfterUs: Number.MAX_SAFE_INTEGER }])).toEqual([
      { type: 'broken', reason: 'it hangs' },
    ]);
    expect(await actors.forceRelease(ref, 'again')).toBeUndefined();
  });
});

describe('a transition', () => {
  it('is written with the version, and can release the lease in the same script', async () => {
    const { actor, lease } = await granted();
    const resuming = await store.transition(ref, lease, 'w1', beginResume(actor, worker), false);
    expect(resuming).toMatchObject({ state: 'RESUMING', version: 2, worker, previousState: 'SUSPENDED' });
    const running = await store.transition(ref, lease, 'w1', finishResume(actor, '127.0.0.1:1'), true);
    expect(running).toMatchObject({ state: 'RUNNING', version: 3, worker, address: '127.0.0.1:1' });
    expect(running.previousState).toBeUndefined();
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
  });

  it('of a workflow that has lost its lease changes nothing', async () => {
    const { actor, lease } = await granted();
    await redis.del(keys.lease('ns/a'));
    const write = store.transition(ref, lease, 'w1', beginResume(actor, worker), false);
    await expect(write).rejects.toMatchObject({ reason: 'LEASE_LOST' });
    const later = await granted({ workflowId: 'w2' });
    const stale = store.transition(ref, lease, 'w1', beginResume(actor, worker), true);
    await expect(stale).rejects.toMatchObject({ reason: 'LEASE_LOST' });
    expect(await redis.get(keys.lease('ns/a'))).toBe(later.lease.value);
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED', version: 1 });
  });

  it('never overwrites a state that came meanwhile', async () => {
    const { lease } = await granted();
    await redis.hset(keys.actor(ref), 'state', 'CRASHED');
    await expect(store.transition(ref, lease, 'w1', finishResume(fresh, ''), true)).rejects.toMatchObject({
      reason: 'INVALID_STATE',
      metadata: { state: 'CRASHED' },
    });
    expect(await redis.get(keys.lease('ns/a'))).toBe(lease.value);
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED', version: 1 });
  });

  it('whose answer was lost is written once, and its repetition succeeds though the lease went with it', async () => {
    const { actor, lease } = await granted();
    await store.transition(ref, lease, 'w1', beginResume(actor, worker), false);
    await store.transition(ref, lease, 'w1', finishResume(fresh, ''), true);
    const again = await store.transition(ref, lease, 'w1', finishResume(fresh, ''), true);
    expect(again).toMatchObject({ state: 'RUNNING', version: 3 });
  });

  it('moves a snapshot from pending to latest and lets go of the worker', async () => {
    const { actor, lease } = await granted();
    await store.transition(ref, lease, 'w1', beginResume(actor, worker), false);
    await store.transition(ref, lease, 'w1', finishResume(fresh, ''), false);
    const snapshot = { uri: 'file:///s', location: 'DURABLE', node: '', workflowId: 'w1', sizeBytes: 0 } as const;
    const suspending = await store.transition(ref, lease, 'w1', beginSuspend(snapshot), false);
    expect(suspending.pendingSnapshot).toEqual(snapshot);
    expect(suspending.latestSnapshot).toBeUndefined();
    const complete = { ...snapshot, sizeBytes: 9, createTimeMs: 5 };
    const suspended = await store.transition(ref, lease, 'w1', finishSuspend(complete), false);
    expect(suspended).toMatchObject({ state: 'SUSPENDED', latestSnapshot: complete });
    expect(suspended.pendingSnapshot).toBeUndefined();
    expect(suspended.worker).toBeUndefined();
  });

  it('that rolls back a Resume returns to the state before and says why', async () => {
    await redis.hset(keys.actor(ref), 'state', 'CRASHED');
    const { actor, lease } = await granted();
    const resuming = await store.transition(ref, lease, 'w1', beginResume(actor, worker), false);
    const back = await store.transition(ref, lease, 'w1', rollBackResume(resuming, failure), false);
    expect(back).toMatchObject({ state: 'CRASHED', lastFailure: failure });
    expect(back.worker).toBeUndefined();
  });

  it('of a deleted actor is refused', async () => {
    const { actor, lease } = await granted();
    await redis.del(keys.actor(ref));
    const write = store.transition(ref, lease, 'w1', recordFailure(actor, failure), true);
    await expect(write).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
  });
});

describe('claims', () => {
  const claim = (name: string, fencingToken: number, preferredNode?: string) =>
    store.claim({
      actor: { namespace: 'ns', name },
      pool: 'p',
      fencingToken,
      ...(preferredNode !== undefined && { preferredNode }),
    });

  it('tell a pool without workers from one without a free worker', async () => {
    await expect(claim('a', 1)).rejects.toMatchObject({ reason: 'NO_MATCHING_POOL' });
    await addWorker('w1');
    await claim('a', 1);
    await expect(claim('b', 1)).rejects.toMatchObject({ reason: 'NO_FREE_WORKER', retryAfterMs: 1000 });
  });

  it('return the worker that the actor holds already, with the newer token', async () => {
    await addWorker('w1');
    await addWorker('w2');
    const first = await claim('a', 5);
    expect(await claim('a', 9)).toEqual(first);
    await expect(claim('a', 8)).rejects.toMatchObject({ reason: 'LEASE_LOST' });
    const { items } = await workers.list('p', 10, '');
    expect(items.filter(({ actor }) => actor !== undefined)).toMatchObject([{ actor: ref, fencingToken: 9 }]);
  });

  it('take the worker that has been free longest, on the preferred node if it has one', async () => {
    await addWorker('w1', 'n1');
    await addWorker('w2', 'n2');
    await addWorker('w3', 'n1');
    expect((await claim('a', 1)).name).toBe('w1');
    await store.free({ namespace: 'ns', name: 'a' }, 'p', 1);
    expect((await claim('b', 1, 'n1')).name).toBe('w3');
    expect((await claim('c', 1, 'n9')).name).toBe('w2');
    expect((await claim('d', 1)).name).toBe('w1');
  });

  it('are freed by the same or a newer token only', async () => {
    await addWorker('w1');
    await claim('a', 5);
    await store.free(ref, 'p', 4);
    await expect(claim('b', 1)).rejects.toMatchObject({ reason: 'NO_FREE_WORKER' });
    await store.free(ref, 'p', 6);
    expect((await claim('b', 1)).name).toBe('w1');
    await store.free(ref, 'p', 6);
    await expect(claim('c', 1)).rejects.toMatchObject({ reason: 'NO_FREE_WORKER' });
  });

  it('give no worker to two of many callers at once', async () => {
    for (let i = 0; i < 50; i += 1) await addWorker(`w${String(i)}`, `n${String(i % 3)}`);
    const results = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => claim(`a${String(i)}`, 1, 'n1')));
    const names = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.name] : []));
    expect(names.length).toBe(50);
    expect(new Set(names).size).toBe(50);
  });
});

describe('workers', () => {
  it('keep their claim and get their new address when they register again', async () => {
    await addWorker('w1', 'n1');
    await store.claim({ actor: ref, pool: 'p', fencingToken: 3 });
    const again = await workers.register({
      ref: { pool: 'p', name: 'w1' },
      runtimeAddress: 'dns:///new:2',
      node: 'n2',
    });
    expect(again).toMatchObject({ actor: ref, fencingToken: 3, node: 'n2' });
    expect(await store.findWorker('p', 'w1')).toMatchObject({ runtimeAddress: 'dns:///new:2', node: 'n2' });
    await store.free(ref, 'p', 3);
    expect((await store.claim({ actor: ref, pool: 'p', fencingToken: 4, preferredNode: 'n2' })).name).toBe('w1');
  });

  it('that are free and move to another node are found there', async () => {
    await addWorker('w0', 'n1');
    await addWorker('w1', 'n1');
    await addWorker('w1', 'n2');
    expect((await store.claim({ actor: ref, pool: 'p', fencingToken: 1, preferredNode: 'n2' })).name).toBe('w1');
    expect(await redis.zcard(keys.pool('p')[3])).toBe(1);
  });

  it('are listed in the order of their names, page by page', async () => {
    for (const name of ['c', 'a', 'e', 'b', 'd']) await addWorker(name);
    const first = await workers.list('p', 2, '');
    expect(first).toMatchObject({ items: [{ ref: { name: 'a' } }, { ref: { name: 'b' } }], nextAfter: 'b' });
    const last = await workers.list('p', 3, 'b');
    expect(last.items.map(({ ref: { name } }) => name)).toEqual(['c', 'd', 'e']);
    expect(last.nextAfter).toBeUndefined();
  });

  it('are taken out of service only when free, unless by force, which marks the actor CRASHED', async () => {
    const target = { pool: 'p', name: 'w1' };
    await expect(workers.deregister(target, false)).rejects.toMatchObject({ reason: 'WORKER_NOT_FOUND' });
    await addWorker('w1');
    await addWorker('w2');
    const { actor, lease } = await granted();
    const claimed = await store.claim({ actor: ref, pool: 'p', fencingToken: lease.fencingToken });
    await store.transition(ref, lease, 'w1', beginResume(actor, claimed), false);
    await store.transition(ref, lease, 'w1', finishResume(fresh, ''), true);
    await expect(workers.deregister(target, false)).rejects.toMatchObject({ reason: 'INVALID_STATE' });
    await workers.deregister(target, true);
    const crashed: Actor = await getActor(ref);
    expect(crashed).toMatchObject({ state: 'CRASHED', version: 4, lastFailure: { reason: 'WORKER_NOT_FOUND' } });
    expect(crashed.worker).toBeUndefined();
    expect((await workers.list('p', 10, '')).items.map(({ ref: { name } }) => name)).toEqual(['w2']);
    expect((await store.claim({ actor: ref, pool: 'p', fencingToken: 9e15 })).name).toBe('w2');
    await workers.deregister({ pool: 'p', name: 'w2' }, true);
    expect(await redis.keys(`${prefix}workers:*`)).toEqual([keys.pool('p')[5]]);
  });
});

describe('a worker that is taken out of service by force', () => {
  it('because it expired stays if it has registered again after all', async () => {
    const target = { pool: 'p', name: 'w1' };
    const register = (ttlMs: number) =>
      workers.register({ ref: target, runtimeAddress: 'dns:///w1:1', node: 'n', ttlMs });
    const expired = async () =>
      (await new RedisClaims(redis, keys).expiredWorkers('p')).map(({ ref: { name } }) => name);
    await register(1);
    await expect.poll(expired).toEqual(['w1']);
    await register(60_000);
    expect(await expired()).toEqual([]);
    await workers.deregister(target, true, true);
    expect((await workers.list('p', 10, '')).items.length).toBe(1);
    await register(1);
    await expect.poll(expired).toEqual(['w1']);
    await workers.deregister(target, true, true);
    expect((await workers.list('p', 10, '')).items).toEqual([]);
  });

  it('ends a Resume that has claimed it and not written that yet', async () => {
    await addWorker('w1');
    const { actor, lease } = await granted();
    const claimed = await store.claim({ actor: ref, pool: 'p', fencingToken: lease.fencingToken });
    await workers.deregister({ pool: 'p', name: 'w1' }, true);
    const late = store.transition(ref, lease, 'w1', beginResume(actor, claimed), false);
    await expect(late).rejects.toMatchObject({ reason: 'LEASE_LOST' });
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED' });
    const [renewed] = await leases.renew([{ ...lease, ttlMs: 1000, notAfterUs: Number.MAX_SAFE_INTEGER }]);
    expect(renewed).toMatchObject({ type: 'broken', reason: 'its worker p/w1 was taken out of service by force' });
  });

  it('ends a Resume that goes on where another was cut off, and has claimed it again', async () => {
    await addWorker('w1');
    const first = await granted();
    const began = await store.claim({ actor: ref, pool: 'p', fencingToken: first.lease.fencingToken });
    await store.transition(ref, first.lease, 'w1', beginResume(first.actor, began), true);
    const { actor, lease } = await granted();
    const claimed = await store.claim({ actor: ref, pool: 'p', fencingToken: lease.fencingToken });
    await workers.deregister({ pool: 'p', name: 'w1' }, true);
    const late = store.transition(ref, lease, 'w2', beginResume(actor, claimed), false);
    await expect(late).rejects.toMatchObject({ reason: 'INVALID_STATE', metadata: { state: 'CRASHED' } });
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED' });
  });

  it('does not crash an actor that has moved to another worker meanwhile', async () => {
    await addWorker('w1');
    const { actor, lease } = await granted();
    const claimed = await store.claim({ actor: ref, pool: 'p', fencingToken: lease.fencingToken });
    await store.transition(ref, lease, 'w1', beginResume(actor, { ...claimed, name: 'elsewhere' }), true);
    await workers.deregister({ pool: 'p', name: 'w1' }, true);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING', worker: { name: 'elsewhere' } });
  });
});

describe('an event log', () => {
  const append = (workflowId: string, fencingToken: number, ...sequences: number[]) =>
    new RedisEventLog(redis, keys).append({
      actor: ref,
      workflowId,
      fencingToken,
      step: 'restore',
      events: sequences.map((sequence) => ({ sequence, text: `${workflowId} ${String(sequence)}` })),
    });
  const readLog = (afterSequence: number, workflowId = '') =>
    new RedisEventLog(redis, keys).read(ref, afterSequence, workflowId);

  it('is that of the newest workflow, and takes nothing from a stale one', async () => {
    await append('w1', 1, 1, 2);
    await append('w2', 2, 1);
    await append('w1', 1, 3);
    expect(await readLog(0)).toEqual({ workflowId: 'w2', leasedTo: '', texts: ['w2 1'], lastText: '' });
  });

  it('is read from a sequence on, also that of the workflow before', async () => {
    await append('w1', 1, 1, 2, 3);
    await append('w2', 2, 1, 2);
    expect((await readLog(1)).texts).toEqual(['w2 2']);
    expect(await readLog(2, 'w1')).toMatchObject({ workflowId: 'w1', texts: ['w1 3'] });
    await append('w3', 3, 1);
    expect(await readLog(0, 'w1')).toMatchObject({ workflowId: 'w3' });
  });

  it('goes with its actor, and ends by itself', async () => {
    await append('w1', 1, 1);
    for (const key of keys.events(ref).slice(0, 2)) expect(await redis.pttl(key)).toBeGreaterThan(3_000_000);
    const { lease } = await granted();
    await actors.delete(ref, lease);
    await expect(readLog(0)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await redis.exists(...keys.events(ref))).toBe(0);
  });
});

describe('actors', () => {
  const create = (name: string) =>
    actors.create({ ref: { namespace: 'ns', name }, spec: { command: [], env: {}, image: 'i' }, pool: 'p' });

  it('are created once', async () => {
    await expect(create('a')).rejects.toMatchObject({ reason: 'ACTOR_ALREADY_EXISTS' });
  });

  it('are listed in the order of their names, and a page is never empty before the last', async () => {
    for (const name of ['c', 'b', 'e', 'd']) await create(name);
    // As a crash between the two writes of a creation or a deletion leaves them.
    for (const name of ['b', 'c', 'd']) await redis.del(keys.actor({ namespace: 'ns', name }));
    const first = await actors.list('ns', 1, '', everything);
    expect(first.items.map(({ ref: { name } }) => name)).toEqual(['a']);
    expect(first.nextAfter).toBe('a');
    const last = await actors.list('ns', 1, 'a', everything);
    expect(last.items.map(({ ref: { name } }) => name)).toEqual(['e']);
    expect(last.nextAfter).toBeUndefined();
  });

  it('whose entry in the index is stale are swept from it, but not while they may be being created', async () => {
    const [names, stamps] = keys.index('ns');
    await redis.zadd(names, 0, 'old', 0, 'new');
    await redis.hset(stamps, { old: String((Date.now() - 61_000) * 1000), new: String(Date.now() * 1000) });
    await actors.list('ns', 10, '', everything);
    expect(await redis.zrange(names, 0, -1)).toEqual(['a', 'new']);
  });

  it('are deleted under their lease only, with a claim that was left and all that was kept of them', async () => {
    const { lease } = await granted();
    await addWorker('w1');
    await store.claim({ actor: ref, pool: 'p', fencingToken: lease.fencingToken });
    await expect(actors.delete(ref, { ...lease, value: 'another' })).rejects.toMatchObject({ reason: 'LEASE_LOST' });
    await actors.delete(ref, lease);
    await expect(getActor(ref)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await actors.list('ns', 10, '', everything)).toEqual({ items: [] });
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
    const other = { namespace: 'ns', name: 'b' };
    expect((await store.claim({ actor: other, pool: 'p', fencingToken: 1 })).name).toBe('w1');
    await expect(actors.delete(ref, lease)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
  });

  it('that are created again while their deletion is under way stay in the index', async () => {
    const [, stamps] = keys.index('ns');
    const stale = await redis.hget(stamps, 'a');
    await redis.del(keys.actor(ref));
    await create('a');
    expect(await redis.hget(stamps, 'a')).not.toBe(stale);
    expect((await actors.list('ns', 10, '', everything)).items.length).toBe(1);
  });
});
