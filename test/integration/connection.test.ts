// A connection to Redis that fails in each of its ways: a command is sent at
// most once, and its caller hears in time. Each setting of connect.ts is here
// because the default of the client would fail one of these.

import { Cluster, Redis } from 'ioredis';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ActorRef } from '../../src/actor/actor.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { connect } from '../../src/store/redis/connect.js';
import { Keys } from '../../src/store/redis/keys.js';
import { scripts } from '../../src/store/redis/scripts.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';
import { startRedis, type TestRedis } from '../redis.js';
import { startTcpProxy } from '../tcp-proxy.js';

const LIMIT_MS = 300;

const opened: { disconnect(): void }[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.disconnect();
});

/** A client as the program has it. */
function open(port: number): Redis {
  const client = connect(parseRedisUrl(`redis://127.0.0.1:${String(port)}`), 'test', LIMIT_MS);
  if (client instanceof Cluster) throw new Error('not a Cluster');
  client.on('error', () => undefined);
  opened.push(client);
  return client;
}

/** Looks at Redis itself, past any proxy. */
function look(redis: TestRedis): Redis {
  const probe = new Redis(redis.url);
  opened.push(probe);
  return probe;
}

/** Far longer than any of them takes. */
const EVENT_WITHIN_MS = 3000;

function next(client: Redis, event: 'ready' | 'close'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no '${event}' of the client`)), EVENT_WITHIN_MS);
    client.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function failure(command: Promise<unknown>): Promise<{ message: string; tookMs: number }> {
  const startedAtMs = performance.now();
  const error = await command.then(
    (answer) => new Error(`answered: ${JSON.stringify(answer)}`),
    (reason: unknown) => reason as Error,
  );
  return { message: error.message, tookMs: performance.now() - startedAtMs };
}

describe('a command to Redis', () => {
  it('that is not answered fails at its time limit', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    proxy.swallowReplies(true);
    const { message, tookMs } = await failure(client.get('x'));
    expect(message).toBe('Command timed out');
    expect(tookMs).toBeLessThan(LIMIT_MS + 200);
  });

  it('that is in flight when its connection breaks fails at once', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    proxy.swallowReplies(true);
    const failed = failure(client.incr('n'));
    const probe = look(redis);
    await expect.poll(() => probe.get('n'), { interval: 5, timeout: LIMIT_MS / 2 }).toBe('1');
    const brokeAtMs = performance.now();
    proxy.reset();
    expect((await failed).message).not.toBe('Command timed out');
    expect(performance.now() - brokeAtMs).toBeLessThan(100);
  });

  it('that is in flight when its connection breaks is never sent again', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const probe = look(redis);
    const client = open(proxy.port);
    await next(client, 'ready');
    proxy.swallowReplies(true);
    const failed = failure(client.incr('n'));
    await expect.poll(() => probe.get('n'), { interval: 5, timeout: LIMIT_MS / 2 }).toBe('1');
    const ready = next(client, 'ready');
    proxy.reset();
    proxy.swallowReplies(false);
    await Promise.all([failed, ready]);
    await client.ping();
    expect(await probe.get('n')).toBe('1');
  });

  it('while there is no connection fails at once, and is never sent later', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    const refused = next(client, 'close').then(() => failure(client.incr('n')));
    proxy.reset();
    const { message, tookMs } = await refused;
    expect(message).toContain('enableOfflineQueue');
    expect(tookMs).toBeLessThan(50);
    await next(client, 'ready');
    await client.ping();
    expect(await look(redis).get('n')).toBeNull();
  });

  it('to a master that was demoted fails, and makes the client look for the new one', async () => {
    await using redis = await startRedis();
    const client = open(redis.port);
    await next(client, 'ready');
    const before = await client.client('ID');
    const probe = look(redis);
    await probe.replicaof('127.0.0.1', 1);
    const reconnected = next(client, 'ready');
    expect((await failure(client.set('x', 'y'))).message).toMatch(/^READONLY/);
    await reconnected;
    expect(await client.client('ID')).not.toBe(before);
    await probe.replicaof('NO', 'ONE');
    // Nor was it sent again meanwhile.
    expect(await client.get('x')).toBeNull();
  });
});

describe('a connection to Redis', () => {
  it('that says nothing any more is given up for a new one', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    proxy.swallowReplies(true);
    const askedAtMs = performance.now();
    const closed = next(client, 'close');
    void client.ping().catch(() => undefined);
    await closed;
    expect(performance.now() - askedAtMs).toBeLessThan(LIMIT_MS + 500 + 300);
    proxy.swallowReplies(false);
    await next(client, 'ready');
    expect(await client.ping()).toBe('PONG');
  });

  it('that replaces a broken one is not given up for the silence of that', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    proxy.swallowReplies(true);
    const askedAtMs = performance.now();
    const failed = failure(client.ping());
    const ready = next(client, 'ready');
    proxy.reset();
    proxy.swallowReplies(false);
    await Promise.all([failed, ready]);
    const id = await client.client('ID');
    // Until the first one would have been given up, and some more.
    while (performance.now() - askedAtMs < LIMIT_MS + 500 + 300) expect(await client.client('ID')).toBe(id);
  });

  it('that is not made in time is given up for a new one', async () => {
    // Its queue of connections is full, so that the kernel answers no more of them.
    await using redis = await startRedis({ args: ['--tcp-backlog', '1'] });
    await redis.pause();
    const waiting: Socket[] = Array.from({ length: 8 }, () =>
      connectSocket(redis.port, redis.host).on('error', () => undefined),
    );
    try {
      await expect.poll(() => waiting.filter(({ connecting }) => !connecting).length).toBeGreaterThan(0);
      const client = open(redis.port);
      const startedAtMs = performance.now();
      await next(client, 'close');
      expect(performance.now() - startedAtMs).toBeGreaterThan(500);
      expect(performance.now() - startedAtMs).toBeLessThan(2000);
    } finally {
      for (const socket of waiting) socket.destroy();
    }
  });

  it('is made anew for as long as Redis is away, and within a moment of its return', async () => {
    const first = await startRedis();
    const client = open(first.port);
    await next(client, 'ready');
    await first.kill();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await using second = await startRedis({ port: first.port });
    const startedAtMs = performance.now();
    await next(client, 'ready');
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    expect(second.port).toBe(first.port);
  });
});

describe('a connection that breaks', () => {
  it('fails the renewals that it carries, one by one', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const client = open(proxy.port);
    await next(client, 'ready');
    const leases = new RedisLeaseStore(client, new Keys('x:'));
    const renewal = { resource: 'ns/a', value: 'v', ttlMs: 1000, notAfterUs: Number.MAX_SAFE_INTEGER };
    for (const renewals of [[renewal], [renewal, renewal]]) {
      proxy.swallowReplies(true);
      const renewed = leases.renew(renewals);
      proxy.reset();
      proxy.swallowReplies(false);
      expect(await renewed).toMatchObject(renewals.map(() => ({ type: 'failed' })));
      await next(client, 'ready');
    }
  });
});

describe('an acquire whose answer was lost', () => {
  it('leaves no lease that nobody renews', async () => {
    await using redis = await startRedis();
    await using proxy = await startTcpProxy(redis.port);
    const keys = new Keys('x:');
    const actor: ActorRef = { namespace: 'ns', name: 'a' };
    const probe = look(redis);
    await new RedisActorRegistry(probe, keys).create({
      ref: actor,
      spec: { command: [], env: {}, image: '' },
      pool: 'p',
    });
    const client = open(proxy.port);
    await next(client, 'ready');
    // Otherwise the answer that is lost is that Redis does not know the script.
    for (const { source } of [scripts.acquire, scripts.release]) await probe.script('LOAD', source);
    const life = { holder: 'replica-a', life: 'life-1', acquireTimeMs: 5, ttlMs: 30_000 };
    const store = new RedisWorkflowStore(client, keys);
    proxy.swallowReplies(true);
    const refused = failure(store.acquire({ actor, workflowId: 'w', kind: 'RESUME', ...life }));
    await expect.poll(() => probe.exists(keys.lease('ns/a')), { interval: 5, timeout: LIMIT_MS / 2 }).toBe(1);
    expect((await refused).message).toBe('Redis: Command timed out');
    await expect.poll(() => probe.exists(keys.lease('ns/a'))).toBe(0);
  });
});
