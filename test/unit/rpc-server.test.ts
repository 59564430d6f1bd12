// What the server offers besides its services: addresses, health, reflection,
// an end in bounded time; and unary calls, whose adapter is the smaller one.

import {
  credentials,
  makeClientConstructor,
  type Client,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthDefinition } from 'grpc-health-check';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import type { NodeRuntimeClient } from '../../src/generated/actorworkflow/v1/NodeRuntime.js';
import type { StopRequest__Output } from '../../src/generated/actorworkflow/v1/StopRequest.js';
import type { StopResponse } from '../../src/generated/actorworkflow/v1/StopResponse.js';
import type { CallContext } from '../../src/rpc/call.js';
import { Health, LIVENESS } from '../../src/rpc/health.js';
import { nodeRuntimeDefinition } from '../../src/rpc/proto.js';
import { addReflection } from '../../src/rpc/reflection.js';
import { startServer, type RunningServer } from '../../src/rpc/server.js';
import { fromServiceError, type PeerStatus } from '../../src/rpc/status.js';
import { unary } from '../../src/rpc/unary.js';

const NAME = 'actorworkflow.v1.NodeRuntime';

let directory: string;
let answer: (request: StopRequest__Output, context: CallContext) => Promise<StopResponse>;
let unexpected: unknown[];
const opened: { close(): unknown }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rpc-'));
  unexpected = [];
  answer = async () => ({ stopped: true });
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
  await rm(directory, { recursive: true });
});

async function serve(listen = ['127.0.0.1:0'], health?: Health): Promise<RunningServer> {
  const deps = {
    clock: systemClock,
    onUnexpected: (error: unknown) => unexpected.push(error),
    closing: new AbortController().signal,
  };
  const stop = unary((request: StopRequest__Output, context) => answer(request, context), deps);
  const server = await startServer({
    listen,
    services: [{ definition: nodeRuntimeDefinition, handlers: { Stop: stop } }],
    extend: (grpcServer) => {
      health?.addTo(grpcServer);
      addReflection(grpcServer, [NAME]);
    },
    socketMode: 0o660,
    clock: systemClock,
    maxWork: 100,
  });
  opened.push({ close: () => server.close(100) });
  return server;
}

function connect(definition: object, address: string): unknown {
  const Constructor = makeClientConstructor(definition as ServiceDefinition, 'Service');
  const client: Client = new Constructor(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  opened.push(client);
  return client;
}

const toNode = (address: string): NodeRuntimeClient => connect(nodeRuntimeDefinition, address) as NodeRuntimeClient;

function stopAt(address: string, deadlineMs = 5000): Promise<boolean | PeerStatus> {
  const client = toNode(address);
  return new Promise((resolve) => {
    client.Stop({}, { deadline: Date.now() + deadlineMs }, (error, response) =>
      resolve(error === null ? response?.stopped === true : fromServiceError(error)),
    );
  });
}

describe('a unary call', () => {
  it('is answered', async () => {
    const { addresses } = await serve();
    expect(await stopAt(addresses[0] ?? '')).toBe(true);
  });

  it.each([
    ['at once', () => Promise.reject(new CoordinatorError('WORKER_NOT_FOUND', 'gone'))],
    [
      'before its first await',
      () => {
        throw new CoordinatorError('WORKER_NOT_FOUND', 'gone');
      },
    ],
  ])('that fails %s ends with that error', async (_, fails) => {
    answer = fails;
    const { addresses } = await serve();
    expect(await stopAt(addresses[0] ?? '')).toMatchObject({
      code: 'NOT_FOUND',
      message: 'gone',
      details: { reason: 'WORKER_NOT_FOUND' },
    });
    expect(unexpected).toEqual([]);
  });

  it('that fails in a way nobody foresaw ends with INTERNAL, and the log has it', async () => {
    const bug = new TypeError('a bug');
    answer = () => Promise.reject(bug);
    const { addresses } = await serve();
    expect(await stopAt(addresses[0] ?? '')).toMatchObject({ code: 'INTERNAL', details: { reason: 'INTERNAL' } });
    expect(unexpected).toEqual([bug]);
  });

  it('that never settles ends at its deadline, and its signal says why', async () => {
    const told = new Promise((resolve) => {
      answer = (_, { signal }) => {
        signal.addEventListener('abort', () => resolve(signal.reason));
        return new Promise(() => undefined);
      };
    });
    const { addresses } = await serve();
    expect(await stopAt(addresses[0] ?? '', 100)).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await told).toMatchObject({ reason: 'WORKFLOW_DEADLINE' });
  });

  it('whose caller goes away is told so', async () => {
    const told = new Promise((resolve) => {
      answer = (_, { signal }) => {
        signal.addEventListener('abort', () => resolve(signal.reason));
        cancel();
        return new Promise(() => undefined);
      };
    });
    let cancel = (): void => undefined;
    const { addresses } = await serve();
    const call = toNode(addresses[0] ?? '').Stop({}, () => undefined);
    cancel = () => call.cancel();
    expect(await told).toMatchObject({ reason: 'CANCELLED' });
  });

  it('that is not implemented ends with UNIMPLEMENTED, by name', async () => {
    const { addresses } = await serve();
    const client = toNode(addresses[0] ?? '');
    const error = await new Promise<ServiceError>((resolve) => client.Restore({}).once('error', resolve));
    expect(fromServiceError(error)).toMatchObject({ code: 'UNIMPLEMENTED' });
    expect(error.details).toContain('Restore');
  });
});

describe('the addresses', () => {
  it('are all served, and told with the port that the system chose', async () => {
    const path = join(directory, 's.sock');
    const { addresses } = await serve(['127.0.0.1:0', `unix://${path}`, 'localhost:0']);
    expect(addresses).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/),
      `unix://${path}`,
      expect.stringMatching(/^localhost:[1-9]\d*$/),
    ]);
    for (const address of addresses) expect(await stopAt(address)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o660);
  });

  it('may hold a socket file that a killed process left', async () => {
    const path = join(directory, 's.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await exited;
    expect((await stat(path)).isSocket()).toBe(true);
    const { addresses } = await serve([`unix://${path}`]);
    expect(await stopAt(addresses[0] ?? '')).toBe(true);
  });

  it('that others use are refused by name, and nothing stays bound', async () => {
    const path = join(directory, 's.sock');
    const other = createServer().listen(path);
    await new Promise((resolve) => other.once('listening', resolve));
    const taken = await serve();
    const free = join(directory, 'free.sock');
    await expect(serve([`unix://${free}`, `unix://${path}`])).rejects.toThrow(`--listen unix://${path}: `);
    await expect(serve([`unix://${free}`, ...taken.addresses])).rejects.toThrow(
      `--listen ${taken.addresses[0] ?? ''}: `,
    );
    await expect(stat(free)).rejects.toMatchObject({ code: 'ENOENT' });
    await new Promise((resolve) => other.close(resolve));
  });

  it('that are a plain file are refused, and the file stays', async () => {
    const path = join(directory, 'precious');
    await writeFile(path, 'precious');
    await expect(serve([`unix://${path}`])).rejects.toThrow(`--listen unix://${path}: `);
    expect((await stat(path)).isFile()).toBe(true);
  });
});

interface HealthClient {
  Check(request: { service: string }, done: (error: ServiceError | null, answer?: { status: string }) => void): void;
  Watch(request: { service: string }): AsyncIterable<{ status: string }> & { cancel(): void };
}

const toHealth = (address: string): HealthClient => connect(healthDefinition, address) as HealthClient;

describe('health', () => {
  it('follows readiness by every name, but for liveness', async () => {
    const health = new Health([NAME]);
    const { addresses } = await serve(undefined, health);
    const client = toHealth(addresses[0] ?? '');
    const check = (service: string): Promise<string> =>
      new Promise((resolve) => {
        client.Check({ service }, (error, response) =>
          resolve(error === null ? (response?.status ?? '') : fromServiceError(error).code),
        );
      });
    const all = (): Promise<string[]> => Promise.all(['', NAME, LIVENESS, 'nonsense'].map(check));
    expect(await all()).toEqual(['NOT_SERVING', 'NOT_SERVING', 'SERVING', 'NOT_FOUND']);
    health.setReady(true);
    expect(await all()).toEqual(['SERVING', 'SERVING', 'SERVING', 'NOT_FOUND']);
    health.setReady(false);
    expect(await all()).toEqual(['NOT_SERVING', 'NOT_SERVING', 'SERVING', 'NOT_FOUND']);
  });

  it('tells who watches, and does not keep the server from closing', async () => {
    const health = new Health([NAME]);
    const server = await serve(undefined, health);
    const watch = toHealth(server.addresses[0] ?? '').Watch({ service: '' });
    const seen: string[] = [];
    const over = (async () => {
      for await (const { status } of watch) {
        seen.push(status);
        if (status === 'NOT_SERVING') health.setReady(true);
        else await server.close(100);
      }
    })().catch((error: unknown) => fromServiceError(error as ServiceError).code);
    expect(await over).toMatch(/^(?:CANCELLED|UNAVAILABLE)$/);
    expect(seen).toEqual(['NOT_SERVING', 'SERVING']);
  });
});

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number };
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  async function ask(request: object): Promise<ReflectionAnswer> {
    const { addresses } = await serve();
    const root = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto');
    const loaded = loadSync(`grpc/reflection/${version}/reflection.proto`, { keepCase: true, includeDirs: [root] });
    const definition = loaded[`grpc.reflection.${version}.ServerReflection`] as object;
    interface ReflectionClient {
      ServerReflectionInfo(): AsyncIterable<ReflectionAnswer> & { write(request: object): void; end(): void };
    }
    const call = (connect(definition, addresses[0] ?? '') as ReflectionClient).ServerReflectionInfo();
    call.write(request);
    call.end();
    for await (const one of call) return one;
    throw new Error('no answer');
  }

  it('lists what is served, and nothing that is not', async () => {
    const { list_services_response: list } = await ask({ list_services: '' });
    expect(list?.service.map(({ name }) => name)).toEqual([NAME]);
  });

  it.each(['google.protobuf.Timestamp', 'google.protobuf.Struct', 'google.rpc.Status', NAME])(
    'resolves %s with all that it imports',
    async (symbol) => {
      const { file_descriptor_response: found } = await ask({ file_containing_symbol: symbol });
      const files = found?.file_descriptor_proto ?? [];
      const names = files.map(fileName);
      expect(names.length).toBeGreaterThan(0);
      if (symbol === NAME) {
        expect(names).toEqual(
          expect.arrayContaining([
            'actorworkflow/v1/node_runtime.proto',
            'actorworkflow/v1/actor.proto',
            'google/protobuf/struct.proto',
            'google/protobuf/timestamp.proto',
          ]),
        );
      }
    },
  );

  it('says that a symbol is unknown', async () => {
    expect((await ask({ file_containing_symbol: 'no.such.Thing' })).error_response?.error_code).toBe(5);
  });
});

/** Field 1 of a FileDescriptorProto. */
function fileName(bytes: Buffer): string {
  const reader = protobuf.Reader.create(bytes);
  expect(reader.uint32()).toBe(10);
  return reader.string();
}
