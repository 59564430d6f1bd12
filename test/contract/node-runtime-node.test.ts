// A whole node in this process: what it tells a coordinator, and what it serves.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultNodeName, startNode, type NodeOptions, type RunningNode } from '../../src/cli/node.js';
import type { RegisterWorkerRequest__Output } from '../../src/generated/actorworkflow/v1/RegisterWorkerRequest.js';
import type { WorkerRegistryHandlers } from '../../src/generated/actorworkflow/v1/WorkerRegistry.js';
import { workerRegistryDefinition } from '../../src/rpc/proto.js';
import { registration } from '../../src/rpc/validate-worker.js';
import type { NewWorker } from '../../src/store/registry.js';
import { logger } from './node-runtime-process.js';

let directory: string;
let registered: NewWorker[];
let onRegister: () => void;
let coordinator: Server | undefined;
let node: RunningNode | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'node-'));
  registered = [];
  onRegister = () => undefined;
});
afterEach(async () => {
  await node?.close();
  node = undefined;
  coordinator?.forceShutdown();
  await rm(directory, { recursive: true });
});

async function startCoordinator(address = '127.0.0.1:0'): Promise<string> {
  const server = new Server();
  const handlers: Pick<WorkerRegistryHandlers, 'RegisterWorker'> = {
    RegisterWorker: (call, callback) => {
      const request: RegisterWorkerRequest__Output = call.request;
      // As the real one checks it: an address that it would refuse is no address.
      registered.push(registration(request).worker);
      callback(null, {});
      onRegister();
    },
  };
  server.addService(workerRegistryDefinition, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  coordinator = server;
  return `127.0.0.1:${String(port)}`;
}

async function untilRegistered(count: number): Promise<void> {
  while (registered.length < count) {
    await new Promise<void>((resolve) => {
      onRegister = resolve;
    });
  }
}

function options(coordinatorAddress: string, changes: Partial<NodeOptions> = {}): NodeOptions {
  return {
    listen: ['127.0.0.1:0'],
    dataDir: join(directory, 'data'),
    pool: 'default',
    workers: 2,
    nodeName: 'here',
    coordinator: coordinatorAddress,
    logger,
    ...changes,
  };
}

test('a node registers each of its workers with the address that it was given by the system', async () => {
  node = await startNode(options(await startCoordinator()));
  await untilRegistered(2);
  const runtimeAddress = `dns:///${node.addresses[0] ?? ''}`;
  expect(registered).toEqual([
    { ref: { pool: 'default', name: 'here-0' }, runtimeAddress, node: 'here', ttlMs: 30_000 },
    { ref: { pool: 'default', name: 'here-1' }, runtimeAddress, node: 'here', ttlMs: 30_000 },
  ]);
});

test('--advertise is what the coordinator is told', async () => {
  node = await startNode(options(await startCoordinator(), { workers: 1, advertise: 'dns:///node-7.internal:7071' }));
  await untilRegistered(1);
  expect(registered[0]?.runtimeAddress).toBe('dns:///node-7.internal:7071');
});

test('a node serves before its coordinator does, and registers as soon as that is there', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  node = await startNode(options(`127.0.0.1:${String(port)}`));
  await startCoordinator(`127.0.0.1:${String(port)}`);
  await untilRegistered(2);
});

test('a bad flag is refused by its name', async () => {
  for (const [changes, message] of [
    [{ workers: 0 }, '--workers: got 0'],
    [{ workers: 1.5 }, '--workers: got 1.5'],
    [{ pool: 'Default' }, '--pool: got "Default"'],
    [{ nodeName: 'a.b' }, '--node-name: got "a.b"'],
    [{ listen: [] }, '--listen: got nothing'],
    [{ listen: ['256.0.0.1:0'] }, '--listen 256.0.0.1:0: '],
  ] as const) {
    await expect(startNode(options('127.0.0.1:1', changes))).rejects.toThrow(message);
  }
});

test.each([
  ['Laptop.local', 'laptop-local'],
  ['-_-', 'node'],
  ['x'.repeat(80), 'x'.repeat(59)],
  ['wörk_1', 'w-rk-1'],
])('the machine %j makes the node name %j', (machine, name) => {
  expect(defaultNodeName(machine)).toBe(name);
});
