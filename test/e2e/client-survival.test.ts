// The client's iterable, while the replica behind it is killed, stopped or told
// to leave: real replica processes, and one Redis.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ActorCoordinator, type WorkflowEvent } from '../../src/client/actor-coordinator.js';
import { startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';

const LEASE_TTL_MS = 2000;
const STEPS = ['load_actor', 'assign_worker', 'restore', 'finalize_running'];

const redis = new Redis(inject('redisUrl'));
afterAll(() => redis.disconnect());

let redisKeyPrefix: string;
beforeEach(() => {
  redisKeyPrefix = uniquePrefix();
});

interface Scene extends AsyncDisposable {
  readonly a: Replica;
  readonly b: Replica;
  readonly runtime: FakeNodeRuntime;
  readonly coordinator: ActorCoordinator;
}

async function setUp(flags: readonly string[] = []): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const replica = (instanceId: string): Promise<Replica> =>
    startReplica({
      redisUrl: inject('redisUrl'),
      redisKeyPrefix,
      instanceId,
      flags: ['--lease-ttl', `${LEASE_TTL_MS}ms`, ...flags],
    });
  const [a, b] = await Promise.all([replica('replica-a'), replica('replica-b')]);
  const coordinator = new ActorCoordinator([a.address, b.address]);
  await coordinator.registerWorker({ pool: 'default', name: 'w' }, { runtimeAddress: runtime.address, node: 'n' });
  await coordinator.createActor('ns/a', { spec: { command: ['true'] } });
  return {
    a,
    b,
    runtime,
    coordinator,
    async [Symbol.asyncDispose]() {
      coordinator.close();
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
      await runtime.close();
    },
  };
}

/** What docs/client.md promises of every iterable that ends well. */
function expectTheWholeOnce(events: readonly WorkflowEvent[], steps: readonly string[] = STEPS): void {
  expect(events[0]?.type).toBe('started');
  expect(events.filter(({ type }) => type === 'started').length).toBe(1);
  expect(events.at(-1)).toMatchObject({ type: 'completed' });
  expect(events.filter(({ type }) => type === 'completed' || type === 'failed').length).toBe(1);
  const completed = events.flatMap((event) => (event.type === 'step_completed' ? [event.step] : []));
  expect(completed.filter((step) => step !== 'count_recovery')).toEqual(steps);
  // No event twice, each run's in their order, and no run is gone back to.
  const ids = [...new Set(events.map(({ workflowId }) => workflowId))];
  const told = ids.map((id) => events.filter(({ workflowId }) => workflowId === id));
  expect(told.flat()).toEqual(events);
  for (const run of told) {
    const sequences = run.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((x, y) => x - y));
  }
  for (const [index, run] of told.entries()) {
    if (index > 0) expect(run[0]).toMatchObject({ type: 'restarted', previousWorkflowId: ids[index - 1] });
  }
}

async function collect(
  events: AsyncIterable<WorkflowEvent>,
  seen: (event: WorkflowEvent) => void,
): Promise<WorkflowEvent[]> {
  const all: WorkflowEvent[] = [];
  for await (const event of events) {
    all.push(event);
    seen(event);
  }
  return all;
}

/** Calls back once, at the first progress that is past `done`. */
function once(done: number, act: () => void): (event: WorkflowEvent) => void {
  let acted = false;
  return (event) => {
    if (acted || event.type !== 'step_progress' || event.done < done) return;
    acted = true;
    act();
  };
}

describe('an iterable of the client', () => {
  it('yields the whole workflow once, though its replica is killed in the middle of a restore of 5 s', async () => {
    await using scene = await setUp();
    const { a, runtime, coordinator } = scene;
    runtime.default('restore', takes(5000));
    const events = await collect(
      coordinator.resume('ns/a'),
      once(2500, () => a.signal('SIGKILL')),
    );
    expectTheWholeOnce(events);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'RUNNING', worker: { name: 'w' } } });
    expect(await a.exited).toBe('SIGKILL');
    expect(runtime.violations).toEqual([]);
    expect([...runtime.running.values()]).toEqual(['ns/a']);
  }, 30_000);
});
