// The event log in Redis, and workflows whose log is slow to write, or cannot be
// written at all.

import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ActorRef } from '../../src/actor/actor.js';
import { sleep, systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import { leaseTimings } from '../../src/lease/timings.js';
import type { EventAppend, EventLogStore, EventRead } from '../../src/store/event-log.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWakeups } from '../../src/store/redis/wakeups.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { WorkflowEvent } from '../../src/workflow/event.js';
import type { WorkflowStream } from '../../src/workflow/request.js';
import { Workflows } from '../../src/workflow/workflows.js';
import { uniquePrefix } from '../redis.js';
import { ScriptedRuntime } from '../scripted-runtime.js';

const redis = new Redis(inject('redisUrl'));
const subscriber = redis.duplicate();
afterAll(() => {
  redis.disconnect();
  subscriber.disconnect();
});

const ref: ActorRef = { namespace: 'ns', name: 'a' };
const never = new AbortController().signal;
let keys: Keys;
let log: RedisEventLog;

beforeEach(async () => {
  keys = new Keys(uniquePrefix());
  log = new RedisEventLog(redis, keys);
  const spec = { command: ['run'], env: {}, image: '' };
  await new RedisActorRegistry(redis, keys).create({ ref, spec, pool: 'p' });
  const worker = { ref: { pool: 'p', name: 'w' }, runtimeAddress: 'dns:///w:1', node: 'n' };
  await new RedisWorkerRegistry(redis, keys).register(worker);
});

const append = (fencingToken: number, ...sequences: number[]): Promise<void> =>
  log.append({
    actor: ref,
    workflowId: `w${String(fencingToken)}`,
    fencingToken,
    step: '',
    events: sequences.map((sequence) => ({ sequence, text: `${String(fencingToken)}.${String(sequence)}` })),
  });

describe('the event log', () => {
  it('gives the events after a sequence, in their order, however often they were written', async () => {
    await append(1, 1, 2);
    await append(1, 2, 10, 9);
    expect(await log.read(ref, 0, '')).toEqual({
      workflowId: 'w1',
      leasedTo: '',
      texts: ['1.1', '1.2', '1.9', '1.10'],
      lastText: '',
    });
    expect(await log.read(ref, 2, '')).toMatchObject({ texts: ['1.9', '1.10'] });
    expect(await log.read(ref, 10, '')).toMatchObject({ texts: [], lastText: '1.10' });
  });

  it('keeps the latest workflow and the one before it, for an hour', async () => {
    await append(1, 1, 2);
    await append(2, 1);
    expect(await log.read(ref, 0, '')).toMatchObject({ workflowId: 'w2', texts: ['2.1'] });
    expect(await log.read(ref, 1, 'w1')).toMatchObject({ workflowId: 'w1', texts: ['1.2'] });
    // Its end may be written late.
    await append(1, 3);
    expect(await log.read(ref, 2, 'w1')).toMatchObject({ workflowId: 'w1', texts: ['1.3'] });
    expect(await log.read(ref, 0, '')).toMatchObject({ workflowId: 'w2', texts: ['2.1'] });
    await append(3, 1);
    await append(1, 4);
    expect(await log.read(ref, 0, 'w1')).toMatchObject({ workflowId: 'w3', texts: ['3.1'] });
    expect(await log.read(ref, 0, 'w2')).toMatchObject({ workflowId: 'w2', texts: ['2.1'] });
    for (const key of keys.events(ref)) {
      const ttlMs = await redis.pttl(key);
      expect(ttlMs).toBeGreaterThan(3_500_000);
      expect(ttlMs).toBeLessThanOrEqual(3_600_000);
    }
  });

  it('keeps the newest 2,000 events', async () => {
    for (let start = 0; start < 2500; start += 500) {
      await append(1, ...Array.from({ length: 500 }, (_, index) => start + index + 1));
    }
    const { texts } = await log.read(ref, 0, '');
    expect(texts).toHaveLength(2000);
    expect([texts[0], texts.at(-1)]).toEqual(['1.501', '1.2500']);
  });
});

/** The real log behind one that writes as it is told. */
class UnwillingLog implements EventLogStore {
  /** Waits for what comes out of this before each write. */
  readonly #before: () => Promise<void>;
  appends = 0;

  constructor(before: () => Promise<void>) {
    this.#before = before;
  }

  async append(events: EventAppend): Promise<void> {
    this.appends += 1;
    await this.#before();
    await log.append(events);
  }

  read(actor: ActorRef, afterSequence: number, workflowId: string): Promise<EventRead> {
    return log.read(actor, afterSequence, workflowId);
  }
}

function replica(eventLog: EventLogStore): Workflows {
  const timings = leaseTimings({ ttlMs: 30_000 });
  const leaseStore = new RedisLeaseStore(redis, keys);
  return new Workflows(
    {
      instanceId: 'replica-a',
      life: randomUUID(),
      timings,
      workflowDeadlineMs: 300_000,
      unwindGraceMs: 5000,
      maxWorkflows: 10,
      snapshotLocation: 'file:///snapshots',
    },
    {
      store: new RedisWorkflowStore(redis, keys),
      leaseStore,
      eventLog,
      wakeups: new RedisWakeups(subscriber, keys, randomUUID()),
      heartbeat: new Heartbeat(leaseStore, timings, systemClock),
      runtimeAt: new ScriptedRuntime().at,
      clock: systemClock,
      logger: pino({ level: 'silent' }),
    },
  );
}

async function resume(workflows: Workflows): Promise<readonly WorkflowEvent[]> {
  const request = { actor: ref, leaseEvents: false, leaseWaitMs: 0, join: false, outlivesCaller: false };
  const stream: WorkflowStream = workflows.resume({ ...request, boot: false, workerWaitMs: 0 }, never);
  const events: WorkflowEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const watch = async (workflows: Workflows): Promise<readonly WorkflowEvent[]> => {
  const events: WorkflowEvent[] = [];
  for await (const event of workflows.watch({ actor: ref, afterSequence: 0 }, never)) events.push(event);
  return events;
};

const failing = (): Promise<never> => Promise.reject(new CoordinatorError('STORE_UNAVAILABLE', 'no answer'));

describe('a workflow', () => {
  let answer = (): void => undefined;

  it.each([
    ['refuses each write of its log', failing],
    ['does not answer a write of its log', () => new Promise<void>((resolve) => (answer = resolve))],
  ])('is neither failed nor slowed by a Redis that %s, and its replica leaves within a second', async (_, before) => {
    const eventLog = new UnwillingLog(before);
    const workflows = replica(eventLog);
    const startedAtMs = performance.now();
    const events = await resume(workflows);
    expect(performance.now() - startedAtMs).toBeLessThan(300);
    expect(events.at(-1)?.fact).toMatchObject({ type: 'completed', actor: { state: 'RUNNING' } });
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
    expect(eventLog.appends).toBe(1);
    const drainedAtMs = performance.now();
    await workflows.drain(0);
    expect(performance.now() - drainedAtMs).toBeLessThan(1200);
    answer();
  });

  it('has its whole log in the end, when Redis took it slowly or refused it at first', async () => {
    const refusals = [failing, failing, () => sleep(systemClock, 100, never)];
    const workflows = replica(new UnwillingLog(async () => refusals.shift()?.()));
    const events = await resume(workflows);
    await expect.poll(async () => (await log.read(ref, 0, '')).texts.length, { timeout: 5000 }).toBe(events.length);
    expect(await watch(workflows)).toEqual(events);
  });

  it('has its last events written before its replica is gone', async () => {
    const workflows = replica(new UnwillingLog(() => sleep(systemClock, 100, never)));
    const events = await resume(workflows);
    await workflows.drain(0);
    expect((await log.read(ref, 0, '')).texts).toHaveLength(events.length);
  });
});
