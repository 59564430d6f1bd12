// The client of actor-coordinator/client as its callers see it: errors, retries,
// several addresses, cancels, credentials. What it makes of killed replicas is
// in client-killed.test.ts, of broken connections in client-broken.test.ts.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActorCoordinator, CallError, type WorkflowEvent } from '../../src/client/actor-coordinator.js';
import { certify, hasOpenssl } from '../certificates.js';
import { startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, refuse, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { freePort, startRedis, uniquePrefix } from '../redis.js';
import { collect, expectTheWholeOnce } from '../whole.js';

let prefix: string;
beforeEach(() => {
  prefix = uniquePrefix();
});
const opened: ActorCoordinator[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

type Settings = Partial<Parameters<typeof startCoordinator>[0]>;

const replica = (settings: Settings = {}): Promise<TestCoordinator> =>
  startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-a', ...settings });

function connect(...args: ConstructorParameters<typeof ActorCoordinator>): ActorCoordinator {
  const client = new ActorCoordinator(...args);
  opened.push(client);
  return client;
}

interface Scene extends AsyncDisposable {
  readonly a: TestCoordinator;
  readonly runtime: FakeNodeRuntime;
  readonly coordinator: ActorCoordinator;
}

/** A replica, one worker, and the actors ns/a and ns/b. */
async function setUp(settings: Settings = {}): Promise<Scene> {
  const runtime = await startFakeNodeRuntime();
  const a = await replica(settings);
  const coordinator = connect(a.address);
  await coordinator.registerWorker({ pool: 'default', name: 'w' }, { runtimeAddress: runtime.address, node: 'n' });
  for (const name of ['ns/a', 'ns/b']) await coordinator.createActor(name);
  return {
    a,
    runtime,
    coordinator,
    async [Symbol.asyncDispose]() {
      await a.close();
      await runtime.close();
    },
  };
}

async function failure(promise: Promise<unknown>): Promise<CallError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CallError) return error;
  throw new Error('expected a CallError', { cause: error });
}

/** What the calls back to the caller said, and when. */
function witness() {
  const waits: { readonly error: CallError; readonly delayMs: number; readonly atMs: number }[] = [];
  const onRetry = (error: CallError, delayMs: number): void => {
    waits.push({ error, delayMs, atMs: performance.now() });
  };
  return { waits, onRetry };
}

describe('a workflow', () => {
  it('is an iterable of typed events, the last one with the actor', async () => {
    await using scene = await setUp();
    scene.runtime.next('restore', takes(300));
    const events = await collect(scene.coordinator.resume({ namespace: 'ns', name: 'a' }, { leaseEvents: true }));
    expectTheWholeOnce(events, 1);
    const [started] = events;
    expect(started).toMatchObject({
      type: 'started',
      sequence: 1,
      kind: 'RESUME',
      actor: { namespace: 'ns', name: 'a' },
      lease: { holder: 'replica-a', ttlMs: 30_000 },
    });
    expect(Math.abs(Date.now() - (started?.time.getTime() ?? 0))).toBeLessThan(10_000);
    const progress = events.find((event) => event.type === 'step_progress' && event.done > 0);
    expect(progress).toMatchObject({ step: 'restore', phase: 'unpack', total: 300, unit: 'ms' });
    const restored = events.find((event) => event.type === 'step_completed' && event.step === 'restore');
    expect(restored).toMatchObject({ skipped: false });
    expect(restored?.type === 'step_completed' && restored.durationMs).toBeGreaterThanOrEqual(290);
    const last = events.at(-1);
    if (last?.type !== 'completed') throw new Error('it has not completed');
    expect(last.actor).toMatchObject({ state: 'RUNNING', worker: { pool: 'default', name: 'w' }, pool: 'default' });
    expect(last.actor.fencingToken).toBe(started?.type === 'started' && started.lease?.fencingToken);
    expect(last.durationMs).toBeGreaterThanOrEqual(290);
  });

  it('can be awaited for its actor alone, and changes nothing the second time', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    const first = await coordinator.resume('ns/a').actor();
    expect(await coordinator.resume('ns/a').actor()).toEqual(first);
    expect(await coordinator.suspend('ns/a').actor()).toMatchObject({
      state: 'SUSPENDED',
      latestSnapshot: { location: 'DURABLE', sizeBytes: expect.any(Number) as number },
    });
    await coordinator.resume('ns/a').actor();
    expect(await coordinator.pause('ns/a').actor()).toMatchObject({ state: 'PAUSED' });
    expect(runtime.calls.map(({ name }) => name)).toEqual(['restore', 'checkpoint', 'restore', 'checkpoint']);
  });

  it('begins when it is read, and is cancelled when its reader leaves', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const workflow = coordinator.resume('ns/a');
    expect((await coordinator.getActor('ns/a')).lease).toBeUndefined();
    for await (const event of workflow) if (event.type === 'step_started' && event.step === 'restore') break;
    await expect.poll(async () => (await coordinator.getActor('ns/a')).lease).toBeUndefined();
    expect(await coordinator.getActor('ns/a')).toMatchObject({
      state: 'RESUMING',
      lastFailure: { reason: 'CANCELLED' },
    });
  });

  it('ends with CANCELLED and the reason of the signal, whether it runs, waits or has not begun', async () => {
    await using scene = await setUp({ maxWorkflows: '1' });
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const running = new AbortController();
    const waiting = new AbortController();
    const calls = runtime.nextCall('restore');
    const held = failure(coordinator.resume('ns/a', { signal: running.signal }).actor());
    await calls;
    const { waits, onRetry } = witness();
    const refused = failure(
      coordinator.resume('ns/b', { signal: waiting.signal, retry: { forMs: 60_000 }, onRetry }).actor(),
    );
    await expect.poll(() => waits.length, { timeout: 15_000 }).toBe(1);
    const why = new Error('the user has left');
    const abortedAtMs = performance.now();
    waiting.abort(why);
    expect(await refused).toMatchObject({ reason: 'CANCELLED', code: 'CANCELLED', cause: why });
    running.abort(why);
    expect(await held).toMatchObject({ reason: 'CANCELLED', cause: why });
    expect(performance.now() - abortedAtMs).toBeLessThan(500);
    expect(await failure(coordinator.resume('ns/b', { signal: AbortSignal.abort(why) }).actor())).toMatchObject({
      reason: 'CANCELLED',
      cause: why,
    });
    await expect.poll(() => runtime.calls[0]?.cancelled).toBe(true);
  });

  it('passes its options on', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    runtime.default('restore', takes(400));
    const calls = runtime.nextCall('restore');
    const first = collect(coordinator.resume('ns/a'));
    const { workflowId } = await calls;
    // join
    expect(
      new Set((await collect(coordinator.resume('ns/a', { join: true }))).map((event) => event.workflowId)),
    ).toEqual(new Set([workflowId]));
    await first;
    // leaseWaitMs: the suspend runs, and the resume behind it; workerWaitMs: ns/b gets the worker in between.
    runtime.default('checkpoint', takes(300));
    const suspend = runtime.nextCall('checkpoint');
    const suspended = coordinator.suspend('ns/a').actor();
    await suspend;
    const other = coordinator.resume('ns/b', { workerWaitMs: 10_000 }).actor();
    expect((await suspended).state).toBe('SUSPENDED');
    expect((await other).state).toBe('RUNNING');
    const again = runtime.nextCall('checkpoint');
    const freed = coordinator.suspend('ns/b').actor();
    await again;
    const behind = coordinator.resume('ns/b', { leaseWaitMs: 10_000, boot: true }).actor();
    await freed;
    expect((await behind).state).toBe('RUNNING');
    // boot: although there is a snapshot.
    expect(runtime.calls.at(-1)).toMatchObject({ name: 'restore', snapshotUri: undefined });
    // deadlineMs
    runtime.default('checkpoint', hang);
    expect(await failure(coordinator.suspend('ns/b', { deadlineMs: 200 }).actor())).toMatchObject({
      reason: 'WORKFLOW_DEADLINE',
      code: 'DEADLINE_EXCEEDED',
    });
    // onDisconnect
    runtime.default('checkpoint', takes(300));
    for await (const event of coordinator.suspend('ns/b', { onDisconnect: 'continue' })) {
      if (event.type === 'step_started' && event.step === 'checkpoint') break;
    }
    const seen = await collect(coordinator.watch('ns/b'));
    expect(seen.at(-1)).toMatchObject({ type: 'completed', actor: { state: 'SUSPENDED' } });
    const { sequence } = seen[2] ?? { sequence: 0 };
    expect(await collect(coordinator.watch('ns/b', { afterSequence: sequence }))).toEqual(seen.slice(3));
  });

  it('ends at its timeout, also while it waits for another attempt', async () => {
    await using scene = await setUp({ maxWorkflows: '1' });
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const calledAtMs = performance.now();
    const running = failure(coordinator.resume('ns/a', { timeoutMs: 600 }).actor());
    await runtime.nextCall('restore');
    const { waits, onRetry } = witness();
    const waiting = failure(coordinator.resume('ns/b', { timeoutMs: 300, retry: { forMs: 60_000 }, onRetry }).actor());
    expect(await waiting).toMatchObject({ code: 'DEADLINE_EXCEEDED', reason: 'WORKFLOW_DEADLINE' });
    expect(waits[0]?.error.reason).toBe('OVERLOADED');
    expect(await running).toMatchObject({ code: 'DEADLINE_EXCEEDED', reason: 'WORKFLOW_DEADLINE' });
    expect(performance.now() - calledAtMs).toBeLessThan(1500);
  });
});

describe('an error', () => {
  it('has its reason, its code and its facts', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    expect(await failure(coordinator.getActor('ns/none'))).toMatchObject({
      name: 'CallError',
      reason: 'ACTOR_NOT_FOUND',
      code: 'NOT_FOUND',
      message: expect.stringContaining('no actor ns/none') as string,
    });
    expect(await failure(coordinator.resume('ns/Not_A_Label').actor())).toMatchObject({
      reason: 'INVALID_ARGUMENT',
      violations: [{ field: 'actor.name' }],
    });
    expect(await failure(coordinator.createActor('ns/a'))).toMatchObject({ reason: 'ACTOR_ALREADY_EXISTS' });
    runtime.next('restore', refuse('DATA_LOSS', 'torn snapshot'));
    const events: WorkflowEvent[] = [];
    const refused = failure(collect(coordinator.resume('ns/a'), (event) => events.push(event)));
    expect(await refused).toMatchObject({ reason: 'RUNTIME_FAILED', code: 'DATA_LOSS', message: 'torn snapshot' });
    expect(events.at(-1)).toMatchObject({
      type: 'failed',
      reason: 'RUNTIME_FAILED',
      code: 'DATA_LOSS',
      step: 'restore',
    });
  });

  it('of a lease that is held says by whom, and when to try again', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const holding = new AbortController();
    const held = failure(coordinator.resume('ns/a', { signal: holding.signal }).actor());
    const { workflowId } = await calls;
    const error = await failure(coordinator.suspend('ns/a').actor());
    expect(error).toMatchObject({ reason: 'LEASE_HELD', code: 'ABORTED', holder: 'replica-a' });
    expect(error.metadata).toMatchObject({ kind: 'RESUME', workflow_id: workflowId });
    expect(error.retryAfterMs).toBeGreaterThan(20_000);
    holding.abort();
    await held;
  });

  it('says where nobody could be reached, and why', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const coordinator = connect([`127.0.0.1:${port}`, `127.0.0.1:${other}`]);
    const error = await failure(coordinator.resume('ns/a').actor());
    expect(error).toMatchObject({ reason: 'UNREACHABLE', code: 'UNAVAILABLE' });
    expect(error.message).toMatch(
      new RegExp(`^no connection to 127.0.0.1:${port}: .*ECONNREFUSED.*; nor to 127.0.0.1:${other}: .*ECONNREFUSED`),
    );
  });

  it.each([
    [
      'an address without a port',
      () => new ActorCoordinator('localhost'),
      /^address: got "localhost"; expected host:port/,
    ],
    ['no address', () => new ActorCoordinator([]), /^addresses: got none/],
    ['half of a key pair', () => new ActorCoordinator('h:1', { tls: { cert: 'x' } }), /^tls: .* key is missing/],
    ['a name without a namespace', () => connect('h:1').resume('a'), /^actor: got "a"; expected NAMESPACE\/NAME/],
    ['a name with too many parts', () => connect('h:1').watch('a/b/c'), /^actor: got "a\/b\/c"/],
  ])('for %s is thrown at once', (_, make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});

describe('a retry', () => {
  it('happens only when asked for', async () => {
    await using scene = await setUp({ maxWorkflows: '1' });
    const { coordinator, runtime } = scene;
    runtime.default('restore', takes(400));
    const calls = runtime.nextCall('restore');
    const running = coordinator.resume('ns/a').actor();
    await calls;
    const { waits, onRetry } = witness();
    const error = await failure(coordinator.resume('ns/b', { onRetry }).actor());
    expect(error).toMatchObject({ reason: 'OVERLOADED', code: 'RESOURCE_EXHAUSTED' });
    expect(waits).toEqual([]);
    await running;
  });

  it('does not happen for each address at which nobody is', async () => {
    const dead = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
    const coordinator = connect(dead);
    const { waits, onRetry } = witness();
    expect(await failure(coordinator.resume('ns/a', { onRetry }).actor())).toMatchObject({ reason: 'UNREACHABLE' });
    expect(waits).toEqual([]);
  });

  it('of a lease that is held comes no sooner than RetryInfo says', async () => {
    await using scene = await setUp({ leaseTtl: '1s' });
    const { coordinator, runtime } = scene;
    runtime.default('restore', takes(300));
    const calls = runtime.nextCall('restore');
    const running = coordinator.resume('ns/a').actor();
    await calls;
    const { waits, onRetry } = witness();
    const suspended = await coordinator.suspend('ns/a', { retry: { forMs: 20_000 }, onRetry }).actor();
    expect(suspended.state).toBe('SUSPENDED');
    await running;
    expect(waits.length).toBe(1);
    const [{ error, delayMs } = { error: undefined, delayMs: 0 }] = waits;
    expect(error?.reason).toBe('LEASE_HELD');
    expect(delayMs).toBeGreaterThanOrEqual(error?.retryAfterMs ?? Infinity);
    expect(delayMs).toBeLessThanOrEqual(1.25 * (error?.retryAfterMs ?? 0));
  });

  it('waits until a worker is free', async () => {
    await using scene = await setUp();
    const { coordinator } = scene;
    await coordinator.resume('ns/a').actor();
    const { waits, onRetry } = witness();
    const events = collect(coordinator.resume('ns/b', { retry: { forMs: 20_000 }, onRetry }));
    await expect.poll(() => waits.length, { timeout: 15_000 }).toBe(1);
    await coordinator.suspend('ns/a').actor();
    expect(waits[0]?.error.reason).toBe('NO_FREE_WORKER');
    // It had begun, and failed at its second step: another run goes on there.
    expectTheWholeOnce(await events, waits.length + 1);
  });

  it('waits until the node runtime is back, and tells the workflow as one', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    await runtime.close();
    const { waits, onRetry } = witness();
    const events = collect(coordinator.resume('ns/a', { retry: { forMs: 40_000 }, onRetry }));
    await expect.poll(() => waits.length, { timeout: 15_000 }).toBe(1);
    expect(waits[0]?.error.reason).toBe('RUNTIME_UNAVAILABLE');
    await using back = await startFakeNodeRuntime({ port: runtime.port });
    expectTheWholeOnce(await events, waits.length + 1);
    expect([...back.running.values()]).toEqual(['ns/a']);
  });

  it('waits until Redis is back', async () => {
    const redis = await startRedis();
    await using a = await replica({ redisUrl: redis.url });
    const coordinator = connect(a.address);
    await coordinator.createActor('ns/a');
    await redis.kill();
    const error = await failure(coordinator.getActor('ns/a'));
    expect(error).toMatchObject({ reason: 'STORE_UNAVAILABLE', code: 'UNAVAILABLE' });
    const { waits, onRetry } = witness();
    const options = { retry: { forMs: 20_000 }, onRetry };
    const created = coordinator.createActor('ns/b', {}, options);
    const resumed = failure(coordinator.resume('ns/c', options).actor());
    await expect.poll(() => waits.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
    const back = await startRedis({ port: redis.port });
    expect((await created).state).toBe('SUSPENDED');
    // It was Redis that kept it from saying so.
    expect(await resumed).toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    await back.stop();
  });

  it('waits until a replica serves', async () => {
    const port = await freePort();
    const coordinator = connect(`127.0.0.1:${port}`);
    const { waits, onRetry } = witness();
    const created = coordinator.createActor('ns/a', {}, { retry: { forMs: 20_000 }, onRetry });
    await expect.poll(() => waits.length, { timeout: 15_000 }).toBe(1);
    expect(waits[0]?.error.reason).toBe('UNREACHABLE');
    await using a = await replica({ listen: [`127.0.0.1:${port}`] });
    expect(a.address).toBe(`127.0.0.1:${port}`);
    expect((await created).ref).toEqual({ namespace: 'ns', name: 'a' });
  });

  it('gives up when its time is over, with what the last attempt ended with', async () => {
    await using scene = await setUp({ maxWorkflows: '1' });
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const holding = new AbortController();
    const held = failure(coordinator.resume('ns/a', { signal: holding.signal }).actor());
    await calls;
    const { waits, onRetry } = witness();
    const calledAtMs = performance.now();
    const error = await failure(coordinator.resume('ns/b', { retry: { forMs: 1500 }, onRetry }).actor());
    const tookMs = performance.now() - calledAtMs;
    expect(error.reason).toBe('OVERLOADED');
    expect(tookMs).toBeGreaterThanOrEqual(1499);
    expect(tookMs).toBeLessThan(2500);
    expect(waits.length).toBe(2);
    holding.abort();
    await held;
  });

  it('does not undo what a person did by force', async () => {
    await using scene = await setUp();
    const { coordinator, runtime } = scene;
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const { waits, onRetry } = witness();
    const held = failure(coordinator.resume('ns/a', { retry: { forMs: 60_000 }, onRetry }).actor());
    await calls;
    expect(await coordinator.forceRelease('ns/a', 'it hangs since noon')).toMatchObject({
      holder: 'replica-a',
      kind: 'RESUME',
    });
    expect(await held).toMatchObject({ reason: 'LEASE_LOST', metadata: { broken_by_force: 'it hangs since noon' } });
    expect(waits).toEqual([]);
    expect(await coordinator.forceRelease('ns/a', 'again')).toBeUndefined();
  });
});

describe('with several addresses', () => {
  it('calls go to the first that answers, and on from one that leaves or is full', async () => {
    await using scene = await setUp({ maxWorkflows: '1' });
    const { a, runtime } = scene;
    await using b = await replica({ instanceId: 'replica-b' });
    const nobody = `127.0.0.1:${await freePort()}`;
    const coordinator = connect([nobody, a.address, b.address]);
    const holders: string[] = [];
    const note = (event: WorkflowEvent): void => {
      if (event.type === 'started' && event.lease !== undefined) holders.push(event.lease.holder);
    };
    runtime.default('restore', takes(300));
    const calls = runtime.nextCall('restore');
    const first = collect(coordinator.resume('ns/a'), note);
    await calls;
    // Full: without having been asked to retry.
    await collect(coordinator.suspend('ns/b'), note);
    await first;
    expect(holders).toEqual(['replica-a', 'replica-b']);
    await b.close();
    await collect(coordinator.suspend('ns/a'), note);
    expect(holders).toEqual(['replica-a', 'replica-b', 'replica-a']);
  });
});

describe('the registries', () => {
  it('are promises, and lists are read to their end', async () => {
    await using scene = await setUp();
    const { coordinator } = scene;
    const created = await coordinator.createActor('ns/c', {
      spec: {
        command: ['node', 'c.mjs'],
        env: { A: '1' },
        image: 'i:1',
        runtimeOptions: { ready_path: '/', deep: [1] },
      },
      pool: 'gpu',
      snapshot: { uri: 's3://golden/1/', sizeBytes: 7 },
    });
    expect(created).toMatchObject({
      state: 'SUSPENDED',
      spec: {
        command: ['node', 'c.mjs'],
        env: { A: '1' },
        image: 'i:1',
        runtimeOptions: { ready_path: '/', deep: [1] },
      },
      pool: 'gpu',
      latestSnapshot: { uri: 's3://golden/1/', location: 'DURABLE', sizeBytes: 7 },
    });
    expect(await coordinator.getActor('ns/c')).toEqual(created);
    await coordinator.resume('ns/a').actor();
    const names = async (options = {}): Promise<string[]> => {
      const found: string[] = [];
      for await (const { ref } of coordinator.listActors('ns', options)) found.push(ref.name);
      return found;
    };
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect(await names({ states: ['RUNNING', 'PAUSED'] })).toEqual(['a']);
    expect(await names({ transitionalForMs: 1000 })).toEqual([]);
    expect(await coordinator.listWorkers()).toMatchObject([
      { ref: { name: 'w' }, actor: { namespace: 'ns', name: 'a' }, node: 'n', expireTime: undefined },
    ]);
    expect(await failure(coordinator.deleteActor('ns/a'))).toMatchObject({ reason: 'INVALID_STATE' });
    await coordinator.deleteActor('ns/a', { force: true });
    await coordinator.deleteActor('ns/b');
    expect(await names()).toEqual(['c']);
    await coordinator.deregisterWorker({ pool: 'default', name: 'w' });
    expect(await coordinator.listWorkers()).toEqual([]);
  });
});

describe('credentials', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'client-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  const read = async (name: string, ca?: string) => {
    const { cert, key } = certify(directory, name, ca);
    return { files: { cert, key }, cert: await readFile(cert), key: await readFile(key, 'utf8') };
  };

  it('of the coordinator are checked, and its own are shown to it', async (context) => {
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const [server, ca] = [await read('server'), await read('ca')];
    const [member, stranger] = [await read('member', 'ca'), await read('stranger')];
    await using a = await replica({
      listen: ['127.0.0.1:0'],
      tlsCert: server.files.cert,
      tlsKey: server.files.key,
      tlsClientCa: ca.files.cert,
    });
    const call = (tls: object | boolean) => failure(connect(a.address, { tls }).getActor('ns/none'));
    const { cert, key } = member;
    expect(await call({ ca: server.cert, cert, key })).toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await call({ ca: server.cert, cert: stranger.cert, key: stranger.key })).toMatchObject({
      reason: 'UNREACHABLE',
    });
    expect(await call({ ca: stranger.cert, cert, key })).toMatchObject({
      reason: 'UNREACHABLE',
      message: expect.stringContaining('self-signed certificate') as string,
    });
    expect(await call({ ca: server.cert, cert, key, serverName: 'elsewhere' })).toMatchObject({
      reason: 'UNREACHABLE',
      message: expect.stringContaining('elsewhere') as string,
    });
    expect(await call(false)).toMatchObject({ reason: 'UNREACHABLE' });
  });

  it('are not needed on a Unix socket', async () => {
    await using a = await replica({ listen: [`unix://${directory}/c.sock`] });
    const coordinator = connect(a.address);
    expect((await coordinator.createActor('ns/a')).state).toBe('SUSPENDED');
  });
});
