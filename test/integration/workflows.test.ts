import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Actor, ActorRef, ActorState } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import { leaseTimings } from '../../src/lease/timings.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { RedisWakeups } from '../../src/store/redis/wakeups.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { WorkflowEvent } from '../../src/workflow/event.js';
import type { WorkflowStream } from '../../src/workflow/request.js';
import type { WorkflowSettings } from '../../src/workflow/execute.js';
import { Workflows } from '../../src/workflow/workflows.js';
import { uniquePrefix } from '../redis.js';
import { breakOff, fail, hang, ignoreCancel, refuse, ScriptedRuntime } from '../scripted-runtime.js';

const redis = new Redis(inject('redisUrl'));
const subscriber = redis.duplicate();
afterAll(() => {
  redis.disconnect();
  subscriber.disconnect();
});

const ref: ActorRef = { namespace: 'ns', name: 'a' };
let keys: Keys;
let actors: RedisActorRegistry;
let workers: RedisWorkerRegistry;
let runtime: ScriptedRuntime;
const heartbeats: Heartbeat[] = [];
const replicas: Workflows[] = [];

beforeEach(async () => {
  keys = new Keys(uniquePrefix());
  actors = new RedisActorRegistry(redis, keys);
  workers = new RedisWorkerRegistry(redis, keys);
  runtime = new ScriptedRuntime();
  await actors.create({ ref, spec: { command: ['run'], env: {}, image: '' }, pool: 'p' });
  for (const name of ['w1', 'w2']) {
    await workers.register({ ref: { pool: 'p', name }, runtimeAddress: `dns:///${name}:1`, node: 'n' });
  }
});

afterEach(async () => {
  // Their last events are written beside them.
  for (const workflows of replicas.splice(0)) await workflows.drain(0);
  expect(heartbeats.splice(0).map(({ size }) => size)).toEqual(expect.not.arrayContaining([1]));
});

function replica(settings: Partial<WorkflowSettings> & { ttlMs?: number } = {}): Workflows {
  const timings = leaseTimings({ ttlMs: settings.ttlMs ?? 30_000 });
  const leaseStore = new RedisLeaseStore(redis, keys);
  const heartbeat = new Heartbeat(leaseStore, timings, systemClock);
  heartbeats.push(heartbeat);
  const workflows = new Workflows(
    {
      instanceId: 'replica-a',
      life: randomUUID(),
      timings,
      workflowDeadlineMs: 300_000,
      unwindGraceMs: 5000,
      maxWorkflows: 10,
      snapshotLocation: 'file:///snapshots',
      ...settings,
    },
    {
      store: new RedisWorkflowStore(redis, keys),
      leaseStore,
      eventLog: new RedisEventLog(redis, keys),
      wakeups: new RedisWakeups(subscriber, keys, randomUUID()),
      heartbeat,
      runtimeAt: runtime.at,
      clock: systemClock,
      logger: pino({ level: 'silent' }),
    },
  );
  replicas.push(workflows);
  return workflows;
}

interface Ending {
  readonly facts: readonly WorkflowEvent['fact'][];
  readonly steps: readonly string[];
  readonly error: CoordinatorError | undefined;
}

/** Reads a stream to its end; `watch` sees each event as it comes. */
async function read(stream: WorkflowStream, watch?: (event: WorkflowEvent) => void): Promise<Ending> {
  const events: WorkflowEvent[] = [];
  let error: CoordinatorError | undefined;
  try {
    for await (const event of stream) {
      events.push(event);
      watch?.(event);
    }
  } catch (thrown) {
    if (!(thrown instanceof CoordinatorError)) throw thrown;
    error = thrown;
  }
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  const facts = events.map(({ fact }) => fact);
  const steps = facts.flatMap((fact) =>
    fact.type === 'step_completed' ? [fact.skipped ? `(${fact.step})` : fact.step] : [],
  );
  return { facts, steps, error };
}

const never = new AbortController().signal;
const plain = { actor: ref, leaseEvents: false, leaseWaitMs: 0, join: false, outlivesCaller: false };
const getActor = async (of: ActorRef): Promise<Actor> => (await actors.look(of)).actor;
const resume = (
  on = replica(),
  signal = never,
  extra: { boot?: boolean; deadlineMs?: number; leaseEvents?: boolean } = {},
) => on.resume({ ...plain, boot: false, workerWaitMs: 0, ...extra }, signal);
const suspend = (on = replica(), signal = never) => on.suspend(plain, signal);

const pause = (on = replica(), signal = never): WorkflowStream => on.pause(plain, signal);

const holders = async (): Promise<(string | undefined)[]> =>
  (await workers.list('p', 10, '')).items.map(({ actor }) => actor?.name);
const leaseIsFree = async (): Promise<boolean> => (await redis.exists(keys.lease('ns/a'))) === 0;

/** Brings the actor to a state as a real workflow leaves it. */
async function bringTo(state: ActorState): Promise<void> {
  if (state === 'SUSPENDED') return;
  if (state === 'RESUMING') {
    runtime.next('restore', hang);
    const caller = new AbortController();
    await read(resume(replica(), caller.signal), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'restore')
        caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    });
  } else {
    await read(resume());
  }
  if (state === 'SUSPENDING') {
    runtime.next('checkpoint', hang);
    const caller = new AbortController();
    await read(suspend(replica(), caller.signal), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'checkpoint')
        caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    });
  }
  if (state === 'CRASHED') await workers.deregister({ pool: 'p', name: 'w1' }, true);
  expect((await getActor(ref)).state).toBe(state);
  runtime.calls.length = 0;
}

describe('Resume leads from', () => {
  it('SUSPENDED to RUNNING: it claims a worker, restores, and tells each step', async () => {
    const { facts, steps, error } = await read(resume());
    expect(error).toBeUndefined();
    expect(facts[0]).toMatchObject({
      type: 'started',
      kind: 'RESUME',
      steps: ['load_actor', 'assign_worker', 'restore', 'finalize_running'],
      lease: { holder: 'replica-a', ttlMs: 30_000 },
    });
    expect(steps).toEqual(['load_actor', 'assign_worker', 'restore', 'finalize_running']);
    expect(facts.at(-1)).toMatchObject({
      type: 'completed',
      actor: { state: 'RUNNING', worker: { name: 'w1' }, address: '127.0.0.1:8080' },
    });
    expect(runtime.calls).toMatchObject([
      { name: 'restore', address: 'dns:///w1:1', call: { worker: { name: 'w1' } } },
    ]);
    expect(await leaseIsFree()).toBe(true);
  });

  it('RUNNING to RUNNING without a lease, also while another workflow holds it', async () => {
    await bringTo('RUNNING');
    await redis.set(keys.lease('ns/a'), 'held by another');
    const before = await getActor(ref);
    const { facts, steps, error } = await read(resume());
    expect(error).toBeUndefined();
    expect(steps).toEqual(['(load_actor)', '(assign_worker)', '(restore)', '(finalize_running)']);
    expect(facts[0]).not.toHaveProperty('lease');
    expect(await getActor(ref)).toEqual(before);
    expect(runtime.calls).toEqual([]);
  });

  it('RESUMING on, on the same worker, with a greater token', async () => {
    await bringTo('RESUMING');
    const before = await getActor(ref);
    const { error } = await read(resume());
    expect(error).toBeUndefined();
    const after = await getActor(ref);
    expect(after).toMatchObject({ state: 'RUNNING', worker: before.worker });
    expect(runtime.calls[0]?.call.fencingToken).toBeGreaterThan(before.fencingToken);
    expect(await holders()).toEqual(['a', undefined]);
  });

  it('RESUMING on another worker if its own is gone', async () => {
    await bringTo('RESUMING');
    await redis.hset(keys.actor(ref), 'worker_name', 'gone');
    await workers.deregister({ pool: 'p', name: 'w1' }, true);
    const { error } = await read(resume());
    expect(error).toBeUndefined();
    expect(await getActor(ref)).toMatchObject({ state: 'RUNNING', worker: { name: 'w2' } });
  });

  it('SUSPENDING to RUNNING: it finishes the suspend first, then restores that snapshot', async () => {
    await bringTo('SUSPENDING');
    const { pendingSnapshot } = await getActor(ref);
    const { steps, error } = await read(resume());
    expect(error).toBeUndefined();
    expect(steps).toEqual([
      'load_actor',
      '(mark_suspending)',
      'checkpoint',
      'finalize_suspended',
      'assign_worker',
      'restore',
      'finalize_running',
    ]);
    expect(runtime.calls).toMatchObject([
      { name: 'checkpoint', call: { snapshot: { uri: pendingSnapshot?.uri } } },
      { name: 'restore', call: { snapshot: { uri: pendingSnapshot?.uri } } },
    ]);
    // On the worker that it has, which nothing of this workflow can free any more.
    expect(await holders()).toEqual(['a', undefined]);
  });

  it('CRASHED to RUNNING with the latest snapshot', async () => {
    await bringTo('RUNNING');
    await read(suspend());
    const { latestSnapshot } = await getActor(ref);
    await read(resume());
    await workers.deregister({ pool: 'p', name: 'w2' }, true);
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED', latestSnapshot });
    runtime.calls.length = 0;
    const { error } = await read(resume());
    expect(error).toBeUndefined();
    expect(runtime.calls).toMatchObject([{ name: 'restore', call: { snapshot: { uri: latestSnapshot?.uri } } }]);
  });

  it('any snapshot to a boot from the spec, if the caller asks for that', async () => {
    await bringTo('RUNNING');
    await read(suspend());
    await read(resume(replica(), never, { boot: true }));
    expect(runtime.calls.at(-1)?.call).not.toHaveProperty('snapshot');
  });

  it('PAUSED only to a worker on its node, where its frozen process is', async () => {
    await bringTo('RUNNING');
    await read(suspend());
    const { latestSnapshot: durable } = await getActor(ref);
    await read(resume());
    await read(pause());
    const paused = await getActor(ref);
    expect(paused).toMatchObject({ state: 'PAUSED', latestSnapshot: { location: 'LOCAL', node: 'n' } });
    expect(await holders()).toEqual([undefined, undefined]);
    for (const name of ['w1', 'w2']) await workers.deregister({ pool: 'p', name }, false);
    await workers.register({ ref: { pool: 'p', name: 'w3' }, runtimeAddress: 'dns:///w3:1', node: 'n2' });
    await workers.register({ ref: { pool: 'p', name: 'w4' }, runtimeAddress: 'dns:///w4:1', node: 'n' });
    const other = { namespace: 'ns', name: 'b' };
    await actors.create({ ref: other, spec: { command: [], env: {}, image: '' }, pool: 'p' });
    const store = new RedisWorkflowStore(redis, keys);
    await store.claim({ actor: other, pool: 'p', fencingToken: 1, preferredNode: 'n' });
    const refused = await read(resume());
    expect(refused.error).toMatchObject({ reason: 'NO_FREE_WORKER', metadata: { node: 'n' } });
    expect(await getActor(ref)).toMatchObject({ state: 'PAUSED', latestSnapshot: paused.latestSnapshot });
    await store.free(other, 'p', 1);
    expect((await read(resume())).error).toBeUndefined();
    const resumed = await getActor(ref);
    expect(resumed).toMatchObject({ state: 'RUNNING', worker: { name: 'w4' }, latestSnapshot: durable });
    expect(runtime.calls.at(-1)?.call).toMatchObject({ snapshot: { uri: paused.latestSnapshot?.uri } });
    expect(resumed).not.toHaveProperty('pausedOn');
  });

  it('PAUSED to a boot on whichever node, and stops what is frozen, also if the first replica dies under way', async () => {
    await bringTo('RUNNING');
    await read(suspend());
    const { latestSnapshot: durable } = await getActor(ref);
    await read(resume());
    await read(pause());
    const { pausedOn } = await getActor(ref);
    for (const name of ['w1', 'w2']) await workers.deregister({ pool: 'p', name }, false);
    await workers.register({ ref: { pool: 'p', name: 'w3' }, runtimeAddress: 'dns:///w3:1', node: 'n2' });
    await workers.register({ ref: { pool: 'p', name: 'w4' }, runtimeAddress: 'dns:///w4:1', node: 'n' });
    const other = { namespace: 'ns', name: 'b' };
    await new RedisWorkflowStore(redis, keys).claim({ actor: other, pool: 'p', fencingToken: 1, preferredNode: 'n' });
    runtime.calls.length = 0;

    // It may have stopped the frozen process, and may have started a fresh one.
    runtime.next('stop', breakOff);
    runtime.next('restore', hang);
    const caller = new AbortController();
    await read(resume(replica(), caller.signal, { boot: true }), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'restore') {
        setImmediate(() => caller.abort(new CoordinatorError('CANCELLED', 'gone', { maybeDone: true })));
      }
    });
    expect(await getActor(ref)).toMatchObject({
      state: 'RESUMING',
      worker: { node: 'n2' },
      previousState: 'SUSPENDED',
    });

    const { error } = await read(resume());
    expect(error).toBeUndefined();
    const stops = runtime.calls
      .filter(({ name }) => name === 'stop')
      .map(({ call, address }) => [call.worker.name, address]);
    const stop = [pausedOn?.name, pausedOn?.runtimeAddress];
    expect(stops).toEqual([stop, stop]);
    expect(runtime.calls.at(-1)).toMatchObject({ name: 'restore', call: { snapshot: { uri: durable?.uri } } });
    const running = await getActor(ref);
    expect(running).toMatchObject({ state: 'RUNNING', worker: { node: 'n2' }, latestSnapshot: durable });
    expect(running).not.toHaveProperty('pausedOn');
  });

  it('PAUSED to a boot on its own node, and stops what is frozen also if the runtime refuses the boot', async () => {
    await bringTo('RUNNING');
    await read(pause());
    const { pausedOn } = await getActor(ref);
    runtime.calls.length = 0;
    runtime.next('restore', refuse);
    expect((await read(resume(replica(), never, { boot: true }))).error).toMatchObject({ reason: 'RUNTIME_FAILED' });
    expect(runtime.calls.map(({ name }) => name)).toEqual(['restore', 'stop']);
    // Whichever worker of the node it names: what is frozen is on none.
    expect(runtime.calls[1]?.call.worker).toMatchObject({ node: pausedOn?.node });
    const actor = await getActor(ref);
    expect(actor).toMatchObject({ state: 'SUSPENDED' });
    expect(actor).not.toHaveProperty('pausedOn');
    expect(actor).not.toHaveProperty('latestSnapshot');
  });

  it('PAUSED nowhere, and loses nothing, when its node comes back while the Resume tries again', async () => {
    await bringTo('RUNNING');
    await read(pause());
    const { latestSnapshot } = await getActor(ref);
    for (const name of ['w1', 'w2']) await workers.deregister({ pool: 'p', name }, false);
    await workers.register({ ref: { pool: 'p', name: 'w3' }, runtimeAddress: 'dns:///w3:1', node: 'n2' });
    let isBack: Promise<unknown> | undefined;
    const { error } = await read(resume(), ({ fact }) => {
      const back = { ref: { pool: 'p', name: 'w4' }, runtimeAddress: 'dns:///w4:1', node: 'n' };
      if (fact.type === 'step_retrying') isBack = workers.register(back);
    });
    await isBack;
    expect(error).toMatchObject({ reason: 'NO_FREE_WORKER' });
    expect(await getActor(ref)).toMatchObject({ state: 'PAUSED', latestSnapshot });
    expect(await holders()).toEqual([undefined, undefined]);
    await read(resume());
    expect(runtime.calls.at(-1)).toMatchObject({ address: 'dns:///w4:1', call: { snapshot: latestSnapshot } });
  });

  it('PAUSED to the latest durable snapshot when the node is gone, or has lost what it froze', async () => {
    const loseNode = async (): Promise<void> => {
      for (const name of ['w1', 'w2']) await workers.deregister({ pool: 'p', name }, false);
    };
    const loseMemory = (): Promise<void> => {
      runtime.next('restore', fail('RUNTIME_FAILED', 'not here', { runtimeCode: 'DATA_LOSS' }));
      return Promise.resolve();
    };
    for (const lose of [loseMemory, loseNode]) {
      await workers.register({ ref: { pool: 'p', name: 'w1' }, runtimeAddress: 'dns:///w1:1', node: 'n' });
      await read(resume());
      await read(suspend());
      const { latestSnapshot: durable } = await getActor(ref);
      await read(resume());
      await read(pause());
      await workers.register({ ref: { pool: 'p', name: 'w9' }, runtimeAddress: 'dns:///w9:1', node: 'n2' });
      await lose();
      expect((await read(resume())).error).toBeDefined();
      expect(await getActor(ref)).toMatchObject({ state: 'CRASHED', latestSnapshot: durable });
      expect((await read(resume())).error).toBeUndefined();
      expect(runtime.calls.at(-1)?.call).toMatchObject({ snapshot: { uri: durable?.uri } });
      await read(suspend());
    }
  });

  it('PAUSING to RUNNING: it finishes the pause first', async () => {
    await bringTo('RUNNING');
    runtime.next('checkpoint', hang);
    const caller = new AbortController();
    await read(pause(replica(), caller.signal), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'checkpoint')
        caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    });
    expect(await getActor(ref)).toMatchObject({ state: 'PAUSING' });
    const { steps, error } = await read(resume());
    expect(error).toBeUndefined();
    expect(steps).toEqual([
      'load_actor',
      '(mark_pausing)',
      'checkpoint',
      'finalize_paused',
      'assign_worker',
      'restore',
      'finalize_running',
    ]);
  });
});

describe('Suspend leads from', () => {
  it('RUNNING to SUSPENDED: the snapshot is the latest only then, and the worker is free', async () => {
    await bringTo('RUNNING');
    const { facts, steps, error } = await read(suspend());
    expect(error).toBeUndefined();
    expect(steps).toEqual(['load_actor', 'mark_suspending', 'checkpoint', 'finalize_suspended']);
    const actor = await getActor(ref);
    expect(actor).toMatchObject({ state: 'SUSPENDED', latestSnapshot: { location: 'DURABLE', sizeBytes: 42 } });
    expect(actor.latestSnapshot?.uri).toMatch(/^file:\/\/\/snapshots\/ns\/a\/[-0-9a-f]{36}$/);
    expect(facts.at(-1)).toMatchObject({ type: 'completed', actor });
    expect(actor).not.toHaveProperty('worker');
    expect(actor).not.toHaveProperty('address');
    expect(await holders()).toEqual([undefined, undefined]);
    expect(await leaseIsFree()).toBe(true);
  });

  it('SUSPENDED to SUSPENDED: every step skipped', async () => {
    const before = await getActor(ref);
    const { steps, error } = await read(suspend());
    expect(error).toBeUndefined();
    expect(steps).toEqual(['(load_actor)', '(mark_suspending)', '(checkpoint)', '(finalize_suspended)']);
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED', version: before.version });
    expect(await leaseIsFree()).toBe(true);
  });

  it('SUSPENDING on, with the same pending snapshot', async () => {
    await bringTo('SUSPENDING');
    const { pendingSnapshot } = await getActor(ref);
    const { steps, error } = await read(suspend());
    expect(error).toBeUndefined();
    expect(steps).toEqual(['load_actor', '(mark_suspending)', 'checkpoint', 'finalize_suspended']);
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED', latestSnapshot: { uri: pendingSnapshot?.uri } });
  });

  it('RESUMING to SUSPENDED: it stops what may run and frees the worker', async () => {
    await bringTo('RESUMING');
    const { steps, error } = await read(suspend());
    expect(error).toBeUndefined();
    expect(steps).toEqual(['load_actor', 'stop', 'finalize_suspended']);
    expect(runtime.calls).toMatchObject([{ name: 'stop', address: 'dns:///w1:1' }]);
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED' });
    expect(await holders()).toEqual([undefined, undefined]);
  });

  it('CRASHED to SUSPENDED with the latest snapshot', async () => {
    await bringTo('CRASHED');
    const { error } = await read(suspend());
    expect(error).toBeUndefined();
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED' });
    expect(runtime.calls).toEqual([]);
  });

  it('PAUSED nowhere, and says why', async () => {
    await redis.hset(keys.actor(ref), 'state', 'PAUSED');
    const { error } = await read(suspend());
    expect(error).toMatchObject({ reason: 'INVALID_STATE', metadata: { state: 'PAUSED' } });
    expect(error?.message).toContain('resume it, then suspend it');
    expect(await leaseIsFree()).toBe(true);
  });
});

describe('a step that surely failed', () => {
  it('in a restore: the worker is free, the state the one before, and the record says why', async () => {
    runtime.next('restore', refuse);
    const { facts, error } = await read(resume());
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
    expect(facts.at(-1)).toMatchObject({ type: 'failed', reason: 'RUNTIME_FAILED', step: 'restore' });
    const actor = await getActor(ref);
    expect(actor).toMatchObject({
      state: 'SUSPENDED',
      lastFailure: { step: 'restore', reason: 'RUNTIME_FAILED', message: 'no such image' },
    });
    expect(actor).not.toHaveProperty('worker');
    expect(await holders()).toEqual([undefined, undefined]);
    expect(await leaseIsFree()).toBe(true);
    await read(resume());
    expect(await getActor(ref)).not.toHaveProperty('lastFailure');
  });

  it('in a restore that goes on where another was cut off: what that may have started is stopped before', async () => {
    await bringTo('RESUMING');
    runtime.calls.length = 0;
    runtime.next('restore', refuse, refuse);
    runtime.next('stop', breakOff);
    expect((await read(resume())).error).toMatchObject({ reason: 'RUNTIME_FAILED', maybeDone: true });
    // It may run: its worker stays its own.
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING', worker: { name: 'w1' } });
    expect(await holders()).toEqual(['a', undefined]);

    expect((await read(resume())).error).toMatchObject({ reason: 'RUNTIME_FAILED', maybeDone: false });
    expect(runtime.calls.map(({ name }) => name)).toEqual(['restore', 'stop', 'restore', 'stop']);
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED' });
    expect(await holders()).toEqual([undefined, undefined]);
  });

  it('in a checkpoint: the actor still runs, and the pending snapshot is dropped', async () => {
    await bringTo('RUNNING');
    runtime.next('checkpoint', refuse);
    expect((await read(suspend())).error).toMatchObject({ reason: 'RUNTIME_FAILED' });
    const actor = await getActor(ref);
    expect(actor).toMatchObject({ state: 'RUNNING', worker: { name: 'w1' }, lastFailure: { step: 'checkpoint' } });
    expect(actor).not.toHaveProperty('pendingSnapshot');
    expect(await holders()).toEqual(['a', undefined]);
  });

  it('because the runtime does not run the actor any more: CRASHED, and the worker is free', async () => {
    await bringTo('RUNNING');
    runtime.next('checkpoint', fail('RUNTIME_FAILED', 'not here', { runtimeCode: 'NOT_FOUND' }));
    expect((await read(suspend())).error).toMatchObject({ reason: 'RUNTIME_FAILED' });
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED' });
    expect(await holders()).toEqual([undefined, undefined]);
  });

  it('for want of a worker: nothing is claimed', async () => {
    await workers.deregister({ pool: 'p', name: 'w1' }, false);
    await workers.deregister({ pool: 'p', name: 'w2' }, false);
    expect((await read(resume())).error).toMatchObject({ reason: 'NO_MATCHING_POOL' });
    expect(await getActor(ref)).toMatchObject({ state: 'SUSPENDED', lastFailure: { step: 'assign_worker' } });
  });
});

describe('a step that may have happened', () => {
  it('is retried while the runtime cannot be reached, at the address where its worker is by then', async () => {
    runtime.next('restore', async () => {
      await workers.register({ ref: { pool: 'p', name: 'w1' }, runtimeAddress: 'dns:///moved:1', node: 'n' });
      await breakOff({} as never, never, () => undefined);
    });
    const { facts, error } = await read(resume());
    expect(error).toBeUndefined();
    expect(facts.filter(({ type }) => type === 'step_retrying')).toMatchObject([{ step: 'restore', attempt: 1 }]);
    expect(runtime.calls.map(({ address }) => address)).toEqual(['dns:///w1:1', 'dns:///moved:1']);
  });

  it('is left for the next workflow when the retries are used up', async () => {
    runtime.next('restore', breakOff, breakOff, breakOff, breakOff, breakOff);
    const { facts, error } = await read(resume());
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
    expect(facts.filter(({ type }) => type === 'step_retrying').length).toBe(4);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING', lastFailure: { reason: 'RUNTIME_UNAVAILABLE' } });
    expect(await holders()).toEqual(['a', undefined]);
    expect(await leaseIsFree()).toBe(true);
  });

  it('on a worker that is gone leaves the actor CRASHED', async () => {
    await bringTo('RUNNING');
    runtime.next('checkpoint', async () => {
      await redis.hdel(keys.pool('p')[0], 'w1');
      await breakOff({} as never, never, () => undefined);
    });
    expect((await read(suspend())).error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED' });
  });

  it('does not overwrite that its worker was taken out of service meanwhile', async () => {
    runtime.next('restore', () => workers.deregister({ pool: 'p', name: 'w1' }, true));
    expect((await read(resume())).error).toMatchObject({ reason: 'INVALID_STATE', metadata: { state: 'CRASHED' } });
    expect(await getActor(ref)).toMatchObject({ state: 'CRASHED' });
    expect(await leaseIsFree()).toBe(true);
  });
});

describe('a workflow ends', () => {
  it('with LEASE_HELD, naming the holder, when another one holds the lease', async () => {
    runtime.next('restore', hang);
    const caller = new AbortController();
    let second: Promise<Ending> | undefined;
    const first = read(resume(replica(), caller.signal), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'restore') second = read(suspend(replica({ instanceId: 'b' })));
    });
    await expect.poll(() => second).toBeDefined();
    const { error, facts } = (await second) ?? { error: undefined, facts: [] };
    expect(facts).toEqual([]);
    expect(error).toMatchObject({ reason: 'LEASE_HELD', metadata: { holder: 'replica-a', kind: 'RESUME' } });
    expect(error?.retryAfterMs).toBeGreaterThan(20_000);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    await first;
  });

  it('with LEASE_LOST when the lease is deleted, the call cancelled and nothing written', async () => {
    runtime.next('restore', hang);
    const { error } = await read(resume(replica({ ttlMs: 300 })), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'restore') void redis.del(keys.lease('ns/a'));
    });
    expect(error).toMatchObject({ reason: 'LEASE_LOST' });
    const actor = await getActor(ref);
    expect(actor).toMatchObject({ state: 'RESUMING', worker: { name: 'w1' } });
    expect(actor).not.toHaveProperty('lastFailure');
  });

  it('with LEASE_LOST when a runtime answers after the lease was taken over, and writes nothing', async () => {
    runtime.next('restore', async () => {
      await redis.set(keys.lease('ns/a'), 'another');
    });
    expect((await read(resume())).error).toMatchObject({ reason: 'LEASE_LOST' });
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING' });
    expect(await redis.get(keys.lease('ns/a'))).toBe('another');
  });

  it('keeps its lease for many TTLs while a restore goes on, and tells of each renewal if asked', async () => {
    let restored: (() => void) | undefined;
    runtime.next('restore', () => new Promise((resolve) => (restored = resolve)));
    let renewals = 0;
    const { error } = await read(resume(replica({ ttlMs: 150 }), never, { leaseEvents: true }), ({ fact }) => {
      if (fact.type === 'lease_renewed') renewals = fact.renewals;
      if (renewals === 10) restored?.();
    });
    expect(error).toBeUndefined();
    expect(renewals).toBeGreaterThanOrEqual(10);
  });

  it('with WORKFLOW_DEADLINE at its deadline, its lease free and its claim left', async () => {
    runtime.next('restore', hang);
    const startedAtMs = performance.now();
    const { error } = await read(resume(replica(), never, { deadlineMs: 100 }));
    expect(performance.now() - startedAtMs).toBeLessThan(300);
    expect(error).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
    expect(await leaseIsFree()).toBe(true);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING', lastFailure: { reason: 'WORKFLOW_DEADLINE' } });
    expect(await holders()).toEqual(['a', undefined]);
  });

  it('without releasing its lease when the step in flight does not come back', async () => {
    runtime.next('restore', ignoreCancel);
    const { error } = await read(resume(replica({ unwindGraceMs: 50 }), never, { deadlineMs: 50 }));
    expect(error).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
    expect(await leaseIsFree()).toBe(false);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING' });
  });

  it('as OVERLOADED at once when the replica runs --max-workflows already', async () => {
    const one = replica({ maxWorkflows: 1 });
    runtime.next('restore', hang);
    const caller = new AbortController();
    const first = read(resume(one, caller.signal));
    expect(() => suspend(one)).toThrow(expect.objectContaining({ reason: 'OVERLOADED', retryAfterMs: 1000 }) as Error);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    await first;
    expect((await read(suspend(one))).error).toBeUndefined();
  });

  it('as DRAINING when the replica shuts down: new ones at once, those that run after the drain timeout', async () => {
    const one = replica();
    runtime.next('restore', hang);
    const first = read(resume(one), ({ fact }) => {
      if (fact.type === 'step_started' && fact.step === 'restore') started?.();
    });
    let started: (() => void) | undefined;
    await new Promise<void>((resolve) => (started = resolve));
    const drained = one.drain(100);
    expect(() => suspend(one)).toThrow(expect.objectContaining({ reason: 'DRAINING' }) as Error);
    await drained;
    expect((await first).error).toMatchObject({ reason: 'DRAINING' });
    expect(await leaseIsFree()).toBe(true);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING' });
  });

  it('for a caller that leaves the iteration', async () => {
    runtime.next('restore', hang);
    const stream = resume();
    for await (const { fact } of stream) if (fact.type === 'step_started' && fact.step === 'restore') break;
    await stream.ended;
    expect(await leaseIsFree()).toBe(true);
    expect(await getActor(ref)).toMatchObject({ state: 'RESUMING', lastFailure: { reason: 'CANCELLED' } });
  });
});

describe('progress', () => {
  it('reaches a caller that reads, and is dropped to the latest for one that does not', async () => {
    const report = (count: number) => (_: unknown, __: AbortSignal, tell: (p: never) => void) => {
      for (let done = 1; done <= count; done += 1) {
        tell({ phase: 'pull', done, total: count, unit: 'layers', message: '' } as never);
      }
    };
    runtime.next('restore', report(10), report(10_000));
    const few = await read(resume());
    expect(few.facts.filter(({ type }) => type === 'step_progress').length).toBe(10);
    await read(suspend());
    const stream = resume();
    await stream.ended;
    const facts: WorkflowEvent['fact'][] = [];
    for await (const { fact } of stream) facts.push(fact);
    const progress = facts.flatMap((fact) => (fact.type === 'step_progress' ? [fact.progress.done] : []));
    expect(progress.length).toBeLessThan(20);
    expect(progress.at(-1)).toBe(10_000);
    expect(facts.at(-1)?.type).toBe('completed');
  });
});
