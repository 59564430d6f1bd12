// The reconciler in the middle of what others do: what it leaves alone, how
// often it tries, how much at once, and what it does when its lease is over.

import { describe, expect, it } from 'vitest';
import type { Actor, ActorRef } from '../../src/actor/actor.js';
import { sleep, systemClock } from '../../src/clock.js';
import type { ActorRegistryStore } from '../../src/store/registry.js';
import type { WorkflowStore } from '../../src/store/workflow-store.js';
import { putRight } from '../../src/workflow/worker-status.js';
import { RedisStores, TEST_ACTOR } from '../redis-stores.js';
import { fail, ScriptedRuntime, type Behave } from '../scripted-runtime.js';
import { abandon, meddle, MovableClock, readAll, WorkflowReplica, type ReplicaOptions } from '../workflow-replica.js';

/** So that a turn comes every 100 ms. */
const TTL_MS = 400;

/** It may have been done, and will not pass by itself. */
const inDoubt = fail('RUNTIME_FAILED', 'who knows', { runtimeCode: 'UNKNOWN', maybeDone: true });

interface Scene extends AsyncDisposable {
  readonly stores: RedisStores;
  readonly runtime: ScriptedRuntime;
  /** Whose workflows are abandoned, and go on. */
  readonly other: WorkflowReplica;
  /** A replica that reconciles until the test ends. */
  reconcile(options?: ReplicaOptions): WorkflowReplica;
  actor(ref?: ActorRef): Promise<Actor>;
  holders(): Promise<(string | undefined)[]>;
}

/** @param hands what the other replica's store does in place of its own methods */
async function setUp(workers = 2, hands: Parameters<typeof meddle<WorkflowStore>>[1] = {}): Promise<Scene> {
  const stores = await RedisStores.open();
  for (let i = 1; i <= workers; i += 1) await stores.addWorker(`w${String(i)}`);
  const runtime = new ScriptedRuntime();
  const other = new WorkflowReplica(stores, runtime, {
    instanceId: 'replica-b',
    store: meddle<WorkflowStore>(stores.workflows, hands),
  });
  const replicas = [other];
  return {
    stores,
    runtime,
    other,
    reconcile(more = {}) {
      const replica = new WorkflowReplica(stores, runtime, { ttlMs: TTL_MS, ...more });
      replicas.push(replica);
      replica.reconcile();
      return replica;
    },
    actor: async (ref = TEST_ACTOR) => (await stores.actors.look(ref)).actor,
    holders: async () => (await stores.workers.list('p', 10, '')).items.map(({ actor }) => actor?.name),
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica[Symbol.asyncDispose]();
      stores[Symbol.dispose]();
    },
  };
}

/** Counts the looks at records, and lets a test change what the nth of them sees. */
function watchLooks(
  { stores }: Scene,
  see: (view: Awaited<ReturnType<ActorRegistryStore['look']>>, nth: number) => unknown = (view) => view,
) {
  let looks = 0;
  const actors = meddle<Pick<ActorRegistryStore, 'look'>>(stores.actors, {
    look:
      (look) =>
      async (...args) => {
        looks += 1;
        const nth = looks;
        const view = await look(...args);
        await see(view, nth);
        return view;
      },
  });
  return { actors, count: () => looks };
}

describe('the reconciler', () => {
  it('acts on what it has seen twice, since a caller may be about to try again itself', async () => {
    await using scene = await setUp();
    await abandon(scene.other, 'restore');
    const looks = watchLooks(scene);
    const acted: number[] = [];
    scene.reconcile({ actors: looks.actors, workflows: { recover: async () => void acted.push(looks.count()) } });
    await expect.poll(() => acted[0]).toBe(2);
  });

  it('begins anew with what somebody has cared for in between', async () => {
    await using scene = await setUp();
    await abandon(scene.other, 'restore');
    const lease = { holder: 'x', workflowId: 'x', kind: 'RESUME', fencingToken: 1, acquireTimeMs: 1, expiresInMs: 9 };
    const looks = watchLooks(scene, (view, nth) => nth === 2 && Object.assign(view, { lease: { ...lease, step: '' } }));
    const acted: number[] = [];
    scene.reconcile({ actors: looks.actors, workflows: { recover: async () => void acted.push(looks.count()) } });
    await expect.poll(() => acted[0]).toBe(4);
  });

  it('looks at nothing once its own lease has expired by the clock, and then begins anew', async () => {
    await using scene = await setUp();
    await abandon(scene.other, 'restore');
    const clock = new MovableClock();
    const looks = watchLooks(scene, (_view, nth) => nth === 1 && clock.jump(TTL_MS));
    const acted: number[] = [];
    const workflows = { recover: async () => void acted.push(looks.count()) };
    scene.reconcile({ clock, actors: looks.actors, workflows });
    await expect.poll(() => acted[0], { timeout: 3000 }).toBe(3);
  });

  it('waits longer before each further attempt', async () => {
    await using scene = await setUp();
    await abandon(scene.other, 'restore');
    const triedAtMs: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      scene.runtime.next('restore', (...args) => {
        triedAtMs.push(performance.now());
        return inDoubt(...args);
      });
    }
    scene.reconcile({ attempts: 4 });
    await expect.poll(() => triedAtMs.length, { timeout: 5000 }).toBe(4);
    const [, second = 0, third = 0, fourth = 0] = triedAtMs;
    expect(third - second).toBeGreaterThan(200);
    expect(fourth - third).toBeGreaterThan(400);
  });

  it.each<['restore' | 'checkpoint' | 'freeze', string[]]>([
    ['restore', ['restore', 'stop']],
    ['checkpoint', ['checkpoint']],
    ['freeze', ['checkpoint']],
  ])('gives up in the end on what was abandoned during a %s and fails each time', async (during, calls) => {
    await using scene = await setUp();
    await abandon(scene.other, during);
    scene.runtime.calls.length = 0;
    for (const name of ['restore', 'checkpoint', 'stop'] as const) {
      scene.runtime.next(name, ...Array.from({ length: 20 }, () => inDoubt));
    }
    const looks = watchLooks(scene);
    scene.reconcile({ attempts: 1, actors: looks.actors });
    await expect.poll(() => scene.runtime.calls.length, { timeout: 5000 }).toBe(calls.length);
    const looked = looks.count();
    await expect.poll(looks.count, { timeout: 5000 }).toBeGreaterThan(looked + 8);
    expect(scene.runtime.calls.map(({ name }) => name)).toEqual(calls);
  });

  it('works on 16 actors at once at most', async () => {
    await using scene = await setUp(30);
    const refs = Array.from({ length: 30 }, (_, index) => ({ namespace: 'ns', name: `b${String(index)}` }));
    for (const ref of refs) {
      await scene.stores.actors.create({ ref, spec: { command: [], env: {}, image: '' }, pool: 'p' });
      await abandon(scene.other, 'restore', ref);
    }
    let atOnce = 0;
    let most = 0;
    const takeAWhile: Behave = async (_call, signal) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await sleep(systemClock, 200, signal);
      atOnce -= 1;
    };
    scene.runtime.next('restore', ...refs.map(() => takeAWhile));
    // Long enough for the leases of all of them on a busy machine.
    scene.reconcile({ ttlMs: 4000 });
    const running = async () =>
      (await Promise.all(refs.map((ref) => scene.actor(ref)))).filter(({ state }) => state === 'RUNNING');
    await expect.poll(async () => (await running()).length, { timeout: 10_000, interval: 200 }).toBe(30);
    expect(most).toBe(16);
  });

  it('keeps a worker that has registered again while its runtime was asked', async () => {
    await using scene = await setUp(0);
    await scene.stores.addWorker('w1', 200);
    await readAll(scene.other.resume());
    let asked = 0;
    const answers = async (): Promise<boolean> => {
      asked += 1;
      await scene.stores.addWorker('w1', 60_000);
      return false;
    };
    const looks = watchLooks(scene);
    scene.reconcile({ answers, actors: looks.actors });
    await expect.poll(() => asked, { timeout: 5000 }).toBe(1);
    const looked = looks.count();
    await expect.poll(looks.count, { timeout: 5000 }).toBeGreaterThan(looked + 2);
    expect(await scene.holders()).toEqual(['a']);
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING' });
  });

  it('lets its lease go when it stops, and waits for what it has begun', async () => {
    await using scene = await setUp();
    await abandon(scene.other, 'restore');
    let begun = false;
    let end = (): void => undefined;
    const recover = (): Promise<void> => {
      begun = true;
      return new Promise((resolve) => (end = resolve));
    };
    const replica = scene.reconcile({ ttlMs: 4000, workflows: { recover } });
    await expect.poll(() => begun, { timeout: 5000 }).toBe(true);
    let stopped = false;
    const stopping = replica.stopReconciling().then(() => (stopped = true));
    const key = scene.stores.keys.lease('_reconciler');
    // Over the connection that a release would be sent on, for long enough to send it.
    for (let i = 0; i < 50; i += 1) await scene.stores.redis.ping();
    expect(await scene.stores.redis.exists(key)).toBe(1);
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(await scene.stores.redis.exists(key)).toBe(0);
  });
});

describe('a claim', () => {
  it('of a workflow under way is left alone, though the record does not name its worker yet', async () => {
    let claimed = false;
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await using scene = await setUp(2, {
      claim:
        (claim) =>
        async (...args) => {
          const worker = await claim(...args);
          claimed = true;
          await held;
          return worker;
        },
    });
    const resumed = readAll(scene.other.resume());
    await expect.poll(() => claimed).toBe(true);
    const looks = watchLooks(scene);
    scene.reconcile({ actors: looks.actors });
    await expect.poll(looks.count, { timeout: 5000 }).toBeGreaterThan(4);
    expect(await scene.holders()).toEqual(['a', undefined]);
    goOn();
    expect((await resumed).error).toBeUndefined();
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING', worker: { name: 'w1' } });
    expect(await scene.holders()).toEqual(['a', undefined]);
  });

  it('that a workflow has made since its actor was looked at is not freed', async () => {
    await using scene = await setUp();
    // As a Resume leaves it that dies before it writes the record.
    await scene.stores.claim('a', 1);
    const looks = watchLooks(scene, async (_view, nth) => {
      if (nth === 2) await readAll(scene.other.resume());
    });
    scene.reconcile({ actors: looks.actors });
    await expect.poll(looks.count).toBeGreaterThan(4);
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING', worker: { name: 'w1' } });
    expect(await scene.holders()).toEqual(['a', undefined]);
  });
});

describe('what a worker says it runs', () => {
  const says = (
    replica: WorkflowReplica,
    actors: Pick<ActorRegistryStore, 'look'>,
    running?: ActorRef,
  ): Promise<void> => {
    const worker = { ref: { pool: 'p', name: 'w1' }, runtimeAddress: 'dns:///w1:1', node: 'n', fencingToken: 1 };
    return putRight({ ...worker, actor: TEST_ACTOR }, running, actors, replica.settings, replica.parts);
  };
  const age = ({ stores }: Scene) => stores.redis.hincrby(stores.keys.actor(TEST_ACTOR), 'update_time_ms', -16_000);

  it('puts a record right that has another actor on it', async () => {
    await using scene = await setUp(1);
    await readAll(scene.other.resume());
    await age(scene);
    await says(scene.other, scene.stores.actors, TEST_ACTOR);
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING' });
    await says(scene.other, scene.stores.actors, { namespace: 'ns', name: 'b' });
    expect(await scene.actor()).toMatchObject({
      state: 'CRASHED',
      lastFailure: { message: 'its worker p/w1 says that it runs ns/b' },
    });
  });

  it('is not held against a record that has changed since it was looked at', async () => {
    await using scene = await setUp(1);
    await readAll(scene.other.resume());
    await age(scene);
    const looks = watchLooks(scene, async () => {
      await readAll(scene.other.suspend());
      await readAll(scene.other.resume());
    });
    await says(scene.other, looks.actors);
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING', worker: { name: 'w1' } });
    expect(await scene.holders()).toEqual(['a']);
  });

  it('frees the worker of an actor that is CRASHED by it only after the record has stopped naming it', async () => {
    const named: (string | undefined)[] = [];
    await using scene = await setUp(1);
    await readAll(scene.other.resume());
    await age(scene);
    const store = meddle<WorkflowStore>(scene.stores.workflows, {
      free:
        (free) =>
        async (...args) => {
          named.push((await scene.actor()).worker?.name);
          await free(...args);
        },
    });
    await using replica = new WorkflowReplica(scene.stores, scene.runtime, { store });
    await says(replica, scene.stores.actors);
    expect(named).toEqual([undefined]);
    expect(await scene.actor()).toMatchObject({ state: 'CRASHED' });
    expect(await scene.holders()).toEqual([undefined]);
  });
});
