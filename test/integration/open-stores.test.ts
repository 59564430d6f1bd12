// The stores of a replica on a Redis of the test's own: which one is refused,
// when the replica counts as ready, and over which connection what goes.

import { Redis } from 'ioredis';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { openStores, type StoreOptions, type Stores } from '../../src/store/redis/open.js';
import { scripts } from '../../src/store/redis/scripts.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';
import { startRedis } from '../redis.js';

interface Opened {
  readonly stores: Stores;
  readonly refusals: readonly string[];
  /** Each change of readiness. */
  readonly readiness: readonly boolean[];
  [Symbol.dispose](): void;
}

function open(url: string, options: Partial<StoreOptions> = {}): Opened {
  const refusals: string[] = [];
  const readiness: boolean[] = [];
  const stores = openStores({
    target: parseRedisUrl(url),
    keyPrefix: 'x:',
    allowEviction: false,
    name: 'replica-a',
    life: 'life-1',
    renewTimeoutMs: 10_000,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    onReady: (ready) => readiness.push(ready),
    onRefused: (why) => refusals.push(why),
    ...options,
  });
  return { stores, refusals, readiness, [Symbol.dispose]: () => stores.close() };
}

/** Stands before Redis and says that it is an old one. */
async function startOldRedis(port: number): Promise<{ readonly url: string } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream);
    // As long as what it replaces: replies carry their length.
    upstream.on('data', (chunk) => {
      const text = chunk.toString('latin1').replace(/redis_version:\d/, 'redis_version:6');
      client.write(text.replace('valkey_version', 'others_version'), 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a Redis', () => {
  it('that may evict keys is refused, unless that was allowed', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    using refused = open(redis.url);
    await expect
      .poll(() => refused.refusals[0])
      .toMatch(/maxmemory-policy allkeys-lru, .*; expected noeviction, or --/);
    expect(refused.readiness).toEqual([]);
    using allowed = open(redis.url, { allowEviction: true });
    await expect.poll(() => allowed.readiness).toEqual([true]);
    expect(allowed.refusals).toEqual([]);
  });

  it('that is too old is refused, and told by its version', async () => {
    await using redis = await startRedis();
    await using old = await startOldRedis(redis.port);
    using opened = open(old.url);
    await expect.poll(() => opened.refusals[0]).toMatch(/^--redis-url: got Redis 6\.\S+; expected 7\.0 or newer/);
    expect(opened.readiness).toEqual([]);
  });

  it('that stops answering makes the replica not ready within seconds, and ready again when it answers', async () => {
    await using redis = await startRedis();
    using opened = open(redis.url);
    await expect.poll(() => opened.readiness).toEqual([true]);
    await redis.pause();
    const pausedAtMs = performance.now();
    await expect.poll(() => opened.readiness, { timeout: 10_000 }).toEqual([true, false]);
    // One interval, and the time within which an answer is of use.
    expect(performance.now() - pausedAtMs).toBeLessThan(3500);
    await redis.resume();
    await expect.poll(() => opened.readiness).toEqual([true, false, true]);
  });

  it('knows every script once the replica is ready', async () => {
    await using redis = await startRedis();
    using opened = open(redis.url);
    await expect.poll(() => opened.readiness).toEqual([true]);
    const probe = new Redis(redis.url);
    const known = await probe.script('EXISTS', ...Object.values(scripts).map(({ sha1 }) => sha1));
    expect(known).toEqual(Object.values(scripts).map(() => 1));
    probe.disconnect();
  });

  it('that has forgotten the scripts is told them again', async () => {
    await using redis = await startRedis();
    using opened = open(redis.url);
    await expect.poll(() => opened.readiness).toEqual([true]);
    const probe = new Redis(redis.url);
    await probe.script('FLUSH');
    const ref = { namespace: 'ns', name: 'a' };
    await opened.stores.actors.create({ ref, spec: { command: [], env: {}, image: '' }, pool: 'p' });
    expect((await opened.stores.actors.look(ref)).actor).toMatchObject({ ref, state: 'SUSPENDED' });
    probe.disconnect();
  });

  it('hears renewals on a connection of their own', async () => {
    await using redis = await startRedis();
    using opened = open(redis.url);
    await expect.poll(() => opened.readiness).toEqual([true]);
    const lease = { resource: 'ns/a', value: 'v', ttlMs: 1000, notAfterUs: Number.MAX_SAFE_INTEGER };
    expect(await opened.stores.leases.renew([lease])).toEqual([{ type: 'lost' }]);
    const probe = new Redis(redis.url);
    const clients = String(await probe.client('LIST')).split('\n');
    expect(clients.find((line) => line.includes('name=replica-a:leases '))).toContain(' cmd=evalsha ');
    expect(clients.find((line) => line.includes('name=replica-a:records '))).not.toContain(' cmd=evalsha ');
    probe.disconnect();
  });
});
