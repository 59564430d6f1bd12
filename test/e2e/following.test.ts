// Events that outlive their stream, as callers of other replicas see them: Watch,
// join, and workflows that outlive their callers.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.js';
import type { WorkflowEvent__Output } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type Ending, type TestCoordinator } from '../coordinator.js';
import {
  hang,
  refuse,
  startFakeNodeRuntime,
  takes,
  type Behaviour,
  type FakeNodeRuntime,
} from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { startTcpProxy } from '../tcp-proxy.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => {
  redis.disconnect();
});

let prefix: string;
let keys: Keys;
beforeEach(() => {
  prefix = uniquePrefix();
  keys = new Keys(prefix);
});

const actor = { namespace: 'ns', name: 'a' };
const lease = (): string => keys.lease('ns/a');
const replica = (instanceId: string): Promise<TestCoordinator> =>
  startCoordinator({ redisKeyPrefix: prefix, instanceId });

interface Scene extends AsyncDisposable {
  readonly runtime: FakeNodeRuntime;
  /** Two replicas, and an actor that has never been resumed, with one worker for it. */
  readonly a: TestCoordinator;
  readonly b: TestCoordinator;
}

async function setUp(): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const a = await replica('replica-a');
  const b = await replica('replica-b');
  const worker = { pool: 'default', name: 'w' };
  await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  await a.client.createActor({ actor });
  return {
    runtime,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await Promise.all([a.close(), b.close()]);
      await runtime.close();
    },
  };
}

const lasting = (events: readonly WorkflowEvent__Output[]) => events.filter((event) => event.step_progress === null);

/** What a stream ended with, as far as its caller can see. */
const endOf = ({ error }: Ending) =>
  error === undefined
    ? 'OK'
    : {
        reason: error.reason,
        message: error.message,
        metadata: error.metadata,
        runtimeCode: error.runtimeCode,
        retryAfterMs: error.retryAfterMs,
      };

/** Both saw the same workflow, each of its events once and in order, but perhaps not the same progress of it. */
function expectSame(seen: Ending, own: Ending): void {
  expect(lasting(seen.events)).toEqual(lasting(own.events));
  const sequences = seen.events.map(({ sequence }) => Number(sequence));
  expect(sequences).toEqual([...new Set(sequences)].sort((x, y) => x - y));
  expect(endOf(seen)).toEqual(endOf(own));
}

describe('Watch, from another replica,', () => {
  const outcomes: [string, Behaviour][] = [
    ['succeeds', takes(250)],
    [
      'is refused by the runtime',
      async (...args) => {
        await takes(250)(...args);
        await refuse('DATA_LOSS', 'torn snapshot')(...args);
      },
    ],
  ];

  it.each(outcomes)(
    'sees all of a workflow that %s, connected before, in the middle, or late',
    async (_, behaviour) => {
      await using scene = await setUp();
      const { runtime, a, b } = scene;
      runtime.next('restore', behaviour);
      const before = readToEnd(b.client.watch({ actor }));
      const channel = keys.eventsChannel(actor);
      await expect.poll(() => redis.pubsub('NUMSUB', channel)).toEqual([channel, 1]);
      const owned = readToEnd(a.client.resume({ actor }));
      await runtime.nextCall('restore');
      const middle = readToEnd(b.client.watch({ actor }));
      const own = await owned;
      expect(own.events.length).toBeGreaterThan(5);
      const endedAtMs = performance.now();
      expectSame(await before, own);
      expectSame(await middle, own);
      // Woken by the last event, not found by looking.
      expect(performance.now() - endedAtMs).toBeLessThan(200);
      expectSame(await readToEnd(b.client.watch({ actor })), own);
      expectSame(await readToEnd(a.client.watch({ actor })), own);
    },
  );

  it('ends as the workflow did, also where that failed before it called anything', async () => {
    await using scene = await setUp();
    await scene.a.client.deregisterWorker({ pool: 'default', name: 'w' }, false);
    const worker = { pool: 'default', name: 'taken' };
    await scene.a.client.registerWorker({ worker, runtime_address: scene.runtime.address, node: 'n' });
    const other = { namespace: 'ns', name: 'other' };
    await scene.a.client.createActor({ actor: other });
    await readToEnd(scene.a.client.resume({ actor: other }));
    const own = await readToEnd(scene.a.client.resume({ actor }));
    expect(own.error).toMatchObject({ reason: 'NO_FREE_WORKER', retryAfterMs: 1000, metadata: { pool: 'default' } });
    expectSame(await readToEnd(scene.b.client.watch({ actor })), own);
  });

  it('goes on after the sequence that it is given, however often it reconnects', async () => {
    await using scene = await setUp();
    const { runtime, a, b } = scene;
    runtime.next('restore', takes(250));
    const owned = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const events: WorkflowEvent__Output[] = [];
    const nextOnly = async (): Promise<boolean> => {
      const after_sequence = events.at(-1)?.sequence ?? 0;
      for await (const event of (events.length % 2 === 0 ? a : b).client.watch({ actor, after_sequence })) {
        events.push(event);
        return true;
      }
      return false;
    };
    while (await nextOnly());
    const own = await owned;
    expectSame({ events, error: undefined }, own);
    // The last connection came when it had read the last event already, and ended as the workflow did all the same.
    for (const { sequence } of [...own.events, { sequence: '1000' }]) {
      const rest = await readToEnd(b.client.watch({ actor, after_sequence: sequence }));
      const left = own.events.filter((event) => Number(event.sequence) > Number(sequence));
      expectSame(rest, { events: left, error: undefined });
    }
  });

  it('tells whoever has read everything how it failed', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', refuse('DATA_LOSS', 'torn snapshot'));
    const own = await readToEnd(scene.a.client.resume({ actor }));
    const after_sequence = own.events.at(-1)?.sequence ?? 0;
    expectSame(await readToEnd(scene.b.client.watch({ actor, after_sequence })), { events: [], error: own.error });
  });

  it('sees the end of each workflow, however soon the next one begins', async () => {
    await using scene = await setUp();
    const { runtime, a, b } = scene;
    runtime.default('restore', takes(20));
    runtime.default('checkpoint', takes(20));
    const ends: Promise<void>[] = [];
    for (let i = 0; i < 10; i += 1) {
      const owned = readToEnd(i % 2 === 0 ? a.client.resume({ actor }) : a.client.suspend({ actor }));
      await runtime.nextCall(i % 2 === 0 ? 'restore' : 'checkpoint');
      const seen = readToEnd(b.client.watch({ actor }));
      ends.push(Promise.all([seen, owned]).then(([theirs, own]) => expectSame(theirs, own)));
      expect((await owned).error).toBeUndefined();
    }
    await Promise.all(ends);
  });

  it('tells of the workflow that runs rather than of the last one, as soon as it runs', async () => {
    await using scene = await setUp();
    const { a, b, runtime } = scene;
    expect((await readToEnd(a.client.suspend({ actor }))).error).toBeUndefined();
    // Connected, so that the watcher comes within milliseconds.
    await b.client.getActor(actor);
    runtime.next('restore', takes(100));
    let seen: Promise<Ending> | undefined;
    // Its log has not begun by then: events are gathered before they are written.
    const own = await readToEnd(a.client.resume({ actor }), () => {
      seen ??= readToEnd(b.client.watch({ actor }));
    });
    expectSame(await (seen ?? Promise.reject(new Error('no event'))), own);
  });

  it('ends as LEASE_LOST when the replica of the workflow is gone, and tells nothing of the one before', async () => {
    await using scene = await setUp();
    const before = await readToEnd(scene.a.client.suspend({ actor }));
    const value = { workflow_id: 'of-the-dead', holder: 'dead', life: 'former', fencing_token: 1 };
    await redis.set(lease(), JSON.stringify({ ...value, kind: 'RESUME' }), 'PX', 300);
    const { events, error } = await readToEnd(scene.b.client.watch({ actor }));
    expect(events).toEqual([]);
    expect(error?.reason).toBe('LEASE_LOST');
    expect(error?.message).toContain('of-the-dead');
    // A lease that is for no workflow leaves no events to wait for.
    await redis.set(lease(), JSON.stringify({ ...value, kind: 'DELETE' }), 'PX', 60_000);
    expectSame(await readToEnd(scene.b.client.watch({ actor })), before);
  });

  it('ends as ACTOR_NOT_FOUND where there is no actor, or no more', async () => {
    await using scene = await setUp();
    const watched = readToEnd(scene.b.client.watch({ actor }));
    const channel = keys.eventsChannel(actor);
    await expect.poll(() => redis.pubsub('NUMSUB', channel)).toEqual([channel, 1]);
    await scene.a.client.deleteActor(actor);
    expect((await watched).error).toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
  });

  it('sees at most five progress events a second of each step, and the last one', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', async (call, signal, report, wire) => {
      for (let done = 1; done <= 100; done += 1) {
        report({ phase: 'unpack', done, total: 100, unit: 'bytes', message: '' });
        await takes(10)(call, signal, () => undefined, wire);
      }
    });
    const startedAtMs = performance.now();
    const own = await readToEnd(scene.a.client.resume({ actor }));
    const seconds = (performance.now() - startedAtMs) / 1000;
    const seen = await readToEnd(scene.b.client.watch({ actor }));
    expectSame(seen, own);
    const progress = seen.events.flatMap((event) => event.step_progress ?? []);
    // Its own caller is told up to twenty a second.
    expect(own.events.length - lasting(own.events).length).toBeGreaterThan(10);
    expect(progress.length).toBeGreaterThanOrEqual(5);
    // One at the start, and the last one, which came too soon after the one before.
    expect(progress.length).toBeLessThanOrEqual(5 * seconds + 2);
    expect(progress.at(-1)).toMatchObject({ done: '100' });
  });
});

describe('join', () => {
  const joining = { actor, options: { join: true } };

  it.each([
    ['succeeds', takes(200)],
    ['fails', refuse('DATA_LOSS', 'torn snapshot')],
  ])('makes a second Resume the follower of one that %s, from its first event to its end', async (_, behaviour) => {
    await using scene = await setUp();
    const { a, b } = scene;
    // So that the log is that of another workflow when the follower comes.
    expect((await readToEnd(a.client.suspend({ actor }))).error).toBeUndefined();
    scene.runtime.next('restore', async (...args) => {
      await takes(50)(...args);
      await behaviour(...args);
    });
    let joined: Promise<Ending> | undefined;
    const own = await readToEnd(a.client.resume({ actor }), () => {
      joined ??= readToEnd(b.client.resume(joining));
    });
    expectSame(await (joined ?? Promise.reject(new Error('no event'))), own);
    expect(scene.runtime.calls.filter(({ name }) => name === 'restore')).toHaveLength(1);
  });

  it('does not disturb the first when the follower leaves', async () => {
    await using scene = await setUp();
    const { a, b, runtime } = scene;
    runtime.next('restore', takes(300));
    const owned = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const leaving = new AbortController();
    const left = await readToEnd(b.client.resume(joining, { signal: leaving.signal }), () => {
      leaving.abort();
    });
    expect(left.error).toMatchObject({ reason: 'CANCELLED' });
    const own = await owned;
    expect(own.error).toBeUndefined();
    expect(left.events[0]?.workflow_id).toBe(own.events[0]?.workflow_id);
    expect(runtime.calls.map(({ cancelled }) => cancelled)).toEqual([false]);
  });

  it('ends with the first when that is cancelled', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', hang);
    const caller = new AbortController();
    const owned = readToEnd(scene.a.client.resume({ actor }, { signal: caller.signal }));
    await scene.runtime.nextCall('restore');
    const joined = readToEnd(scene.b.client.resume(joining), (event) => {
      if (event.step_started?.step === 'restore') caller.abort();
    });
    expect((await owned).error).toMatchObject({ reason: 'CANCELLED' });
    expect((await joined).events.at(-1)?.failed).toMatchObject({ reason: 'ERROR_REASON_CANCELLED', step: 'restore' });
    expect((await joined).error).toMatchObject({ reason: 'CANCELLED' });
  });

  it('does not follow a workflow of another kind', async () => {
    await using scene = await setUp();
    const { a, b, runtime } = scene;
    runtime.next('restore', takes(200));
    const owned = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const refused = await readToEnd(b.client.suspend(joining));
    expect(refused.error).toMatchObject({ reason: 'LEASE_HELD', metadata: { kind: 'RESUME' } });
    expect(refused.events).toEqual([]);
    expect((await owned).error).toBeUndefined();
  });
});

/** The ways in which a caller is gone in the middle of a workflow. */
async function callAndGo(
  { a, runtime }: Scene,
  on_disconnect: 'DISCONNECT_POLICY_CANCEL' | 'DISCONNECT_POLICY_CONTINUE',
  how: string,
): Promise<Ending> {
  await using proxy = await startTcpProxy(Number(a.address.split(':')[1]));
  const client = new CoordinatorClient(`127.0.0.1:${String(proxy.port)}`);
  const caller = new AbortController();
  const limit = how === 'passes its deadline' ? { timeoutMs: 300 } : {};
  const request = { actor, options: { on_disconnect } };
  const called = readToEnd(client.resume(request, { signal: caller.signal, ...limit }));
  await runtime.nextCall('restore');
  if (how === 'cancels') caller.abort();
  if (how === 'loses its connection') proxy.reset(true);
  const ending = await called;
  client.close();
  return ending;
}

describe('a caller that', () => {
  it.each(['cancels', 'loses its connection', 'passes its deadline'])(
    '%s leaves a CONTINUE workflow running to its end, which Watch sees',
    async (how) => {
      await using scene = await setUp();
      scene.runtime.next('restore', takes(600));
      const { error } = await callAndGo(scene, 'DISCONNECT_POLICY_CONTINUE', how);
      expect(error).toBeDefined();
      const seen = await readToEnd(scene.b.client.watch({ actor }));
      expect(seen.error).toBeUndefined();
      expect(seen.events[0]?.sequence).toBe('1');
      expect(seen.events.at(-1)?.completed?.actor).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
      expect(scene.runtime.calls.map(({ cancelled }) => cancelled)).toEqual([false]);
      expect(await redis.exists(lease())).toBe(0);
    },
  );

  it.each(['cancels', 'loses its connection'])(
    '%s ends a CANCEL workflow, whose lease is free within 200 ms',
    async (how) => {
      await using scene = await setUp();
      scene.runtime.next('restore', hang);
      const { error } = await callAndGo(scene, 'DISCONNECT_POLICY_CANCEL', how);
      expect(error).toBeDefined();
      await expect.poll(() => redis.exists(lease()), { timeout: 200, interval: 5 }).toBe(0);
      const seen = await readToEnd(scene.b.client.watch({ actor }));
      expect(seen.error).toMatchObject({ reason: 'CANCELLED' });
      expect((await readToEnd(scene.b.client.resume({ actor }))).error).toBeUndefined();
    },
  );
});
