// The calls of ActorRegistry and WorkerRegistry, as a gRPC client sees them on a
// real replica.

import { credentials, makeClientConstructor, status, type ServiceDefinition } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActorRegistryClient } from '../../src/generated/actorworkflow/v1/ActorRegistry.js';
import type { WorkerRegistryClient } from '../../src/generated/actorworkflow/v1/WorkerRegistry.js';
import { actorRegistryDefinition, workerRegistryDefinition } from '../../src/rpc/proto.js';
import { decodeDetails } from '../../src/rpc/status-details.js';
import { toStruct } from '../../src/rpc/struct.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { startFakeNodeRuntime, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';

let prefix: string;
const opened: { close(): void }[] = [];
beforeEach(() => {
  prefix = uniquePrefix();
});
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const actor = { namespace: 'ns', name: 'a' };
const worker = { pool: 'default', name: 'w0' };

function connect(definition: object, address: string): unknown {
  const Constructor = makeClientConstructor(definition as ServiceDefinition, 'Service');
  const client = new Constructor(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  opened.push(client);
  return client;
}

/** A replica whose one actor can be resumed on the one worker of `runtime`. */
async function startWithActor(runtime: FakeNodeRuntime): Promise<TestCoordinator> {
  const a = await startCoordinator({ redisKeyPrefix: prefix });
  await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  await a.client.createActor({ actor });
  return a;
}

describe('the registries', () => {
  it('create an actor once, and delete it', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    const spec = { command: ['run', 'ä'], env: { A: 'b' }, image: 'i' };
    const created = await a.client.createActor({ actor, spec, pool: 'gpu' });
    expect(created).toMatchObject({ ref: actor, state: 'ACTOR_STATE_SUSPENDED', version: '1', pool: 'gpu', spec });
    await expect(a.client.createActor({ actor })).rejects.toMatchObject({ reason: 'ACTOR_ALREADY_EXISTS' });
    expect(await a.client.getActor(actor)).toEqual(created);
    await a.client.deleteActor(actor);
    await expect(a.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    await expect(a.client.deleteActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await a.client.createActor({ actor })).toMatchObject({ version: '1', pool: 'default' });
  });

  it('do not delete an actor that runs', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startWithActor(runtime);
    expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
    await expect(a.client.deleteActor(actor)).rejects.toMatchObject({ reason: 'INVALID_STATE' });
    expect((await readToEnd(a.client.suspend({ actor }))).error).toBeUndefined();
    await a.client.deleteActor(actor);
  });

  it('list actors in the order of their names, page by page, each once and those of one namespace', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    const client = connect(actorRegistryDefinition, a.address) as ActorRegistryClient;
    const names = Array.from({ length: 25 }, (_, index) => `a${String(index)}`);
    await Promise.all(names.map((name) => a.client.createActor({ actor: { namespace: 'ns', name } })));
    await a.client.createActor({ actor: { namespace: 'ns-2', name: 'a0' } });
    const list = (namespace: string, pageSize: number, pageToken: string) =>
      new Promise<{ names: string[]; next: string }>((resolve, reject) => {
        client.ListActors({ namespace, page_size: pageSize, page_token: pageToken }, (error, page) => {
          if (error !== null) reject(Object.assign(error, { decoded: decodeDetails(error.metadata) }));
          else
            resolve({ names: page?.actors.map(({ ref }) => ref?.name ?? '') ?? [], next: page?.next_page_token ?? '' });
        });
      });
    for (const size of [1, 7, 24, 25, 26, 0]) {
      const seen: string[] = [];
      let next = '';
      do {
        const page = await list('ns', size, next);
        expect(page.names.length).toBeGreaterThan(0);
        expect(page.names.length).toBeLessThanOrEqual(size === 0 ? 100 : size);
        seen.push(...page.names);
        next = page.next;
      } while (next !== '');
      expect(seen).toEqual(names.toSorted());
    }
    expect(await list('empty', 0, '')).toEqual({ names: [], next: '' });
    const { next } = await list('ns', 1, '');
    const foreign = { code: status.INVALID_ARGUMENT, decoded: { violations: [{ field: 'page_token' }] } };
    await expect(list('ns-2', 1, next)).rejects.toMatchObject(foreign);
    // What is deleted between two pages neither repeats nor hides others.
    await a.client.deleteActor({ namespace: 'ns', name: names.toSorted()[0] ?? '' });
    expect((await list('ns', 1, next)).names).toEqual([names.toSorted()[1]]);
  });

  it('keep a worker that holds an actor, unless forced, which marks the actor CRASHED', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startWithActor(runtime);
    const client = connect(workerRegistryDefinition, a.address) as WorkerRegistryClient;
    const deregister = (force: boolean) =>
      new Promise<string>((resolve) => {
        client.DeregisterWorker({ worker, force }, (error) =>
          resolve(error === null ? 'OK' : `${status[error.code]} ${decodeDetails(error.metadata)?.reason ?? ''}`),
        );
      });
    expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();
    // Registering again updates the worker, and leaves its claim.
    await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n2' });
    expect(await a.client.listWorkers('')).toMatchObject([{ ref: worker, node: 'n2', actor }]);
    expect(await deregister(false)).toBe('FAILED_PRECONDITION INVALID_STATE');
    expect(await deregister(true)).toBe('OK');
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_CRASHED', worker: null });
    expect(await deregister(true)).toBe('NOT_FOUND WORKER_NOT_FOUND');
    expect(await a.client.listWorkers('default')).toEqual([]);
    expect((await readToEnd(a.client.resume({ actor }))).error).toMatchObject({ reason: 'NO_MATCHING_POOL' });
  });

  it('tell until when a worker is in service', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    const ref = (name: string) => ({ pool: 'default', name });
    const registered = await a.client.registerWorker({
      worker: ref('leaves'),
      runtime_address: 'dns:///h:1',
      node: 'n',
      ttl: { seconds: 3600 },
    });
    await a.client.registerWorker({ worker: ref('stays'), runtime_address: 'dns:///h:1', node: 'n' });
    expect(registered.expire_time).not.toBeNull();
    expect(await a.client.listWorkers('default')).toMatchObject([
      { ref: ref('leaves'), expire_time: registered.expire_time },
      { ref: ref('stays'), expire_time: null },
    ]);
  });

  it('take options as deep as they may be, and every event that has them can be read', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
    const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nested(levels - 1) });
    const create = (levels: number) =>
      a.client.createActor({ actor, spec: { runtime_options: toStruct(nested(levels)) } });
    await expect(create(22)).rejects.toMatchObject({ violations: [{ field: 'spec.runtime_options' }] });
    // Past what the codec takes, grpc-js refuses for us; the replica goes on.
    await expect(create(200)).rejects.toMatchObject({ reason: 'INTERNAL' });
    await create(20);
    const { events, error } = await readToEnd(a.client.resume({ actor }));
    expect(error).toBeUndefined();
    expect(events.at(-1)?.completed?.actor?.spec?.runtime_options?.fields).toHaveProperty('a');
  });
});
