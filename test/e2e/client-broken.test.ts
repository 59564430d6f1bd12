// The client's iterable when its connection breaks and the replica lives on: a
// proxy between the two, and another replica, or the same one, to go on with.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActorCoordinator, CallError } from '../../src/client/actor-coordinator.js';
import { startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, refuse, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js';
import { atProgress, collect, expectTheWholeOnce } from '../whole.js';

let prefix: string;
beforeEach(() => {
  prefix = uniquePrefix();
});
const opened: ActorCoordinator[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

interface Scene extends AsyncDisposable {
  readonly runtime: FakeNodeRuntime;
  readonly a: TestCoordinator;
  readonly b: TestCoordinator;
  readonly proxy: TcpProxy;
  /** Calls replica a through the proxy first, then replica b. */
  readonly coordinator: ActorCoordinator;
  /** Calls replica a through the proxy, and knows no other. */
  readonly single: ActorCoordinator;
}

async function setUp(): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const replica = (instanceId: string): Promise<TestCoordinator> =>
    startCoordinator({ redisKeyPrefix: prefix, instanceId, recoveryAttempts: '0' });
  const [a, b] = [await replica('replica-a'), await replica('replica-b')];
  const proxy = await startTcpProxy(Number(/\d+$/.exec(a.address)?.[0]));
  const coordinator = new ActorCoordinator([`127.0.0.1:${proxy.port}`, b.address]);
  const single = new ActorCoordinator(`127.0.0.1:${proxy.port}`);
  opened.push(coordinator, single);
  await a.client.registerWorker({
    worker: { pool: 'default', name: 'w' },
    runtime_address: runtime.address,
    node: 'n',
  });
  await a.client.createActor({ actor: { namespace: 'ns', name: 'a' } });
  return {
    runtime,
    a,
    b,
    proxy,
    coordinator,
    single,
    async [Symbol.asyncDispose]() {
      coordinator.close();
      single.close();
      await proxy.close();
      await Promise.all([a.close(), b.close()]);
      await runtime.close();
    },
  };
}

const caught = (error: unknown): CallError => {
  if (error instanceof CallError) return error;
  throw error;
};

describe('an iterable whose connection breaks', () => {
  it('goes on with the same workflow where that outlives its callers, without a gap', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    runtime.default('restore', takes(1000));
    const events = await collect(
      coordinator.resume('ns/a', { onDisconnect: 'continue' }),
      atProgress(300, () => proxy.reset()),
    );
    expectTheWholeOnce(events, 1);
    expect(runtime.calls.length).toBe(1);
    const late = events.filter((event) => event.type === 'step_progress' && event.done > 500);
    expect(late.length).toBeGreaterThan(0);
  });

  it('goes on at the same address where it knows no other', async () => {
    await using scene = await setUp();
    const { single, runtime, proxy } = scene;
    runtime.default('restore', takes(1000));
    const events = await collect(
      single.resume('ns/a', { onDisconnect: 'continue' }),
      atProgress(300, () => proxy.reset()),
    );
    expectTheWholeOnce(events, 1);
    expect(runtime.calls.length).toBe(1);
  });

  it('breaks as often as it likes', async () => {
    await using scene = await setUp();
    const { single, runtime, proxy } = scene;
    runtime.default('restore', takes(2000));
    let breaks = 0;
    const events = await collect(single.resume('ns/a', { onDisconnect: 'continue' }), (event) => {
      if (event.type !== 'step_progress' || breaks === 4) return;
      breaks += 1;
      proxy.reset();
    });
    expect(breaks).toBe(4);
    expectTheWholeOnce(events, 1);
  });

  it('begins again, once, what its replica has cancelled because of that', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    runtime.default('restore', takes(800));
    const events = await collect(
      coordinator.resume('ns/a'),
      atProgress(300, () => proxy.reset()),
    );
    expectTheWholeOnce(events, 2);
    expect(runtime.calls.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['restore', 'cancelled'],
      ['restore', 'ok'],
    ]);
    expect(runtime.violations).toEqual([]);
  });

  it('finds out by itself that nobody answers any more', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    runtime.default('restore', takes(800));
    const events = await collect(
      coordinator.resume('ns/a', { onDisconnect: 'continue' }),
      atProgress(300, () => {
        proxy.swallowReplies(true);
        proxy.swallowRequests(true);
      }),
    );
    expectTheWholeOnce(events, 1);
  });

  it('hears how a workflow failed meanwhile', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    runtime.default('restore', async (...args) => {
      await takes(600)(...args);
      await refuse('DATA_LOSS', 'torn snapshot')(...args);
    });
    const types: string[] = [];
    const error = await collect(coordinator.resume('ns/a', { onDisconnect: 'continue' }), (event) => {
      types.push(event.type);
      if (event.type === 'step_progress') proxy.reset();
    }).catch(caught);
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', code: 'DATA_LOSS', message: 'torn snapshot' });
    expect(types.filter((type) => type === 'failed' || type === 'started')).toEqual(['started', 'failed']);
    expect(types.at(-1)).toBe('failed');
    expect(runtime.calls.length).toBe(1);
  });

  it('does not take what somebody else has begun meanwhile for its own', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy, b } = scene;
    runtime.default('restore', takes(500));
    const done: Promise<unknown>[] = [];
    const events = await collect(
      coordinator.resume('ns/a', { onDisconnect: 'continue' }),
      atProgress(200, () => {
        // Cut off for long enough that its own workflow has ended, and a suspend has begun.
        proxy.swallowReplies(true);
        const other = new ActorCoordinator(b.address);
        opened.push(other);
        done.push(
          other
            .watch('ns/a')
            .actor()
            .then(() => other.suspend('ns/a').actor())
            .then(() => proxy.reset(true)),
        );
      }),
    );
    await Promise.all(done);
    // Nobody can tell it any more that its workflow had completed: so it calls again, as docs/client.md says.
    expectTheWholeOnce(events, 2);
    expect(events.at(-1)).toMatchObject({ actor: { state: 'RUNNING' } });
    expect(runtime.calls.map(({ name }) => name)).toEqual(['restore', 'checkpoint', 'restore']);
  });

  it('boots again, rather than join what restores a snapshot', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    await coordinator.resume('ns/a').actor();
    await coordinator.suspend('ns/a').actor();
    runtime.default('restore', takes(800));
    const events = await collect(
      coordinator.resume('ns/a', { boot: true }),
      atProgress(300, () => proxy.reset()),
    );
    expectTheWholeOnce(events, 2);
    const restores = runtime.calls.filter(({ name }) => name === 'restore').slice(1);
    expect(restores.map(({ snapshotUri }) => snapshotUri)).toEqual([undefined, undefined]);
  });

  it('ends with UNREACHABLE at once where it is not to look for its workflow', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy } = scene;
    runtime.default('restore', hang);
    const error = await collect(coordinator.resume('ns/a', { reconnectForMs: 0 }), (event) => {
      if (event.type === 'step_started' && event.step === 'restore') proxy.reset();
    }).catch(caught);
    expect(error).toMatchObject({ reason: 'UNREACHABLE', code: 'UNAVAILABLE' });
  });

  it('ends with UNREACHABLE when nothing has been heard for as long as it was to look', async () => {
    await using scene = await setUp();
    const { single, runtime, proxy } = scene;
    runtime.default('restore', hang);
    let brokeAtMs = 0;
    const delays: number[] = [];
    const error = await collect(
      single.resume('ns/a', { reconnectForMs: 1500, onRetry: (_error, delayMs) => delays.push(delayMs) }),
      (event) => {
        if (event.type !== 'step_started' || event.step !== 'restore') return;
        brokeAtMs = performance.now();
        proxy.reset(true);
      },
    ).catch(caught);
    const tookMs = performance.now() - brokeAtMs;
    expect(error).toMatchObject({ reason: 'UNREACHABLE' });
    expect(tookMs).toBeGreaterThanOrEqual(1499);
    expect(tookMs).toBeLessThan(3000);
    expect(delays.length).toBeGreaterThan(2);
  });

  it('stops looking when its signal aborts', async () => {
    await using scene = await setUp();
    const { single, runtime, proxy } = scene;
    runtime.default('restore', hang);
    const controller = new AbortController();
    const error = await collect(
      single.resume('ns/a', { signal: controller.signal, onRetry: () => controller.abort(new Error('enough')) }),
      (event) => {
        if (event.type === 'step_started' && event.step === 'restore') proxy.reset(true);
      },
    ).catch(caught);
    expect(error).toMatchObject({ reason: 'CANCELLED', cause: new Error('enough') });
  });
});

describe('watch', () => {
  it('goes on from another address, and ends as the workflow does', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, proxy, b } = scene;
    const other = new ActorCoordinator(b.address);
    opened.push(other);
    runtime.default('restore', takes(1000));
    const calls = runtime.nextCall('restore');
    const own = collect(other.resume('ns/a'));
    await calls;
    const seen = await collect(
      coordinator.watch('ns/a'),
      atProgress(300, () => proxy.reset(true)),
    );
    expectTheWholeOnce(seen, 1);
    const lasting = (events: Awaited<typeof own>) => events.filter(({ type }) => type !== 'step_progress');
    expect(lasting(seen)).toEqual(lasting(await own));
  });

  it('does not begin anything again', async () => {
    await using scene = await setUp();
    const { coordinator, runtime, a } = scene;
    runtime.default('restore', hang);
    const owner = new AbortController();
    const calls = runtime.nextCall('restore');
    const other = new ActorCoordinator(a.address);
    opened.push(other);
    const own = collect(other.resume('ns/a', { signal: owner.signal })).catch(caught);
    await calls;
    const watched = collect(coordinator.watch('ns/a')).catch(caught);
    await expect.poll(async () => (await coordinator.getActor('ns/a')).lease?.step).toBe('restore');
    owner.abort();
    expect(await own).toMatchObject({ reason: 'CANCELLED' });
    expect(await watched).toMatchObject({ reason: 'CANCELLED', message: 'the caller went away' });
    expect(runtime.calls.length).toBe(1);
  });
});
