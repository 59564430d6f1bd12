// The reconciler on a real Redis, with a runtime that does as it is told.

import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ActorRef, ActorState } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import { leaseTimings } from '../../src/lease/timings.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { RedisClaims } from '../../src/store/redis/claims.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWakeups } from '../../src/store/redis/wakeups.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { WorkflowParts, WorkflowSettings } from '../../src/workflow/execute.js';
import { Reconciler } from '../../src/workflow/reconciler.js';
import { putRight } from '../../src/workflow/worker-status.js';
import { Workflows } from '../../src/workflow/workflows.js';
import { uniquePrefix } from '../redis.js';
import { hang, ScriptedRuntime, type Behave } from '../scripted-runtime.js';

const TTL_MS = 400;
const redis = new Redis(inject('redisUrl'));
const subscriber = redis.duplicate();
// One for every replica of every test.
subscriber.setMaxListeners(0);
afterAll(() => {
  redis.disconnect();
  subscriber.disconnect();
});

let keys: Keys;
let actors: RedisActorRegistry;
let workers: RedisWorkerRegistry;
let store: RedisWorkflowStore;
let runtime: ScriptedRuntime;
let answering: boolean;
const stops: (() => Promise<void>)[] = [];
const replicas: Workflows[] = [];

beforeEach(async () => {
  keys = new Keys(uniquePrefix());
  actors = new RedisActorRegistry(redis, keys);
  workers = new RedisWorkerRegistry(redis, keys);
  store = new RedisWorkflowStore(redis, keys);
  runtime = new ScriptedRuntime();
  answering = false;
  for (const name of ['w1', 'w2']) await addWorker(name);
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  // Their last events are written beside them.
  for (const workflows of replicas.splice(0)) await workflows.drain(0);
});

const addWorker = (name: string, ttlMs?: number) =>
  workers.register({
    ref: { pool: 'p', name },
    runtimeAddress: `dns:///${name}:1`,
    node: 'n',
    ...(ttlMs !== undefined && { ttlMs }),
  });

function replica(instanceId: string, workflowDeadlineMs = 60_000) {
  const timings = leaseTimings({ ttlMs: TTL_MS });
  const leaseStore = new RedisLeaseStore(redis, keys);
  const settings: WorkflowSettings = {
    instanceId,
    life: randomUUID(),
    timings,
    workflowDeadlineMs,
    unwindGraceMs: 1000,
    maxWorkflows: 100,
    snapshotLocation: 'file:///snapshots',
  };
  const parts: WorkflowParts = {
    store,
    leaseStore,
    eventLog: new RedisEventLog(redis, keys),
    wakeups: new RedisWakeups(subscriber, keys, settings.life),
    heartbeat: new Heartbeat(leaseStore, timings, systemClock),
    runtimeAt: runtime.at,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
  };
  const workflows = new Workflows(settings, parts);
  replicas.push(workflows);
  const reconciler = new Reconciler(3, settings, {
    ...parts,
    claims: new RedisClaims(redis, keys),
    actors,
    workers,
    workflows,
    answers: () => Promise.resolve(answering),
  });
  return { workflows, reconciler, settings, parts };
}

/** Runs a replica's reconciler until the test ends, or until the returned function is called. */
function reconcile(instanceId = 'replica-r', workflowDeadlineMs = 60_000): () => Promise<void> {
  const signal = new AbortController();
  const running = replica(instanceId, workflowDeadlineMs).reconciler.run(signal.signal);
  const stop = async (): Promise<void> => {
    signal.abort(new CoordinatorError('DRAINING', 'stopped'));
    await running;
  };
  stops.push(stop);
  return stop;
}

const ref = (name: string): ActorRef => ({ namespace: 'ns', name });
const state = async (name = 'a') => (await actors.look(ref(name))).actor.state;
const holders = async () => (await workers.list('p', 10, '')).items.map(({ actor }) => actor?.name);

/** Leaves an actor as a replica does that dies while its runtime is at work. */
async function abandon(name: string, during: 'restore' | 'checkpoint' | 'freeze'): Promise<void> {
  await actors.create({ ref: ref(name), spec: { command: [], env: {}, image: '' }, pool: 'p' });
  const { workflows } = replica('replica-dead');
  const plain = { actor: ref(name), leaseEvents: false, leaseWaitMs: 0, join: false, outlivesCaller: false };
  const resume = (signal: AbortSignal) => workflows.resume({ ...plain, boot: false, workerWaitMs: 0 }, signal);
  const never = new AbortController().signal;
  if (during !== 'restore') await resume(never).ended;
  const caller = new AbortController();
  const die: Behave = (call, signal, report) => {
    const hanging = hang(call, signal, report);
    caller.abort(new CoordinatorError('CANCELLED', 'died'));
    return hanging;
  };
  runtime.next(during === 'restore' ? 'restore' : 'checkpoint', die);
  await (
    during === 'restore'
      ? resume(caller.signal)
      : during === 'checkpoint'
        ? workflows.suspend(plain, caller.signal)
        : workflows.pause(plain, caller.signal)
  ).ended;
}

describe('the reconciler', () => {
  it.each<['restore' | 'checkpoint' | 'freeze', ActorState, ActorState]>([
    ['restore', 'RESUMING', 'RUNNING'],
    ['checkpoint', 'SUSPENDING', 'SUSPENDED'],
    ['freeze', 'PAUSING', 'PAUSED'],
  ])('finishes what was abandoned during a %s: %s becomes %s', async (during, abandoned, recovered) => {
    await abandon('a', during);
    expect(await state()).toBe(abandoned);
    reconcile();
    await expect.poll(() => state(), { timeout: 2 * TTL_MS }).toBe(recovered);
    const { actor } = await actors.look(ref('a'));
    expect(actor).not.toHaveProperty('recoveryAttempts');
    expect((await holders()).filter((name) => name === 'a').length).toBe(recovered === 'RUNNING' ? 1 : 0);
  });

  it('leaves alone an actor whose lease is held', async () => {
    await abandon('a', 'restore');
    await redis.set(keys.lease('ns/a'), 'somebody works on it', 'PX', 3 * TTL_MS);
    await abandon('b', 'restore');
    reconcile();
    await expect.poll(() => state('b')).toBe('RUNNING');
    expect(await state()).toBe('RESUMING');
    await expect.poll(() => state(), { timeout: 4 * TTL_MS }).toBe('RUNNING');
  });

  it('gives a Resume up after its attempts, with a Stop, and frees the worker', async () => {
    await abandon('a', 'restore');
    runtime.next('restore', hang, hang, hang);
    reconcile('replica-r', 100);
    await expect.poll(() => state(), { timeout: 5000 }).toBe('SUSPENDED');
    expect(runtime.calls.filter(({ name }) => name === 'restore').length).toBe(4);
    expect(runtime.calls.filter(({ name }) => name === 'stop').length).toBe(1);
    expect(await holders()).toEqual([undefined, undefined]);
  });

  it('frees a worker that its actor does not want, and one whose actor is gone', async () => {
    await actors.create({ ref: ref('a'), spec: { command: [], env: {}, image: '' }, pool: 'p' });
    await store.claim({ actor: ref('a'), pool: 'p', fencingToken: 1 });
    await store.claim({ actor: ref('gone'), pool: 'p', fencingToken: 1 });
    expect(await holders()).toEqual(['a', 'gone']);
    reconcile();
    await expect.poll(holders).toEqual([undefined, undefined]);
  });

  it('is one replica at a time, and moves when that stops', async () => {
    const lease = async () =>
      (JSON.parse((await redis.get(keys.lease('_reconciler'))) ?? '{}') as { holder?: string }).holder;
    const stop = reconcile('replica-1');
    await expect.poll(lease).toBe('replica-1');
    reconcile('replica-2');
    await abandon('a', 'restore');
    await expect.poll(() => state()).toBe('RUNNING');
    expect(await lease()).toBe('replica-1');
    await stop();
    await expect.poll(lease).toBe('replica-2');
    await abandon('b', 'restore');
    await expect.poll(() => state('b')).toBe('RUNNING');
  });

  it('takes workers out of service that register no more, and crashes their actors only once their runtime is silent', async () => {
    for (const name of ['w1', 'w2']) await workers.deregister({ pool: 'p', name }, false);
    await addWorker('w3', 100);
    await abandon('a', 'checkpoint');
    await redis.hset(keys.actor(ref('a')), 'state', 'RUNNING');
    answering = true;
    reconcile();
    await addWorker('w4', 100);
    await expect
      .poll(async () => (await workers.list('p', 10, '')).items.map((worker) => worker.ref.name))
      .toEqual(['w3']);
    expect(await state()).toBe('RUNNING');
    answering = false;
    await expect.poll(() => state()).toBe('CRASHED');
    await expect.poll(async () => (await workers.list('p', 10, '')).items).toEqual([]);
  });
});

describe('what a worker says it runs', () => {
  const worker = () => ({
    ref: { pool: 'p', name: 'w1' },
    runtimeAddress: 'dns:///w1:1',
    node: 'n',
    actor: ref('a'),
    fencingToken: 1,
  });
  const say = async (running: ActorRef | undefined): Promise<void> => {
    const { settings, parts } = replica('replica-r');
    await putRight(worker(), running, actors, settings, parts);
  };
  /** A record that was written longer ago than any status is old. */
  const age = () => redis.hincrby(keys.actor(ref('a')), 'update_time_ms', -16_000);

  beforeEach(async () => {
    await abandon('a', 'restore');
    const { workflows } = replica('replica-1');
    await workflows.recover((await actors.look(ref('a'))).actor, 'RESUME', new AbortController().signal);
    expect(await state()).toBe('RUNNING');
  });

  it('puts a record right that calls an actor RUNNING which is not', async () => {
    await age();
    await say(ref('a'));
    expect(await state()).toBe('RUNNING');
    await say(undefined);
    expect((await actors.look(ref('a'))).actor).toMatchObject({
      state: 'CRASHED',
      lastFailure: { reason: 'RUNTIME_FAILED', message: 'its worker p/w1 says that it runs nothing' },
    });
    expect(await holders()).toEqual([undefined, undefined]);
  });

  it('does not outweigh a record that may be newer, nor a workflow that is at work', async () => {
    await say(ref('other'));
    expect(await state()).toBe('RUNNING');
    await age();
    await redis.set(keys.lease('ns/a'), 'somebody works on it', 'PX', 60_000);
    await say(ref('other'));
    expect(await state()).toBe('RUNNING');
  });
});
