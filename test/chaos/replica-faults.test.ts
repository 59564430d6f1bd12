// The first chaos: real replicas as processes, killed, stopped and cut off.
// Each test looks at the status, the record, the claims and the runtime's view.

import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd } from '../coordinator.js';
import { hang, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { startRedis, uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { startTcpProxy } from '../tcp-proxy.js';

const TTL_MS = 1500;
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

function replica(name: string, redisUrl = inject('redisUrl'), flags: readonly string[] = []): Promise<Replica> {
  return startReplica({
    redisUrl,
    redisKeyPrefix: prefix,
    instanceId: `replica-${name}`,
    flags: ['--lease-ttl', `${String(TTL_MS)}ms`, ...flags],
  });
}

async function prepare({ client }: Replica, runtime: FakeNodeRuntime): Promise<void> {
  for (const name of ['w0', 'w1']) {
    await client.registerWorker({ worker: { pool: 'default', name }, runtime_address: runtime.address, node: 'n' });
  }
  await client.createActor({ actor });
}

/** Asks again and again, as fast as a caller without a RetryInfo, until the lease is free. */
async function resumeWhenFree({ client }: Replica): Promise<Awaited<ReturnType<typeof readToEnd>>> {
  for (;;) {
    const ending = await readToEnd(client.resume({ actor }));
    if (ending.error?.reason !== 'LEASE_HELD') return ending;
  }
}

const holders = async ({ client }: Replica): Promise<(string | undefined)[]> =>
  (await client.listWorkers('default')).map((worker) => worker.actor?.name);

describe('a replica that is killed in the middle of a restore', () => {
  it('is succeeded within one TTL, on the same worker, with a greater token', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('a');
    await using b = await replica('b');
    await prepare(b, runtime);
    runtime.next('restore', hang);
    const first = readToEnd(a.client.resume({ actor }));
    const { fencingToken, worker } = await runtime.nextCall('restore');
    a.signal('SIGKILL');
    await a.exited;
    const killedAtMs = performance.now();
    expect((await first).error).toBeDefined();
    const { error, events } = await resumeWhenFree(b);
    expect(performance.now() - killedAtMs).toBeLessThan(TTL_MS + 300);
    expect(error).toBeUndefined();
    expect(Number(events[0]?.started?.lease?.fencing_token)).toBeGreaterThan(fencingToken);
    expect(events.at(-1)?.completed?.actor).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
    expect([...runtime.running]).toEqual([[worker, 'ns/a']]);
    expect((await holders(b)).filter((name) => name !== undefined)).toEqual(['a']);
    expect(runtime.violations).toEqual([]);
  });
});

describe('a replica that is stopped past its TTL and continued', () => {
  it('ends its stream with LEASE_LOST, changes no record, and the runtime accepts none of its calls', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('a');
    await using b = await replica('b');
    await prepare(b, runtime);
    // It answers while the replica is stopped, so that the replica wakes up with an answer in its hands.
    runtime.next('restore', takes(TTL_MS / 2));
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    a.signal('SIGSTOP');
    const { error } = await resumeWhenFree(b);
    expect(error).toBeUndefined();
    const before = await b.client.getActor(actor);
    a.signal('SIGCONT');
    expect((await first).error).toMatchObject({ reason: 'LEASE_LOST' });
    expect(await b.client.getActor(actor)).toEqual(before);
    expect(runtime.violations).toEqual([]);
    const tokens = runtime.calls.map(({ fencingToken }) => fencingToken);
    expect(tokens).toEqual([...tokens].sort((x, y) => x - y));
    expect((await readToEnd(b.client.suspend({ actor }))).error).toBeUndefined();
  });
});

describe('a Redis that is stopped with SIGSTOP', () => {
  it('costs the lease before its key would have expired, and the runtime call is cancelled by then', async () => {
    await using own = await startRedis();
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('a', own.url);
    await prepare(a, runtime);
    runtime.next('restore', hang);
    const first = readToEnd(a.client.resume({ actor }));
    const call = await runtime.nextCall('restore');
    const probe = new Redis(own.url);
    const stoppedAtMs = performance.now();
    // Read before the stop, so the key expires no sooner than this after it.
    const expiresInMs = await probe.pttl(keys.lease('ns/a'));
    await own.pause();
    const { error } = await first;
    const lostAfterMs = performance.now() - stoppedAtMs;
    expect(error).toMatchObject({ reason: 'LEASE_LOST' });
    expect(lostAfterMs).toBeLessThan(expiresInMs);
    await expect.poll(() => call.cancelled, { timeout: expiresInMs - lostAfterMs }).toBe(true);
    await own.resume();
    probe.disconnect();
    const again = await resumeWhenFree(a);
    expect(again.error).toBeUndefined();
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
  });
});

describe('a network between the replica and Redis', () => {
  it.each([
    ['swallows what is asked', (proxy: Proxy) => proxy.swallowRequests(true)],
    ['swallows what is answered', (proxy: Proxy) => proxy.swallowReplies(true)],
    ['resets every connection and refuses new ones', (proxy: Proxy) => proxy.reset(true)],
    ['delays each packet beyond the TTL', (proxy: Proxy) => proxy.delay(2 * TTL_MS)],
  ])('that %s costs the lease, and the next Resume finishes the work', async (_, misbehave) => {
    await using runtime = await startFakeNodeRuntime();
    await using proxy = await startTcpProxy(redis.options.port ?? 0);
    await using a = await replica('a', `redis://127.0.0.1:${String(proxy.port)}`);
    await using b = await replica('b');
    await prepare(b, runtime);
    runtime.next('restore', hang);
    const first = readToEnd(a.client.resume({ actor }));
    const call = await runtime.nextCall('restore');
    misbehave(proxy);
    const { error } = await first;
    expect(error).toMatchObject({ reason: 'LEASE_LOST' });
    await expect.poll(() => call.cancelled).toBe(true);
    const { error: later } = await resumeWhenFree(b);
    expect(later).toBeUndefined();
    expect(await b.client.getActor(actor)).toMatchObject({
      state: 'ACTOR_STATE_RUNNING',
      worker: { name: 'w0' },
    });
    expect(runtime.violations).toEqual([]);
  });

  it('that resets connections once is ridden out by a renew deadline of two thirds of the TTL', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using proxy = await startTcpProxy(redis.options.port ?? 0);
    await using a = await replica('a', `redis://127.0.0.1:${String(proxy.port)}`, [
      '--lease-renew-deadline',
      `${String((TTL_MS * 2) / 3)}ms`,
    ]);
    await prepare(a, runtime);
    runtime.next('restore', takes(2 * TTL_MS));
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    proxy.reset();
    expect((await first).error).toBeUndefined();
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
  });
});

describe('a lease key', () => {
  it.each([
    ['deleted', () => redis.del(keys.lease('ns/a'))],
    ['overwritten', () => redis.set(keys.lease('ns/a'), 'somebody else', 'PX', 200)],
  ])('that is %s costs the lease within a renewal interval; nothing is written', async (_, tamper) => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('a');
    await prepare(a, runtime);
    runtime.next('restore', hang);
    const first = readToEnd(a.client.resume({ actor }));
    const call = await runtime.nextCall('restore');
    const tamperedAtMs = performance.now();
    await tamper();
    expect((await first).error).toMatchObject({ reason: 'LEASE_LOST' });
    expect(performance.now() - tamperedAtMs).toBeLessThan(TTL_MS / 3 + 200);
    await expect.poll(() => call.cancelled).toBe(true);
    expect(await a.client.getActor(actor)).toMatchObject({
      state: 'ACTOR_STATE_RESUMING',
      worker: { name: 'w0' },
      last_failure: null,
    });
    const again = await resumeWhenFree(a);
    expect(again.error).toBeUndefined();
    expect(runtime.violations).toEqual([]);
  });
});

describe('SIGTERM', () => {
  it('lets what runs finish, refuses what is new, and exits 0', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await replica('a');
    await prepare(a, runtime);
    await a.client.createActor({ actor: { namespace: 'ns', name: 'b' } });
    runtime.next('restore', takes(700));
    const first = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    a.signal('SIGTERM');
    await expect.poll(() => a.log.some(({ msg }) => msg === 'draining')).toBe(true);
    const refused = await readToEnd(a.client.resume({ actor: { namespace: 'ns', name: 'b' } }));
    expect(refused.error).toMatchObject({ reason: 'DRAINING', retryAfterMs: 1000 });
    expect((await first).error).toBeUndefined();
    expect(await a.exited).toBe(0);
    expect(await redis.hget(keys.actor(actor), 'state')).toBe('RUNNING');
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
  });
});

describe('a bad setting', () => {
  it.each([
    [
      ['--lease-renew-interval', '1400ms'],
      /^--lease-renew-interval: got 1400ms; expected .* at most half of --lease-ttl/m,
    ],
    [['--lease-ttl', 'soon'], /^--lease-ttl: got 'soon'; expected a duration/m],
    [['--listen', 'nowhere'], /^--listen: got 'nowhere'; expected host:port/m],
    [['--no-such-flag'], /unknown option '--no-such-flag'/],
  ])('stops the start with one line and exit code 2: %j', async (flags, line) => {
    const failed = replica('a', undefined, flags).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    expect(await failed).toMatch(line);
    expect(await failed).toMatch(/ended with 2 /);
  });

  it('of Redis does too: one that may evict leases', async () => {
    await using evicting = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    await expect(replica('a', evicting.url)).rejects.toThrow(/ended with 2 .*maxmemory-policy allkeys-lru/s);
    await using allowed = await replica('a', evicting.url, ['--redis-allow-eviction']);
    expect(allowed.address).toMatch(/:\d+$/);
  });
});

type Proxy = Awaited<ReturnType<typeof startTcpProxy>>;
