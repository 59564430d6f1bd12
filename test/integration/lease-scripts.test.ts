// What the scripts of the lease and of the queue for it owe to others than the
// one that runs them.

import { describe, expect, it } from 'vitest';
import { LONG_MS, RedisStores, TEST_ACTOR } from '../redis-stores.js';

describe('a lease', () => {
  it('holds off another replica, whatever life that is in', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1');
    const others = { holder: 'replica-b', life: 'life-2' };
    expect(await stores.acquire('w2', others)).toMatchObject({ type: 'held', by: { workflowId: 'w1' } });
    expect(await stores.redis.get(stores.keys.lease('ns/a'))).toBe(lease.value);
  });

  it('has a greater token than the one before also where the clock of Redis was set back meanwhile', async () => {
    using stores = await RedisStores.open();
    await stores.redis.hset(stores.keys.actor(TEST_ACTOR), 'fencing_token', '8000000000000000');
    for (const token of [8_000_000_000_000_001, 8_000_000_000_000_002]) {
      const { lease } = await stores.granted('w');
      expect(lease.fencingToken).toBe(token);
      await stores.leases.release(lease);
    }
  });

  it('on no actor has one holder at a time, and tokens that rise', async () => {
    using stores = await RedisStores.open();
    const request = { resource: '_work', workflowId: 'w', holder: 'replica-a', acquireTimeMs: 5, ttlMs: 30_000 };
    const take = (life: string) => stores.leases.acquire({ ...request, life });
    const first = await take('life-1');
    expect(first?.fencingToken).toBeGreaterThan((Date.now() - 60_000) * 1000);
    expect(await take('life-2')).toBeUndefined();
    for (const token of [8_000_000_000_000_000, 8_000_000_000_000_001]) {
      await stores.redis.del(stores.keys.lease('_work'));
      await stores.redis.set(stores.keys.plainToken('_work'), String(token));
      expect((await take('life-2'))?.fencingToken).toBe(token + 1);
    }
  });

  it('that was broken tells its holder why, and nobody else that it was', async () => {
    using stores = await RedisStores.open();
    const { lease: broken } = await stores.granted('w1');
    await stores.actors.forceRelease(TEST_ACTOR, 'it hangs');
    const { lease: lost } = await stores.granted('w2');
    await stores.redis.del(stores.keys.lease('ns/a'));
    const renewals = [broken, lost].map((lease) => ({ ...lease, ttlMs: 1000, notAfterUs: Number.MAX_SAFE_INTEGER }));
    expect(await stores.leases.renew(renewals)).toEqual([{ type: 'broken', reason: 'it hangs' }, { type: 'lost' }]);
  });
});

describe('the queue for a lease', () => {
  it('is left by whoever gives up, so that the next need not wait for anything', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1');
    for (const id of ['w2', 'w3']) await stores.acquire(id, { waitMs: LONG_MS });
    await stores.leases.release(lease);
    await expect.poll(() => stores.woken).toEqual(['w2']);
    await stores.workflows.leaveLeaseQueue(TEST_ACTOR, 'w2');
    await expect.poll(() => stores.woken).toEqual(['w2', 'w3']);
    await stores.granted('w3', { waitMs: LONG_MS });
    expect(await stores.redis.exists(...stores.keys.leaseQueue('ns/a'))).toBe(0);
  });

  it('is left by whoever is granted the lease, so that nobody waits for its turn', async () => {
    using stores = await RedisStores.open();
    const first = await stores.granted('w1');
    await stores.acquire('w2', { waitMs: LONG_MS });
    await stores.leases.release(first.lease);
    const second = await stores.granted('w2', { waitMs: LONG_MS });
    await stores.redis.del(stores.keys.lease('ns/a'));
    expect(second.lease.fencingToken).toBeGreaterThan(first.lease.fencingToken);
    await stores.granted('w3');
  });

  it('keeps the place of one that asks again', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1');
    for (const id of ['w2', 'w3', 'w2']) await stores.acquire(id, { waitMs: LONG_MS });
    await stores.leases.release(lease);
    expect(await stores.acquire('w3', { waitMs: LONG_MS })).toEqual({ type: 'queued', inFront: 1 });
    await stores.granted('w2', { waitMs: LONG_MS });
  });

  it('is told when a replica takes back a lease of its former life, and served before that', async () => {
    using stores = await RedisStores.open();
    await stores.granted('w1', { life: 'life-1' });
    await stores.acquire('w2', { holder: 'replica-b', waitMs: LONG_MS });
    expect(await stores.acquire('w3', { life: 'life-2' })).toEqual({ type: 'queued', inFront: 1 });
    await expect.poll(() => stores.woken).toEqual(['w2']);
    await stores.granted('w2', { holder: 'replica-b', waitMs: LONG_MS });
  });

  it('is passed on by a waiter that finds nothing to do', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1');
    for (const id of ['w2', 'w3']) await stores.acquire(id, { waitMs: LONG_MS });
    await stores.leases.release(lease);
    await expect.poll(() => stores.woken).toEqual(['w2']);
    await stores.redis.hset(stores.keys.actor(TEST_ACTOR), 'state', 'RUNNING');
    expect(await stores.acquire('w2', { waitMs: LONG_MS, idleState: 'RUNNING' })).toMatchObject({ type: 'idle' });
    await expect.poll(() => stores.woken).toEqual(['w2', 'w3']);
  });

  it('is overtaken by a deletion by force', async () => {
    using stores = await RedisStores.open();
    await stores.granted('w1');
    await stores.acquire('w2', { waitMs: LONG_MS });
    await stores.actors.forceRelease(TEST_ACTOR, 'deleted');
    await expect.poll(() => stores.woken).toEqual(['w2']);
    expect(await stores.acquire('w3')).toEqual({ type: 'queued', inFront: 1 });
    await stores.granted('w4', { overtakes: true });
  });

  it('ends by itself when nobody asks any more', async () => {
    using stores = await RedisStores.open();
    await stores.granted('w1');
    await stores.acquire('w2', { waitMs: 20 });
    const keys = stores.keys.leaseQueue('ns/a');
    expect(await stores.redis.exists(...keys)).toBe(2);
    await expect.poll(() => stores.redis.exists(...keys), { interval: 10 }).toBe(0);
  });
});
