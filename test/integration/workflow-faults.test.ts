// Workflows that meet trouble between two of their steps, or within one: on a
// real Redis, through stores that a test has its hands in.

import { describe, expect, it } from 'vitest';
import type { Actor } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import type { WorkflowStore } from '../../src/store/workflow-store.js';
import { Workflows } from '../../src/workflow/workflows.js';
import { RedisStores, TEST_ACTOR } from '../redis-stores.js';
import { breakOff, fail, hang, refuse, ScriptedRuntime } from '../scripted-runtime.js';
import { abandon, meddle, MovableClock, readAll, WorkflowReplica, type ReplicaOptions } from '../workflow-replica.js';

const away = new CoordinatorError('STORE_UNAVAILABLE', 'Redis is away', { maybeDone: true });

interface Scene extends AsyncDisposable {
  readonly stores: RedisStores;
  readonly runtime: ScriptedRuntime;
  readonly replica: WorkflowReplica;
  /** Another replica on the same Redis and runtime. */
  open(options?: ReplicaOptions): WorkflowReplica;
  actor(): Promise<Actor>;
  leaseIsFree(): Promise<boolean>;
  /** Who holds w1, and who w2. */
  holders(): Promise<(string | undefined)[]>;
}

/** @param hands what the first replica's store does in place of its own methods */
async function setUp(
  hands: (scene: Scene) => Parameters<typeof meddle<WorkflowStore>>[1] = () => ({}),
  options: ReplicaOptions = {},
): Promise<Scene> {
  const stores = await RedisStores.open();
  for (const name of ['w1', 'w2']) await stores.addWorker(name);
  const runtime = new ScriptedRuntime();
  const replicas: WorkflowReplica[] = [];
  const open = (more: ReplicaOptions = {}): WorkflowReplica => {
    const replica = new WorkflowReplica(stores, runtime, more);
    replicas.push(replica);
    return replica;
  };
  const scene: Omit<Scene, 'replica'> = {
    stores,
    runtime,
    open,
    actor: async () => (await stores.actors.look(TEST_ACTOR)).actor,
    leaseIsFree: async () => (await stores.redis.exists(stores.keys.lease('ns/a'))) === 0,
    holders: async () => (await stores.workers.list('p', 10, '')).items.map(({ actor }) => actor?.name),
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica[Symbol.asyncDispose]();
      stores[Symbol.dispose]();
    },
  };
  // The hands may want the scene, which has the store that they are in.
  const replica = open({ ...options, store: meddle<WorkflowStore>(stores.workflows, hands(scene as Scene)) });
  return Object.assign(scene, { replica });
}

describe('a worker', () => {
  it.each<[string, (scene: Scene) => Promise<unknown>]>([
    ['Suspend', ({ replica }) => readAll(replica.suspend())],
    ['Pause', ({ replica }) => readAll(replica.pause())],
    [
      'Resume that is rolled back',
      async ({ replica, runtime }) => {
        await readAll(replica.suspend());
        runtime.next('restore', refuse);
        await readAll(replica.resume());
      },
    ],
  ])('is freed by a %s only after the record has stopped naming it', async (_, work) => {
    const named: (string | undefined)[] = [];
    await using scene = await setUp((own) => ({
      free:
        (free) =>
        async (...args) => {
          named.push((await own.actor()).worker?.name);
          await free(...args);
        },
    }));
    await readAll(scene.replica.resume());
    await work(scene);
    expect(named.length).toBeGreaterThan(0);
    expect(named.every((name) => name === undefined)).toBe(true);
    expect(await scene.holders()).toEqual([undefined, undefined]);
  });

  it('that could not be freed at first is freed by the retry, which writes nothing again', async () => {
    let failures = 1;
    await using scene = await setUp(() => ({
      free:
        (free) =>
        async (...args) => {
          if (failures-- > 0) throw away;
          await free(...args);
        },
    }));
    await readAll(scene.replica.resume());
    const { version } = await scene.actor();
    const { error, facts } = await readAll(scene.replica.suspend());
    expect(error).toBeUndefined();
    expect(facts.filter(({ type }) => type === 'step_retrying')).toMatchObject([{ step: 'finalize_suspended' }]);
    expect(await scene.actor()).toMatchObject({ state: 'SUSPENDED', version: version + 2 });
    expect(await scene.holders()).toEqual([undefined, undefined]);
  });

  it('that cannot be freed fails the workflow with what Redis said, though its record is written', async () => {
    await using scene = await setUp(() => ({ free: () => () => Promise.reject(away) }));
    await readAll(scene.replica.resume());
    expect((await readAll(scene.replica.suspend())).error).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    const { state, version } = await scene.actor();
    expect(state).toBe('SUSPENDED');
    expect(await scene.leaseIsFree()).toBe(true);
    // What nobody wants any more is found again by the next Resume.
    expect((await readAll(scene.open().resume())).error).toBeUndefined();
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING', worker: { name: 'w1' }, version: version + 2 });
  });
});

describe('a workflow that is wrong about its lease', () => {
  it('because a newer one has claimed a worker ends with LEASE_LOST, and writes nothing', async () => {
    await using scene = await setUp(({ stores }) => ({
      claim: (claim) => async (request) => {
        await stores.claim('a', request.fencingToken + 1);
        return await claim(request);
      },
    }));
    expect((await readAll(scene.replica.resume())).error).toMatchObject({ reason: 'LEASE_LOST' });
    const actor = await scene.actor();
    expect(actor).toMatchObject({ state: 'SUSPENDED', version: 1 });
    expect(actor).not.toHaveProperty('lastFailure');
  });

  it('because the runtime has seen a newer one rolls nothing back: that one may be at work', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', fail('STALE_FENCING_TOKEN', 'a newer one has been here'));
    expect((await readAll(scene.replica.resume())).error).toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
    expect(await scene.actor()).toMatchObject({ state: 'RESUMING', worker: { name: 'w1' } });
    expect(await scene.holders()).toEqual(['a', undefined]);
  });

  it('because its process was stopped between two commands of a step sends no more of them', async () => {
    const clock = new MovableClock();
    await using scene = await setUp(
      () => ({
        claim:
          (claim) =>
          async (...args) => {
            const worker = await claim(...args);
            clock.jump(30_000);
            return worker;
          },
      }),
      { clock },
    );
    expect((await readAll(scene.replica.resume())).error).toMatchObject({ reason: 'LEASE_LOST' });
    // In Redis the lease is still there: nothing but the clock says that it must not be relied on.
    expect(await scene.leaseIsFree()).toBe(false);
    expect(await scene.actor()).toMatchObject({ state: 'SUSPENDED', version: 1 });
  });
});

describe('a Resume', () => {
  it('on a worker that is gone does not try again there, and leaves the actor CRASHED', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', async (...args) => {
      // As when the Redis that has the pool has lost it.
      await scene.stores.redis.del(...scene.stores.keys.pool('p'));
      await breakOff(...args);
    });
    const { error, facts } = await readAll(scene.replica.resume());
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
    expect(facts.some(({ type }) => type === 'step_retrying')).toBe(false);
    expect(await scene.actor()).toMatchObject({ state: 'CRASHED' });
  });

  it('that fails with a long text keeps as much of it in the record as helps anybody', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', fail('RUNTIME_FAILED', 'x'.repeat(1_000_000), { runtimeCode: 'INTERNAL' }));
    await readAll(scene.replica.resume());
    expect((await scene.actor()).lastFailure?.message.length).toBe(1024);
  });
});

describe('a Suspend', () => {
  it('of an actor that was being resumed on a worker which is taken away meanwhile has nothing to stop', async () => {
    await using scene = await setUp();
    await abandon(scene.replica, 'restore');
    scene.runtime.next('stop', async (...args) => {
      await scene.stores.workers.deregister({ pool: 'p', name: 'w1' }, true);
      await breakOff(...args);
    });
    expect((await readAll(scene.replica.suspend())).error).toBeUndefined();
    expect(await scene.actor()).toMatchObject({ state: 'SUSPENDED' });
    expect(scene.runtime.calls.filter(({ name }) => name === 'stop').length).toBe(1);
    expect(await scene.holders()).toEqual([undefined]);
  });

  it('of an actor that was being resumed from its frozen process finishes that first, however often it was tried', async () => {
    await using scene = await setUp();
    await readAll(scene.replica.resume());
    await readAll(scene.replica.pause());
    // It alone remembers what the actor did since its latest durable snapshot.
    await abandon(scene.replica, 'restore');
    await abandon(scene.replica, 'restore');
    scene.runtime.calls.length = 0;
    expect((await readAll(scene.replica.suspend())).error).toBeUndefined();
    expect(scene.runtime.calls.map(({ name }) => name)).toEqual(['restore', 'checkpoint']);
    expect(await scene.actor()).toMatchObject({ state: 'SUSPENDED', latestSnapshot: { location: 'DURABLE' } });
    expect(await scene.holders()).toEqual([undefined, undefined]);
  });
});

describe('a Pause', () => {
  it('of an actor that does not run is refused, and changes nothing', async () => {
    await using scene = await setUp();
    expect((await readAll(scene.replica.pause())).error).toMatchObject({ reason: 'INVALID_STATE' });
    await abandon(scene.replica, 'restore');
    expect((await readAll(scene.replica.pause())).error).toMatchObject({ reason: 'INVALID_STATE' });
    expect(await scene.actor()).toMatchObject({ state: 'RESUMING' });
    expect(scene.runtime.calls.map(({ name }) => name)).toEqual(['restore']);
  });
});

describe('a recovery', () => {
  it('of an actor whose record has changed since it was found abandoned does nothing, and is in nobody’s way', async () => {
    await using scene = await setUp();
    await abandon(scene.replica, 'restore');
    const found = await scene.actor();
    await readAll(scene.replica.suspend());
    scene.runtime.calls.length = 0;
    await scene.replica.workflows.recover(found, 'RESUME', new AbortController().signal);
    expect(await scene.actor()).toMatchObject({ state: 'SUSPENDED', version: found.version + 1 });
    expect(scene.runtime.calls).toEqual([]);
    expect(await scene.leaseIsFree()).toBe(true);
  });

  it('is counted before its work begins, so that one which kills its replica is counted too', async () => {
    await using scene = await setUp();
    await abandon(scene.replica, 'restore');
    let counted: number | undefined;
    scene.runtime.next('restore', async () => {
      counted = (await scene.actor()).recoveryAttempts;
    });
    await scene.replica.workflows.recover(await scene.actor(), 'RESUME', new AbortController().signal);
    expect(counted).toBe(1);
    const actor = await scene.actor();
    expect(actor).toMatchObject({ state: 'RUNNING' });
    expect(actor).not.toHaveProperty('recoveryAttempts');
  });
});

describe('a caller', () => {
  it('whose own deadline comes first hears why its workflow ended before it hangs up', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', hang);
    const callerDeadlineAtMs = scene.replica.clock.nowMs() + 300;
    const { error } = await readAll(scene.replica.resume({ callerDeadlineAtMs }));
    expect(error).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
    expect(error?.message).toContain("the caller's own deadline");
    expect(scene.replica.clock.nowMs()).toBeLessThan(callerDeadlineAtMs);
  });

  it('whose own deadline passes is told so, by a workflow that goes on without it', async () => {
    await using scene = await setUp();
    let finish = (): void => undefined;
    const restoring = new Promise<void>((restores) => {
      scene.runtime.next('restore', () => {
        restores();
        return new Promise((resolve) => (finish = resolve));
      });
    });
    const caller = new AbortController();
    const stream = scene.replica.resume({ outlivesCaller: true }, caller.signal);
    const read = readAll(stream);
    await restoring;
    caller.abort(new CoordinatorError('WORKFLOW_DEADLINE', "the caller's deadline has passed"));
    expect((await read).error).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
    finish();
    await stream.ended;
    expect(await scene.actor()).toMatchObject({ state: 'RUNNING' });
  });

  it('is refused by a replica that has no time for more, and may try another one', async () => {
    await using scene = await setUp();
    let isBlocked = true;
    const { settings, parts } = scene.replica;
    const workflows = new Workflows(settings, parts, () => isBlocked);
    const request = { actor: TEST_ACTOR, leaseEvents: false, leaseWaitMs: 0, join: false, outlivesCaller: false };
    const suspend = () => workflows.suspend(request, new AbortController().signal);
    expect(suspend).toThrow(expect.objectContaining({ reason: 'OVERLOADED', retryAfterMs: 1000 }) as Error);
    isBlocked = false;
    expect((await readAll(suspend())).error).toBeUndefined();
    await workflows.drain(0);
  });

  it.each([
    ['ends its workflow', false],
    ['does not end a workflow that outlives it', true],
  ])('that does not read %s when too many events wait for it', async (_, outlivesCaller) => {
    await using scene = await setUp();
    // Each renewal is an event that must not be dropped.
    let renewals = 0;
    let isEnough = (): void => undefined;
    const leaseStore = meddle(scene.stores.leases, {
      renew:
        (renew) =>
        async (...args) => {
          const renewed = await renew(...args);
          if (renewed[0]?.type === 'renewed') renewals += 1;
          if (renewals > 300) setImmediate(isEnough);
          return renewed;
        },
    });
    scene.runtime.next('restore', (_call, signal) => {
      return new Promise((resolve, reject) => {
        isEnough = resolve;
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    const replica = scene.open({ ttlMs: 1000, renewIntervalMs: 5, leaseStore });
    await replica.resume({ outlivesCaller, leaseEvents: true }).ended;
    const actor = await scene.actor();
    if (outlivesCaller) expect(actor).toMatchObject({ state: 'RUNNING' });
    else expect(actor).toMatchObject({ state: 'RESUMING', lastFailure: { reason: 'OVERLOADED' } });
    expect(renewals > 300).toBe(outlivesCaller);
  });
});
