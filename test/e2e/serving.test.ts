// How a replica is reached and watched: its addresses, TLS, health over gRPC and
// HTTP while Redis is there and while it is not, and reflection.

import { credentials, makeClientConstructor, type ChannelCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthDefinition } from 'grpc-health-check';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.js';
import { certify, hasOpenssl, type Certificate } from '../certificates.js';
import { readToEnd, startCoordinator } from '../coordinator.js';
import { startRedis, uniquePrefix } from '../redis.js';
import { startReplica } from '../replica.js';

let prefix: string;
let directory: string;
const opened: { close(): void }[] = [];

beforeEach(async () => {
  prefix = uniquePrefix();
  directory = await mkdtemp(join(tmpdir(), 'serving-'));
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  await rm(directory, { recursive: true });
});

function connect(definition: object, address: string): unknown {
  const Constructor = makeClientConstructor(definition as ServiceDefinition, 'Service');
  const client = new Constructor(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  opened.push(client);
  return client;
}

/** Whether a call gets through to the service, and if not, how it fails. */
async function callAt(address: string, as?: ChannelCredentials): Promise<string> {
  const client = new CoordinatorClient(address, as);
  try {
    await client.listWorkers('default', { timeoutMs: 5_000 });
    return 'OK';
  } catch (error) {
    return String(error);
  } finally {
    client.close();
  }
}

describe('the addresses of a replica', () => {
  it('may be several, a Unix socket among them that its group may use', async () => {
    const path = join(directory, 'a.sock');
    const listen = ['127.0.0.1:0', `unix://${path}`, '127.0.0.1:0'];
    await using a = await startCoordinator({ redisKeyPrefix: prefix, listen });
    expect(new Set(a.addresses).size).toBe(3);
    for (const address of a.addresses) expect(await callAt(address)).toBe('OK');
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    await a.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are taken over from a replica that was killed, and not from one that lives', async () => {
    const address = `unix://${join(directory, 'a.sock')}`;
    const start = (instanceId: string) =>
      startReplica({
        redisUrl: inject('redisUrl'),
        redisKeyPrefix: prefix,
        instanceId,
        flags: ['--listen', address],
      });
    await using killed = await start('killed');
    expect(await callAt(address)).toBe('OK');
    killed.signal('SIGKILL');
    await killed.exited;
    await using living = await start('living');
    await expect(start('late')).rejects.toThrow(
      new RegExp(
        `^replica late ended with 2 before it was ready:[^]*\n--listen ${address}: another process serves it$`,
      ),
    );
    expect(await callAt(address)).toBe('OK');
    living.signal('SIGTERM');
    expect(await living.exited).toBe(0);
  });

  it('that somebody has taken are told by name and cause', async () => {
    await using taken = await startCoordinator({ redisKeyPrefix: prefix });
    const listen = ['127.0.0.1:0', taken.address];
    await expect(startCoordinator({ redisKeyPrefix: prefix, listen })).rejects.toThrow(
      `--listen ${taken.address}: listen EADDRINUSE: address already in use ${taken.address}`,
    );
    const httpListen = taken.address;
    await expect(startCoordinator({ redisKeyPrefix: prefix, httpListen })).rejects.toThrow(
      `--http-listen ${httpListen}: listen EADDRINUSE`,
    );
  });

  it('are in the line that says ready, though Redis answers while they are still being bound', async () => {
    const listen = Array.from({ length: 200 }, () => ['--listen', '127.0.0.1:0']).flat();
    const redisUrl = inject('redisUrl');
    await using a = await startReplica({ redisUrl, redisKeyPrefix: prefix, instanceId: 'a', flags: listen });
    const ready = a.log.filter(({ msg }) => msg === 'ready').map(({ addresses }) => (addresses as string[]).length);
    expect(ready).toEqual([201]);
  });

  it('do not cost a file that happens to be in the way', async () => {
    const path = join(directory, 'precious');
    await writeFile(path, 'precious');
    const starting = startCoordinator({ redisKeyPrefix: prefix, listen: ['127.0.0.1:0', `unix://${path}`] });
    await expect(starting).rejects.toThrow(`--listen unix://${path}: a file that is no socket is in the way`);
    expect(await readFile(path, 'utf8')).toBe('precious');
  });
});

describe('health', () => {
  const services = [
    '',
    ...['ActorWorkflow', 'ActorRegistry', 'WorkerRegistry'].map((name) => `actorworkflow.v1.${name}`),
  ];

  it('follows Redis under every name but liveness, over gRPC and over HTTP', async () => {
    await using redis = await startRedis();
    const httpListen = `127.0.0.1:${await freePort()}`;
    await using a = await startCoordinator({ redisKeyPrefix: prefix, redisUrl: redis.url, httpListen });
    const client = connect(healthDefinition, a.address) as {
      Check(request: object, done: (error: Error | null, answer?: { status: string }) => void): void;
    };
    const check = (service: string) =>
      new Promise<string>((resolve) => {
        client.Check({ service }, (error, answer) => resolve(error === null ? (answer?.status ?? '') : error.message));
      });
    const all = async () => ({
      services: [...new Set(await Promise.all(services.map(check)))],
      liveness: await check('liveness'),
      http: await Promise.all(
        ['/livez', '/readyz', '/x'].map(async (path) => (await fetch(`http://${httpListen}${path}`)).status),
      ),
    });
    const up = { services: ['SERVING'], liveness: 'SERVING', http: [200, 200, 404] };
    const down = { services: ['NOT_SERVING'], liveness: 'SERVING', http: [200, 503, 404] };
    await expect.poll(all).toEqual(up);
    expect(await check('nonsense')).toMatch(/NOT_FOUND/);
    await redis.pause();
    await expect.poll(all, { timeout: 10_000, interval: 100 }).toEqual(down);
    await redis.resume();
    await expect.poll(all, { timeout: 10_000, interval: 100 }).toEqual(up);
    expect(await callAt(a.address)).toBe('OK');
  });
});

describe('TLS', () => {
  const make = async (name: string, ca?: string): Promise<Certificate & { readonly pem: [Buffer, Buffer] }> => {
    const made = certify(directory, name, ca);
    return { ...made, pem: [await readFile(made.key), await readFile(made.cert)] };
  };

  it('is served with --tls-cert and --tls-key, and nothing else is', async (context) => {
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const server = await make('server');
    const stranger = await make('stranger');
    const tls = { tlsCert: server.cert, tlsKey: server.key };
    await using a = await startCoordinator({ redisKeyPrefix: prefix, listen: ['localhost:0'], ...tls });
    expect(await callAt(a.address, credentials.createSsl(server.pem[1]))).toBe('OK');
    expect(await callAt(a.address, credentials.createSsl(stranger.pem[1]))).toMatch(/self-signed certificate/);
    expect(await callAt(a.address)).toMatch(/No connection established/);
  });

  it('is refused at the start with files that do not fit, by the names of their flags', async (context) => {
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const [server, other] = [await make('server'), await make('other')];
    const broken = join(directory, 'broken.pem');
    await writeFile(broken, '-----BEGIN CERTIFICATE-----\nnonsense\n');
    const start = (tls: object) => startCoordinator({ redisKeyPrefix: prefix, ...tls });
    const pair = { tlsCert: server.cert, tlsKey: server.key };
    await expect(start({ ...pair, tlsKey: other.key })).rejects.toThrow(/^--tls-cert, --tls-key: .*mismatch/);
    await expect(start({ ...pair, tlsCert: broken })).rejects.toThrow(/^--tls-cert, --tls-key: /);
    await expect(start({ ...pair, tlsClientCa: broken })).rejects.toThrow(/^--tls-client-ca: /);
  });

  it('with --tls-client-ca serves those alone whose certificate that CA has signed', async (context) => {
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const [server, ca] = [await make('server'), await make('ca')];
    const [member, stranger] = [await make('member', 'ca'), await make('stranger')];
    const tls = { tlsCert: server.cert, tlsKey: server.key, tlsClientCa: ca.cert };
    await using a = await startCoordinator({ redisKeyPrefix: prefix, listen: ['localhost:0'], ...tls });
    const root = server.pem[1];
    expect(await callAt(a.address, credentials.createSsl(root, ...member.pem))).toBe('OK');
    expect(await callAt(a.address, credentials.createSsl(root, ...stranger.pem))).not.toBe('OK');
    expect(await callAt(a.address, credentials.createSsl(root))).not.toBe('OK');
  });
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  interface Answer {
    readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
    readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  }

  it('lists what a replica serves, and resolves its messages with their imports and comments', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix });
    const root = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto');
    const loaded = loadSync(`grpc/reflection/${version}/reflection.proto`, { keepCase: true, includeDirs: [root] });
    const client = connect(loaded[`grpc.reflection.${version}.ServerReflection`] ?? {}, a.address) as {
      ServerReflectionInfo(): AsyncIterable<Answer> & { write(request: object): void; end(): void };
    };
    const call = client.ServerReflectionInfo();
    call.write({ list_services: '' });
    call.write({ file_containing_symbol: 'actorworkflow.v1.WorkflowEvent' });
    call.end();
    const answers: Answer[] = [];
    for await (const answer of call) answers.push(answer);
    const names = answers[0]?.list_services_response?.service.map(({ name }) => name).sort();
    const own = ['ActorRegistry', 'ActorWorkflow', 'WorkerRegistry'].map((name) => `actorworkflow.v1.${name}`);
    expect(names).toEqual(own);
    const files =
      answers[1]?.file_descriptor_response?.file_descriptor_proto.map((file) => file.toString('latin1')) ?? [];
    const about = (text: string) => files.filter((file) => file.includes(text)).length;
    expect(about('WorkflowEvent is one fact about one workflow.')).toBe(1);
    // Its own file begins with its name; the others only import it.
    for (const name of ['google/protobuf/timestamp.proto', 'google/protobuf/duration.proto']) {
      expect(files.filter((file) => file.startsWith(name, 2)).length).toBe(1);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a replica whose event loop is blocked again and again', () => {
  it('refuses new workflows as OVERLOADED until it is on time again', async () => {
    await using a = await startCoordinator({ redisKeyPrefix: prefix, leaseTtl: '1500ms' });
    const resume = async (): Promise<string | undefined> =>
      (await readToEnd(a.client.resume({ actor: { namespace: 'ns', name: 'none' } }))).error?.reason;
    expect(await resume()).toBe('ACTOR_NOT_FOUND');
    let blocked = true;
    const block = (): void => {
      const untilMs = performance.now() + 500;
      while (performance.now() < untilMs);
      if (blocked) setTimeout(block, 1);
    };
    block();
    await expect.poll(resume, { timeout: 20_000 }).toBe('OVERLOADED');
    blocked = false;
    await expect.poll(resume, { timeout: 5000 }).toBe('ACTOR_NOT_FOUND');
  });
});
