// The ways out for people, when something hangs: who works on an actor and since
// when, what has been in between states for too long, breaking a lease, and
// deleting by force.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ListActorsRequest } from '../../src/generated/actorworkflow/v1/ListActorsRequest.js';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type Ending, type TestCoordinator } from '../coordinator.js';
import { hang, refuse, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';

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

const ref = (name: string) => ({ namespace: 'ns', name });
const actor = ref('a');
const lease = (): string => keys.lease('ns/a');

interface Scene extends AsyncDisposable {
  readonly runtime: FakeNodeRuntime;
  readonly a: TestCoordinator;
  readonly b: TestCoordinator;
}

/** Two replicas that recover nothing by themselves, an actor, and two workers. */
async function setUp(): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const settings = { redisKeyPrefix: prefix, recoveryAttempts: '0' };
  const a = await startCoordinator({ ...settings, instanceId: 'replica-a' });
  const b = await startCoordinator({ ...settings, instanceId: 'replica-b' });
  for (const name of ['w1', 'w2']) {
    const worker = { pool: 'default', name };
    await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  }
  await a.client.createActor({ actor });
  // Connected, so that what is timed below is not the connection.
  await b.client.getActor(actor);
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

/** A Resume that hangs in its restore. */
async function resumeAndHang({ a, runtime }: Scene): Promise<Promise<Ending>[]> {
  runtime.next('restore', hang);
  const resumed = readToEnd(a.client.resume({ actor }));
  await runtime.nextCall('restore');
  return [resumed];
}

/** A workflow whose caller goes in the middle of its call to the runtime, and leaves the actor in between. */
async function abandon({ a, runtime }: Scene, kind: 'resume' | 'suspend' | 'pause', of = actor): Promise<void> {
  const call = kind === 'resume' ? 'restore' : 'checkpoint';
  const caller = new AbortController();
  runtime.next(call, hang);
  const called = readToEnd(a.client[kind]({ actor: of }, { signal: caller.signal }));
  await runtime.nextCall(call);
  caller.abort();
  await called;
  await expect.poll(() => redis.exists(keys.lease(`ns/${of.name}`))).toBe(0);
}

const succeed = async (stream: AsyncIterable<never> | ReturnType<TestCoordinator['client']['resume']>): Promise<void> =>
  expect((await readToEnd(stream)).error).toBeUndefined();

describe('GetActor', () => {
  it('tells who holds the lease, for what, in which step, since when and until when, while a workflow runs', async () => {
    await using scene = await setUp();
    const { a, b, runtime } = scene;
    runtime.next('restore', takes(400));
    const beganAtMs = Date.now();
    const resumed = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    await expect.poll(async () => (await b.client.getActor(actor)).lease?.step).toBe('restore');
    const { lease: live, state } = await b.client.getActor(actor);
    const readAtMs = Date.now();
    const { events } = await resumed;
    expect(state).toBe('ACTOR_STATE_RESUMING');
    expect(live).toMatchObject({
      holder: 'replica-a',
      kind: 'RESUME',
      workflow_id: events[0]?.workflow_id,
      fencing_token: events[0]?.started?.lease?.fencing_token,
    });
    const toMs = (time: { seconds: string; nanos: number } | null | undefined): number =>
      Number(time?.seconds) * 1000 + (time?.nanos ?? 0) / 1e6;
    expect(toMs(live?.acquire_time)).toBeGreaterThanOrEqual(beganAtMs);
    expect(toMs(live?.acquire_time)).toBeLessThanOrEqual(readAtMs);
    // The TTL is 30 s, and nothing was renewed yet.
    expect(toMs(live?.expire_time)).toBeGreaterThan(beganAtMs + 29_900);
    expect(toMs(live?.expire_time)).toBeLessThanOrEqual(readAtMs + 30_000);
    expect((await b.client.getActor(actor)).lease).toBeNull();
  });
});

describe('ForceRelease', () => {
  it('ends the stream of the holder with its reason within 200 ms, and the next Resume goes on', async () => {
    await using scene = await setUp();
    const { b, runtime } = scene;
    const [held] = await resumeAndHang(scene);
    const watched = readToEnd(b.client.watch({ actor }));
    const before = await b.client.getActor(actor);
    const brokenAtMs = performance.now();
    const { broken } = await b.client.forceRelease(actor, 'it hangs since noon');
    const ending = await held;
    expect(performance.now() - brokenAtMs).toBeLessThan(200);
    expect(broken).toMatchObject({
      holder: 'replica-a',
      kind: 'RESUME',
      workflow_id: before.lease?.workflow_id,
      fencing_token: before.lease?.fencing_token,
    });
    expect(ending?.error?.reason).toBe('LEASE_LOST');
    expect(ending?.error?.message).toContain('it hangs since noon');
    expect(ending?.error?.metadata['broken_by_force']).toBe('it hangs since noon');
    expect(ending?.events.at(-1)?.failed).toMatchObject({ reason: 'ERROR_REASON_LEASE_LOST', step: 'restore' });
    await expect.poll(() => runtime.calls[0]?.cancelled).toBe(true);
    // It has written nothing on its way out, not even why it failed.
    expect(await b.client.getActor(actor)).toEqual({ ...before, lease: null });
    expect((await watched).error?.message).toBe(ending?.error?.message);

    await succeed(b.client.resume({ actor }));
    expect(runtime.calls[1]?.fencingToken).toBeGreaterThan(runtime.calls[0]?.fencingToken ?? Infinity);
    expect(runtime.calls[1]?.worker).toBe(runtime.calls[0]?.worker);
    expect(runtime.violations).toEqual([]);
  });

  it('lets whoever waits go on at once', async () => {
    await using scene = await setUp();
    const [held] = await resumeAndHang(scene);
    const options = { lease_wait: { seconds: 30 } };
    const waiting = readToEnd(scene.b.client.resume({ actor, options }));
    await expect.poll(() => redis.zcard(keys.leaseQueue('ns/a')[0])).toBe(1);
    const brokenAtMs = performance.now();
    await scene.a.client.forceRelease(actor, 'it hangs');
    expect((await waiting).error).toBeUndefined();
    expect(performance.now() - brokenAtMs).toBeLessThan(500);
    expect((await held)?.error).toMatchObject({ reason: 'LEASE_LOST' });
    expect(await scene.a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
  });

  it('breaks what was written by hand as well, and says so where nobody holds the lease', async () => {
    await using scene = await setUp();
    await redis.set(lease(), 'by hand');
    expect((await scene.a.client.forceRelease(actor, 'who was that')).broken).toMatchObject({ holder: '' });
    expect(await redis.exists(lease())).toBe(0);
    expect(await scene.a.client.forceRelease(actor, 'just in case')).toEqual({ broken: null });
  });

  it('refuses to break a lease without a reason, or one of an actor that is not there', async () => {
    await using scene = await setUp();
    const [held] = await resumeAndHang(scene);
    for (const reason of ['', 'x'.repeat(201)]) {
      const refused = scene.b.client.forceRelease(actor, reason);
      await expect(refused).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT', violations: [{ field: 'reason' }] });
    }
    await expect(scene.b.client.forceRelease(ref('none'), 'x')).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await redis.exists(lease())).toBe(1);
    await scene.b.client.forceRelease(actor, 'x'.repeat(200));
    expect((await held)?.error?.message).toContain('x'.repeat(200));
  });
});

describe('DeleteActor', () => {
  /** What brings the actor there; a stream that is still open then must end as LEASE_LOST. */
  const states: [string, (scene: Scene) => Promise<Promise<Ending>[]>][] = [
    ['SUSPENDED', () => Promise.resolve([])],
    ['RESUMING, while it is resumed', resumeAndHang],
    ['RESUMING, abandoned', (scene) => abandon(scene, 'resume').then(() => [])],
    ['RUNNING', ({ a }) => succeed(a.client.resume({ actor })).then(() => [])],
    [
      'SUSPENDING, while it is suspended',
      async ({ a, runtime }) => {
        await succeed(a.client.resume({ actor }));
        runtime.next('checkpoint', hang);
        const suspended = readToEnd(a.client.suspend({ actor }));
        await runtime.nextCall('checkpoint');
        return [suspended];
      },
    ],
    [
      'SUSPENDING, abandoned',
      async (scene) => {
        await succeed(scene.a.client.resume({ actor }));
        await abandon(scene, 'suspend');
        return [];
      },
    ],
    [
      'PAUSING, abandoned',
      async (scene) => {
        await succeed(scene.a.client.resume({ actor }));
        await abandon(scene, 'pause');
        return [];
      },
    ],
    [
      'PAUSED',
      async ({ a }) => {
        await succeed(a.client.resume({ actor }));
        await succeed(a.client.pause({ actor }));
        return [];
      },
    ],
    [
      'CRASHED',
      async ({ a, runtime }) => {
        await succeed(a.client.resume({ actor }));
        const { worker } = await a.client.getActor(actor);
        await a.client.deregisterWorker({ pool: 'default', name: worker?.name ?? '' }, true);
        // As it does when it hears that its worker is out of service.
        runtime.running.clear();
        return [];
      },
    ],
  ];

  it.each(states)('by force, takes an actor that is %s, and leaves nothing of it', async (state, bringThere) => {
    await using scene = await setUp();
    const { a, b, runtime } = scene;
    const open = await bringThere(scene);
    const before = await a.client.getActor(actor);
    expect(before.state).toBe(`ACTOR_STATE_${state.split(',')[0] ?? ''}`);
    const deletedAtMs = performance.now();
    await b.client.deleteActor(actor, { force: true });
    expect(performance.now() - deletedAtMs).toBeLessThan(1000);
    for (const stream of open) {
      const { error } = await stream;
      expect(error?.reason).toBe('LEASE_LOST');
      expect(error?.message).toContain('deleted by force');
    }
    await expect(a.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect([...runtime.running]).toEqual([]);
    if (before.state !== 'ACTOR_STATE_SUSPENDED' && before.state !== 'ACTOR_STATE_CRASHED') {
      // Also what is frozen on a node, which no worker is held for.
      expect(runtime.calls.at(-1)).toMatchObject({ name: 'stop', actor: 'ns/a', worker: runtime.calls[0]?.worker });
    }
    expect((await a.client.listWorkers('default')).map((worker) => worker.actor)).not.toContainEqual(actor);
    expect((await a.client.listActors({ namespace: 'ns' })).actors).toEqual([]);
    expect(await redis.keys(`${prefix}*{ns/a}*`)).toEqual(open.length === 0 ? [] : [`${lease()}:broken`]);
    expect(runtime.violations).toEqual([]);
    // The name is free for another one.
    await a.client.createActor({ actor });
    await succeed(b.client.resume({ actor }));
  });

  it('by force, overtakes all who wait for the lease, and tells them', async () => {
    await using scene = await setUp();
    const { a, b } = scene;
    const [held] = await resumeAndHang(scene);
    const options = { lease_wait: { seconds: 30 } };
    const waiting = Array.from({ length: 20 }, (_, index) =>
      readToEnd((index % 2 === 0 ? a : b).client.suspend({ actor, options })),
    );
    await expect.poll(() => redis.zcard(keys.leaseQueue('ns/a')[0])).toBe(20);
    await b.client.deleteActor(actor, { force: true });
    expect((await held)?.error).toMatchObject({ reason: 'LEASE_LOST' });
    const reasons = (await Promise.all(waiting)).map(({ error }) => error?.reason);
    // One that was woken by the break may have come first, and was broken too.
    expect(reasons.filter((reason) => reason !== 'ACTOR_NOT_FOUND').length).toBeLessThanOrEqual(1);
    await expect(a.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
  });

  it('by force, takes an actor whose runtime cannot be reached, and frees its worker', async () => {
    await using scene = await setUp();
    await succeed(scene.a.client.resume({ actor }));
    await scene.runtime.close();
    const deletedAtMs = performance.now();
    await scene.b.client.deleteActor(actor, { force: true });
    expect(performance.now() - deletedAtMs).toBeLessThan(5000);
    await expect(scene.a.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect((await scene.a.client.listWorkers('default')).map((worker) => worker.actor)).toEqual([null, null]);
  });

  it('without force, refuses an actor that runs or is being worked on, and changes nothing', async () => {
    await using scene = await setUp();
    const { a, b } = scene;
    const [held] = await resumeAndHang(scene);
    await expect(b.client.deleteActor(actor)).rejects.toMatchObject({ reason: 'LEASE_HELD' });
    await a.client.forceRelease(actor, 'it hangs');
    await held;
    await expect(b.client.deleteActor(actor)).rejects.toMatchObject({ reason: 'INVALID_STATE' });
    await succeed(a.client.resume({ actor }));
    const before = await a.client.getActor(actor);
    await expect(b.client.deleteActor(actor)).rejects.toMatchObject({ reason: 'INVALID_STATE' });
    // But for the token of the lease that it was looked at under.
    expect(await a.client.getActor(actor)).toMatchObject({ state: before.state, version: before.version });
    expect(await redis.exists(lease())).toBe(0);
    await expect(b.client.deleteActor(ref('none'), { force: true })).rejects.toMatchObject({
      reason: 'ACTOR_NOT_FOUND',
    });
  });
});

describe('ListActors', () => {
  const names = async ({ a }: Scene, filter: ListActorsRequest): Promise<(string | undefined)[]> =>
    (await a.client.listActors({ namespace: 'ns', ...filter })).actors.map((found) => found.ref?.name);

  it('gives those in the given states, in full pages', async () => {
    await using scene = await setUp();
    const { a } = scene;
    const suspended = Array.from({ length: 250 }, (_, index) => `b${String(index).padStart(3, '0')}`);
    await Promise.all(suspended.map((name) => a.client.createActor({ actor: ref(name) })));
    // Far apart in the order of names, so that most of what is read is not wanted.
    await succeed(a.client.resume({ actor: ref('b010') }));
    await succeed(a.client.resume({ actor: ref('b240') }));
    await succeed(a.client.suspend({ actor: ref('b010') }));
    await abandon(scene, 'resume', ref('b120'));
    const states = ['ACTOR_STATE_RUNNING', 'ACTOR_STATE_RESUMING'] as const;
    expect(await names(scene, { states: [...states] })).toEqual(['b120', 'b240']);
    expect(await names(scene, { states: ['ACTOR_STATE_RUNNING'] })).toEqual(['b240']);
    expect(await names(scene, { states: ['ACTOR_STATE_PAUSED'] })).toEqual([]);

    const first = await a.client.listActors({ namespace: 'ns', states: [...states], page_size: 1 });
    expect(first.actors.map((found) => found.ref?.name)).toEqual(['b120']);
    const page_token = first.next_page_token;
    const second = await a.client.listActors({ namespace: 'ns', states: [...states], page_size: 1, page_token });
    expect(second.actors.map((found) => found.ref?.name)).toEqual(['b240']);
    expect(second.next_page_token).toBe('');

    const all: (string | undefined)[] = [];
    let token = '';
    do {
      const request = { namespace: 'ns', states: ['ACTOR_STATE_SUSPENDED' as const], page_size: 100 };
      const page = await a.client.listActors({ ...request, page_token: token });
      all.push(...page.actors.map((found) => found.ref?.name));
      token = page.next_page_token;
      expect(token === '' || page.actors.length === 100).toBe(true);
    } while (token !== '');
    expect(all).toEqual(['a', ...suspended.filter((name) => !['b120', 'b240'].includes(name))]);
  });

  it('gives those that have been in between for longer, whatever was tried on them meanwhile', async () => {
    await using scene = await setUp();
    const { a, runtime } = scene;
    await a.client.createActor({ actor: ref('young') });
    await a.client.createActor({ actor: ref('suspended') });
    const startedAtMs = performance.now();
    await abandon(scene, 'resume');
    const abandonedAtMs = performance.now();
    await expect.poll(() => performance.now() - abandonedAtMs).toBeGreaterThan(1000);
    // Writes the record, and does not get it out of RESUMING.
    await abandon(scene, 'resume');
    await abandon(scene, 'resume', ref('young'));
    expect(await names(scene, { transitional_for: {} })).toEqual(['a', 'young']);
    expect(await names(scene, { transitional_for: { nanos: 900_000_000 } })).toEqual(['a']);
    const sinceMs = performance.now() - startedAtMs;
    expect(await names(scene, { transitional_for: { seconds: Math.ceil(sinceMs / 1000) + 1 } })).toEqual([]);
    const states = ['ACTOR_STATE_SUSPENDING' as const];
    expect(await names(scene, { transitional_for: {}, states })).toEqual([]);
    runtime.next('restore', refuse('DATA_LOSS', 'torn'));
    await readToEnd(a.client.resume({ actor: ref('young') }));
    expect(await names(scene, { transitional_for: {} })).toEqual(['a']);
  });

  it('refuses a filter that makes no sense, and names it', async () => {
    await using scene = await setUp();
    const refused = async (filter: ListActorsRequest, field: string): Promise<void> => {
      await expect(names(scene, filter)).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT', violations: [{ field }] });
    };
    await refused({ states: ['ACTOR_STATE_RUNNING', 99] as never }, 'states[1]');
    await refused({ states: ['ACTOR_STATE_UNSPECIFIED'] }, 'states[0]');
    await refused({ transitional_for: { seconds: -1 } }, 'transitional_for');
  });
});
