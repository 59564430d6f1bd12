// What the scripts of workers and claims owe to others than the one that runs
// them: to those that wait, and to actors whose worker is taken.

import { describe, expect, it } from 'vitest';
import { beginResume } from '../../src/actor/transition.js';
import { run, scripts } from '../../src/store/redis/scripts.js';
import { LONG_MS, RedisStores, TEST_ACTOR } from '../redis-stores.js';

const noneFree = { reason: 'NO_FREE_WORKER' };

describe('claims', () => {
  it('are made in the order of those that wait, and each wakes the next while there are workers', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.addWorker('w2');
    for (const holder of ['x', 'y']) await stores.claim(holder, 1);
    for (const waiter of ['b', 'c', 'd']) {
      await expect(stores.claim(waiter, 1, LONG_MS)).rejects.toMatchObject(noneFree);
    }
    for (const name of ['x', 'y']) await stores.workflows.free({ namespace: 'ns', name }, 'p', 1);
    await expect.poll(() => stores.woken).toEqual(['ns/b', 'ns/b']);
    // Two are free, and two came before: it is the turn of neither of these.
    await expect(stores.claim('d', 1, LONG_MS)).rejects.toMatchObject(noneFree);
    await expect(stores.claim('e', 1)).rejects.toMatchObject(noneFree);
    expect(await stores.claim('b', 1, LONG_MS)).toBe('w1');
    await expect.poll(() => stores.woken.at(-1)).toBe('ns/c');
    expect(await stores.claim('c', 1, LONG_MS)).toBe('w2');
    expect(await stores.redis.zrange(stores.keys.pool('p')[7], 0, -1)).toEqual(['ns/d']);
  });

  it('pass over those that wait and ask no more', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.claim('x', 1);
    await expect(stores.claim('b', 1, 20)).rejects.toMatchObject(noneFree);
    const claim = () => stores.claim('c', 1, LONG_MS).catch(() => 'none');
    expect(await claim()).toBe('none');
    await stores.workflows.free({ namespace: 'ns', name: 'x' }, 'p', 1);
    await expect.poll(claim, { interval: 5 }).toBe('w1');
  });

  it('that are freed or given up wake whoever waits', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.claim('x', 1);
    for (const waiter of ['b', 'c']) await expect(stores.claim(waiter, 1, LONG_MS)).rejects.toMatchObject(noneFree);
    await stores.workflows.free({ namespace: 'ns', name: 'x' }, 'p', 1);
    await expect.poll(() => stores.woken).toEqual(['ns/b']);
    await stores.workflows.leaveWorkerQueue({ namespace: 'ns', name: 'b' }, 'p');
    await expect.poll(() => stores.woken).toEqual(['ns/b', 'ns/c']);
    expect(await stores.claim('c', 1, LONG_MS)).toBe('w1');
  });
});

describe('workers', () => {
  it('that are new wake whoever waits for one', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.claim('x', 1);
    await expect(stores.claim('b', 1, LONG_MS)).rejects.toMatchObject(noneFree);
    await stores.addWorker('w2');
    await expect.poll(() => stores.woken).toEqual(['ns/b']);
  });

  it('that are registered for ever do not expire any more', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1', 1);
    await stores.addWorker('w2', 1);
    await stores.addWorker('w1');
    const expired = async () => (await stores.claims.expiredWorkers('p')).map(({ ref }) => ref.name);
    await expect.poll(expired).toEqual(['w2']);
  });

  it('are claimed no more once they are out of service', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.addWorker('w2');
    await stores.workers.deregister({ pool: 'p', name: 'w1' }, false);
    expect(await stores.claim('a', 1)).toBe('w2');
    await expect(stores.claim('b', 1)).rejects.toMatchObject(noneFree);
  });

  it('taken out of service by force crash whoever holds them by then, not whom the caller had seen', async () => {
    using stores = await RedisStores.open();
    await stores.addWorker('w1');
    await stores.claim('x', 1);
    const [, , , , holders] = stores.keys.pool('p');
    const seen = (await stores.redis.hget(holders, 'w1')) ?? '';
    await stores.workflows.free({ namespace: 'ns', name: 'x' }, 'p', 1);
    const { actor, lease } = await stores.granted('w');
    const worker = await stores.workflows.claim({ actor: TEST_ACTOR, pool: 'p', fencingToken: lease.fencingToken });
    await stores.workflows.transition(TEST_ACTOR, lease, 'w', beginResume(actor, worker), true);
    const now = await stores.redis.hget(holders, 'w1');
    const reply = await run(stores.redis, scripts.deregisterWorker, stores.keys.pool('p'), ['w1', seen, '']);
    expect(reply).toEqual(['held', now]);
    await stores.workers.deregister({ pool: 'p', name: 'w1' }, true);
    expect((await stores.actors.look(TEST_ACTOR)).actor).toMatchObject({ state: 'CRASHED' });
  });
});
