// A Cluster moves the slots of an actor and of its pool to another master while
// workflows run and callers call: by hand, key by key, so that each stage lasts.
// What is on the way is asked for at its new place (ASK); a script whose keys are
// at both is refused for the moment (TRYAGAIN); afterwards everybody is sent on
// (MOVED). A renewal that is refused is a failed one, and a renew deadline rides
// it out like any other.

import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActorRef } from '../../src/actor/actor.js';
import { connect } from '../../src/store/redis/connect.js';
import { Keys } from '../../src/store/redis/keys.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';
import { comesToRest, expectIntact } from '../aftermath.js';
import { readToEnd } from '../coordinator.js';
import { startRestores, startWorld, type World } from '../failover.js';
import { startClusterDeployment, type ClusterDeployment } from '../redis-cluster.js';
import { hasServer, LOOPBACK, until } from '../redis-node.js';
import { uniquePrefix } from '../redis.js';

const POOL = 'p';
const ref = (name: string): ActorRef => ({ namespace: 'ns', name });

describe.skipIf(!hasServer())('a slot that moves to another master', () => {
  const prefix = uniquePrefix();
  const keys = new Keys(prefix);
  let redis: ClusterDeployment;
  let world: World;
  let client: Cluster;

  beforeAll(async () => {
    redis = await startClusterDeployment();
    world = await startWorld(redis.url, { pool: POOL, prefix });
    client = new Cluster(redis.nodes.map(({ host, port }) => ({ host, port })));
  }, 60_000);
  afterAll(async () => {
    client.disconnect();
    await world[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  /** Begins to move the slot of a key; `some`, `all` and `end` go on with it. */
  async function beginToMove(key: string) {
    const slot = await redis.slotOf(key);
    const from = await redis.ownerOf(key);
    const to = await redis.otherThan(from);
    await to.client.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id);
    await from.client.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id);
    const keysThere = async (): Promise<string[]> =>
      (await from.client.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')) as string[];
    const moveKeys = async (some: readonly string[]): Promise<void> => {
      for (const each of some) {
        await from.client.call('MIGRATE', LOOPBACK, String(to.port), each, '0', '1000');
      }
    };
    return {
      from,
      to,
      keysThere,
      some: moveKeys,
      async all() {
        // New ones are written to the other master, so the rest gets less.
        await until('every key is moved', async () => {
          await moveKeys(await keysThere());
          return (await keysThere()).length === 0;
        });
      },
      async end() {
        for (const node of [to, from, ...redis.nodes.filter((each) => each !== to && each !== from)]) {
          // A replica hears it from its master.
          await node.client.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id).catch(() => undefined);
        }
        await until('the slot is there', async () => (await redis.ownerOf(key)) === to);
      },
    };
  }

  const around = () => ({
    redis: client,
    keys,
    client: world.replicas.quick.client,
    runtime: world.runtime,
    pool: POOL,
  });

  it("is the actor's: its workflow goes on or ends cleanly, and the next calls work", async () => {
    const kinds = ['strict', 'patient', 'quick'] as const;
    const { restoring, finish } = await startRestores(
      world,
      kinds.map((kind) => ({ kind, actor: ref(kind) })),
    );
    const { client: caller } = world.replicas.quick;
    const refused = { reason: 'STORE_UNAVAILABLE', message: expect.stringMatching(/TRYAGAIN|ASK|MOVED/) as string };
    for (const { actor, kind, ending, ...each } of restoring) {
      const move = await beginToMove(keys.actor(actor));
      // A script that names a key which is not there might miss one that is elsewhere: it is refused all the while.
      expect((await readToEnd(caller.suspend({ actor }))).error).toMatchObject(refused);
      await move.some([keys.actor(actor)]);
      expect((await readToEnd(caller.suspend({ actor }))).error).toMatchObject(refused);
      if (kind === 'strict') expect((await ending).error).toMatchObject({ reason: 'LEASE_LOST' });
      await move.all();
      expect((await readToEnd(caller.suspend({ actor }))).error).toMatchObject(refused);
      await move.end();
      if (kind !== 'strict') {
        expect((await readToEnd(caller.suspend({ actor }))).error).toMatchObject({ reason: 'LEASE_HELD' });
      }
      await each.renewed();
    }
    finish();
    for (const { kind, ending } of restoring) {
      if (kind !== 'strict') expect((await ending).error).toBeUndefined();
    }
    for (const { actor } of restoring) {
      await comesToRest(around(), actor, performance.now() + 10_000);
      await expectIntact(around(), actor, 'RUNNING');
      expect((await readToEnd(caller.suspend({ actor }))).error).toBeUndefined();
    }
  });

  it("is the actor's: one that is created meanwhile is created at the new place", async () => {
    const actor = ref('created-meanwhile');
    const { client: caller } = world.replicas.quick;
    const move = await beginToMove(keys.actor(actor));
    await caller.createActor({ actor, pool: POOL });
    expect(await move.keysThere()).toEqual([]);
    await move.end();
    expect(await caller.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED' });
    expect((await readToEnd(caller.resume({ actor }))).error).toBeUndefined();
    await expectIntact(around(), actor, 'RUNNING');
  });

  it("is the pool's: no worker is claimed twice or lost, and calls work as soon as it is there", async () => {
    const actors = Array.from({ length: 6 }, (_, i) => ref(`claims-${String(i)}`));
    const { client: caller } = world.replicas.quick;
    for (const actor of actors) await caller.createActor({ actor, pool: POOL });
    const move = await beginToMove(keys.pool(POOL)[0]);
    const resumed = Promise.all(
      actors.map(async (actor) => {
        const reasons = new Set<string>();
        for (;;) {
          const { error } = await readToEnd(caller.resume({ actor }));
          if (error === undefined) return [...reasons];
          reasons.add(error.reason);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
    );
    await move.some((await move.keysThere()).slice(0, 3));
    expect((await readToEnd(caller.resume({ actor: ref('claims-0') }))).error).toBeDefined();
    await move.all();
    await move.end();
    for (const reasons of await resumed) expect(reasons.filter((reason) => reason !== 'STORE_UNAVAILABLE')).toEqual([]);
    for (const actor of actors) await expectIntact(around(), actor, 'RUNNING');
  });

  it('and whose new master does not answer costs a command, and not the process', async () => {
    const key = keys.actor(ref('unanswered'));
    const stranger = connect(parseRedisUrl(redis.url), 'stranger', 300);
    await new Promise((resolve) => stranger.once('ready', resolve));
    const move = await beginToMove(key);
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): number => rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      move.to.pause();
      // ioredis says that it asks, and then asks: nobody waits for the answer to the first.
      await expect(stranger.get(key)).rejects.toThrow(/timed out|closed/);
      // The process hears of what nobody has handled once its microtasks are done.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', onRejection);
      move.to.resume();
      stranger.disconnect();
    }
    expect(rejections).toEqual([]);
    await move.end();
  });
});
