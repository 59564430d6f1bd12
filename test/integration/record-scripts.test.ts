// What the scripts of the record and of the event log owe to others than the
// one that runs them.

import { describe, expect, it } from 'vitest';
import type { WorkflowFailure } from '../../src/actor/actor.js';
import { recordFailure, type Transition } from '../../src/actor/transition.js';
import { newRecord } from '../../src/store/redis/actor-record.js';
import { run, scripts } from '../../src/store/redis/scripts.js';
import { LONG_MS, RedisStores, TEST_ACTOR, type Granted } from '../redis-stores.js';

function failed({ actor }: Granted, workflowId: string): Transition {
  const failure: WorkflowFailure = { workflowId, step: 's', reason: 'INTERNAL', message: 'm', timeMs: 1 };
  return recordFailure(actor, failure);
}

describe('a write of a record', () => {
  it('of another workflow is another one, though it has the same name', async () => {
    using stores = await RedisStores.open();
    const first = await stores.granted('w1');
    await stores.workflows.transition(TEST_ACTOR, first.lease, 'w1', failed(first, 'w1'), true);
    const second = await stores.granted('w2');
    const written = await stores.workflows.transition(TEST_ACTOR, second.lease, 'w2', failed(second, 'w2'), true);
    expect(written).toMatchObject({ version: 3, lastFailure: { workflowId: 'w2' } });
  });

  it('that is repeated releases no lease of another workflow', async () => {
    using stores = await RedisStores.open();
    const first = await stores.granted('w1');
    const write = () => stores.workflows.transition(TEST_ACTOR, first.lease, 'w1', failed(first, 'w1'), true);
    await write();
    const second = await stores.granted('w2');
    expect(await write()).toMatchObject({ version: 2 });
    expect(await stores.redis.get(stores.keys.lease('ns/a'))).toBe(second.lease.value);
  });

  it('that releases the lease wakes whoever is first in the queue', async () => {
    using stores = await RedisStores.open();
    const first = await stores.granted('w1');
    await stores.acquire('w2', { waitMs: LONG_MS });
    const write = (release: boolean) =>
      stores.workflows.transition(TEST_ACTOR, first.lease, 'w1', failed(first, 'w1'), release);
    await write(false);
    expect(await stores.redis.get(stores.keys.lease('ns/a'))).toBe(first.lease.value);
    await write(true);
    await expect.poll(() => stores.woken).toEqual(['w2']);
  });
});

describe('actors', () => {
  it('that are deleted wake whoever waits for them', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1');
    await stores.acquire('w2', { waitMs: LONG_MS });
    await stores.actors.delete(TEST_ACTOR, lease);
    await expect.poll(() => stores.woken).toEqual(['w2']);
    expect(await stores.acquire('w2', { waitMs: LONG_MS })).toEqual({ type: 'not_found' });
  });

  it('are not created by a write that comes too late: their entry in the index may be gone by then', async () => {
    using stores = await RedisStores.open();
    const ref = { namespace: 'ns', name: 'b' };
    const record = newRecord({ ref, spec: { command: [], env: {}, image: '' }, pool: 'p' });
    const write = (notAfterUs: number) =>
      run(stores.redis, scripts.createActor, [stores.keys.actor(ref)], [notAfterUs, ...record]);
    expect(await write((Date.now() - 1) * 1000)).toEqual(['late']);
    expect(await stores.redis.exists(stores.keys.actor(ref))).toBe(0);
    expect((await write((Date.now() + 60_000) * 1000))[0]).toBe('created');
  });
});

describe('the index of a namespace', () => {
  it('keeps an entry that was made anew when the old one is removed', async () => {
    using stores = await RedisStores.open();
    const index = stores.keys.index('ns');
    const stamp = (await stores.redis.hget(index[1], 'a')) ?? '';
    const remove = () => run(stores.redis, scripts.unindexActor, index, ['a', stamp, 0]);
    await run(stores.redis, scripts.indexActor, index, ['a']);
    expect(await remove()).toEqual(['kept']);
    await stores.redis.hset(index[1], 'a', stamp);
    expect(await remove()).toEqual(['removed']);
    expect(await stores.redis.exists(...index)).toBe(0);
  });

  it('is read on past hundreds of entries whose actors are gone, so that no page is empty before the last', async () => {
    using stores = await RedisStores.open();
    const [names] = stores.keys.index('ns');
    // They come before it in the order of names.
    await stores.redis.zadd(names, ...Array.from({ length: 250 }, (_, index) => [0, `0-${String(index)}`]).flat());
    const page = await stores.actors.list('ns', 10, '', () => true);
    expect(page.items.map(({ ref }) => ref.name)).toEqual(['a']);
    expect(page.nextAfter).toBeUndefined();
  });
});

describe('an event log', () => {
  const event = { sequence: 1, text: 'it began' };

  it('wakes those that follow', async () => {
    using stores = await RedisStores.open();
    const append = { actor: TEST_ACTOR, workflowId: 'w1', fencingToken: 1, step: '', events: [event] };
    await stores.eventLog.append(append);
    await expect.poll(() => stores.woken).toEqual(['w1']);
  });

  it('does not take a deletion for a workflow that will tell something', async () => {
    using stores = await RedisStores.open();
    const { lease } = await stores.granted('w1', { kind: 'DELETE' });
    expect(await stores.eventLog.read(TEST_ACTOR, 0, '')).toMatchObject({ leasedTo: '' });
    await stores.leases.release(lease);
    await stores.granted('w2', { kind: 'SUSPEND' });
    expect(await stores.eventLog.read(TEST_ACTOR, 0, '')).toMatchObject({ leasedTo: 'w2' });
  });
});
