// A replica that is told to stop: what it says, what it still does, and in which
// order it lets go of things.

import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { service as healthService } from 'grpc-health-check';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { freePort, uniquePrefix } from '../redis.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => {
  redis.disconnect();
});

const actor = { namespace: 'ns', name: 'a' };
let prefix: string;
let keys: Keys;
beforeEach(() => {
  prefix = uniquePrefix();
  keys = new Keys(prefix);
});

const start = (instanceId: string, settings: object = {}): Promise<TestCoordinator> =>
  startCoordinator({ redisKeyPrefix: prefix, instanceId, drainTimeout: '5s', ...settings });

async function prepare({ client }: TestCoordinator, runtime: FakeNodeRuntime): Promise<void> {
  const worker = { pool: 'default', name: 'w' };
  await client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  await client.createActor({ actor });
}

/** SERVING or NOT_SERVING. */
function health(address: string): Promise<string> {
  const Client = makeClientConstructor(healthService, 'Health');
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise((resolve, reject) => {
    const check = Reflect.get(client, 'Check') as (
      request: object,
      done: (error: Error | null, answer?: { status: string }) => void,
    ) => void;
    check.call(client, { service: '' }, (error, answer) => {
      client.close();
      if (error === null) resolve(String(answer?.status));
      else reject(error);
    });
  });
}

describe('a replica that is told to stop', () => {
  it('lets what runs finish, and only then lets go of Redis', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using b = await start('replica-b');
    const a = await start('replica-a');
    await prepare(b, runtime);
    runtime.next('restore', takes(500));
    const resumed = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const closed = a.close();
    const { error, events } = await resumed;
    expect(error).toBeUndefined();
    expect(events.at(-1)?.completed?.actor).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });
    await closed;
    expect(await redis.exists(keys.lease('ns/a'))).toBe(0);
    // What it told is there for whoever asks another replica.
    expect((await readToEnd(b.client.watch({ actor }))).events.at(-1)).toEqual(events.at(-1));
  });

  it('is not ready any more, by gRPC and by HTTP, while it lets what runs finish', async () => {
    await using runtime = await startFakeNodeRuntime();
    const httpListen = `127.0.0.1:${await freePort()}`;
    const a = await start('replica-a', { httpListen });
    const probe = async () => [await health(a.address), (await fetch(`http://${httpListen}/readyz`)).status];
    await prepare(a, runtime);
    expect(await probe()).toEqual(['SERVING', 200]);
    runtime.next('restore', takes(1000));
    const resumed = readToEnd(a.client.resume({ actor }));
    await runtime.nextCall('restore');
    const closed = a.close();
    expect(await probe()).toEqual(['NOT_SERVING', 503]);
    expect((await resumed).error).toBeUndefined();
    await closed;
  });

  it('lets another one reconcile while it lets what runs finish', async () => {
    await using runtime = await startFakeNodeRuntime();
    // It begins within a quarter of this.
    const a = await start('replica-a', { leaseTtl: '2s' });
    await prepare(a, runtime);
    const reconciles = () => redis.exists(keys.lease('_reconciler'));
    await expect.poll(reconciles, { timeout: 5000 }).toBe(1);
    runtime.next('restore', takes(1000));
    let isOver = false;
    const resumed = readToEnd(a.client.resume({ actor })).finally(() => (isOver = true));
    await runtime.nextCall('restore');
    const closed = a.close();
    await expect.poll(reconciles, { timeout: 500 }).toBe(0);
    expect(isOver).toBe(false);
    await resumed;
    await closed;
  });

  it('tells those that follow a workflow elsewhere, rather than cutting them off', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using b = await start('replica-b', { drainTimeout: '0s' });
    const a = await start('replica-a');
    await prepare(b, runtime);
    runtime.next('restore', hang);
    const resumed = readToEnd(b.client.resume({ actor }));
    await runtime.nextCall('restore');
    let told = false;
    const followed = readToEnd(a.client.watch({ actor }), () => (told = true));
    await expect.poll(() => told).toBe(true);
    await a.close();
    expect((await followed).error).toMatchObject({ reason: 'DRAINING', retryAfterMs: 1000 });
    await b.close();
    expect((await resumed).error).toMatchObject({ reason: 'DRAINING' });
  });
});
