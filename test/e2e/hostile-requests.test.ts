// Every RPC with requests that no client would send. Each ends with one status
// that is documented, within a bound; what is wrong is said by the name of a
// field that exists; what is stored is what was sent; and the processes go on as
// if nothing had been. A failure prints the seed and the path to replay it with:
// HOSTILE_SEED=… HOSTILE_PATH=…; HOSTILE_RUNS=… searches for longer.

import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { ClientHttp2Session } from 'node:http2';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReason } from '../../src/errors.js';
import { ERROR_DOMAIN } from '../../src/rpc/status-details.js';
import { arbitraryBytes, arbitraryMessage, type Taste } from '../arbitrary-message.js';
import { readToEnd } from '../coordinator.js';
import { startFakeNodeRuntime, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { startNodeProcess, type NodeProcess } from '../node-process.js';
import { callRaw, connectRaw, frame, type RawAnswer } from '../raw-grpc.js';
import { Ambiguous, readMessage, type Plain } from '../read-message.js';
import { startRedis, type TestRedis } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { servedMethods, type ServedMethod } from '../services.js';

const PREFIX = 'hostile:';
/** Requests that are under way at the same time. */
const BATCH = 16;
const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 10);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_250_807);

/** What a workflow, or a Watch of nothing, is given to end by itself. */
const TIMEOUT_MS = 200;
/** Its deadline, and what two busy cores may add. */
const WITHIN_MS = 10_000;

/** For finding a smaller request that fails as well. */
const GIVE_UP_MS = 45_000;

/** The README's table, but for INTERNAL, which is a bug. */
const DOCUMENTED = new Set([
  ...['OK', 'INVALID_ARGUMENT', 'NOT_FOUND', 'ABORTED', 'DEADLINE_EXCEEDED', 'FAILED_PRECONDITION'],
  ...['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'CANCELLED', 'ALREADY_EXISTS'],
]);

let redis: TestRedis;
let replica: Replica;
let node: NodeProcess;
let runtime: FakeNodeRuntime;
let toReplica: ClientHttp2Session;
let toNode: ClientHttp2Session;

beforeAll(async () => {
  redis = await startRedis();
  replica = await startReplica({
    redisUrl: redis.url,
    redisKeyPrefix: PREFIX,
    instanceId: 'hostile',
    flags: [
      '--lease-ttl',
      '2s',
      '--unwind-grace',
      '200ms',
      '--drain-timeout',
      '1s',
      '--snapshot-location',
      'file:///s',
    ],
  });
  node = await startNodeProcess({ coordinator: replica.address, pool: 'nodes', name: 'node' });
  runtime = await startFakeNodeRuntime();
  toReplica = await connectRaw(replica.address);
  toNode = await connectRaw(node.address);
}, 30_000);

afterAll(async () => {
  toReplica.destroy();
  toNode.destroy();
  await node[Symbol.asyncDispose]();
  await replica[Symbol.asyncDispose]();
  await runtime.close();
  await redis.stop();
});

const methods = servedMethods();
const isNodes = ({ service }: ServedMethod): boolean => service.endsWith('.NodeRuntime');

/** So that requests get past the checks as well. A field that is not here gets the words of ''. */
function words(): Taste['words'] {
  const names = ['a', 'b', 'c', 'd', 'e'];
  return {
    namespace: names,
    name: [...names, 'node-0', 'node-1'],
    pool: ['', 'default', 'nodes', 'a'],
    node: names,
    uri: [`file://${node.directory}/s/x`, 's3://bucket/x'],
    runtime_address: ['dns:///127.0.0.1:1', '127.0.0.1:1', 'unix:///nowhere'],
    image: ['', 'r/image:1'],
    page_token: [''],
    service: ['', 'liveness', 'actorworkflow.v1.ActorWorkflow', 'nobody'],
    '': [...names, 'actorworkflow.v1.ActorRegistry', 'actorworkflow/v1/actor.proto'],
  };
}

async function call(method: ServedMethod, bytes: Uint8Array): Promise<RawAnswer> {
  const session = isNodes(method) ? toNode : toReplica;
  return callRaw(session, method.path, frame(bytes), { timeoutMs: TIMEOUT_MS, withinMs: WITHIN_MS });
}

const MAKES_RECORDS: ReadonlySet<string> = new Set(['CreateActor', 'RegisterWorker']);

/** Whether the path, such as `spec.command[2]`, leads to a field of the message. */
function hasField(type: protobuf.Type, path: string): boolean {
  let at: protobuf.Type | undefined = type;
  for (const part of path.split('.')) {
    const [, name = '', index] = /^([a-z_]+)(\[\d+\])?$/.exec(part) ?? [];
    const field: protobuf.Field | undefined = at?.fields[name]?.resolve();
    if (field === undefined || (index !== undefined && !field.repeated)) return false;
    at = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
  }
  return true;
}

function expectDocumented(method: ServedMethod, { code, message, details }: RawAnswer, isMessage: boolean): void {
  expect(DOCUMENTED, `${method.path}: ${message}`).toContain(code);
  if (code === 'OK') return;
  // Health and reflection are libraries, and grpc-js itself ends what is too large or too late.
  if (details === undefined) {
    const isOurs = method.service.startsWith('actorworkflow.');
    expect(isOurs && !['RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'].includes(code), `${code}: ${message}`).toBe(false);
    return;
  }
  expect(details.domain).toBe(ERROR_DOMAIN);
  expect(isReason(details.reason) && details.reason !== 'INTERNAL', details.reason).toBe(true);
  if (code !== 'INVALID_ARGUMENT' || details.reason === 'RUNTIME_FAILED') return;
  // What is no message at all has no field to blame.
  if (isMessage) expect(details.violations.length).toBeGreaterThan(0);
  for (const { field, description } of details.violations) {
    expect(hasField(method.request, field), `${field} of ${method.request.fullName}`).toBe(true);
    expect(description).toMatch(/^got .+; expected .+/s);
  }
}

/** What a record says is what was asked for, by a reader that is not the product's. */
function expectStored(method: ServedMethod, bytes: Uint8Array, { code, messages }: RawAnswer): void {
  const [message] = messages;
  if (code !== 'OK' || message === undefined) return;
  const asked = readUnambiguous(method.request, bytes);
  if (asked === undefined) return;
  const stored = readMessage(method.response, message);
  if (method.name === 'CreateActor') {
    expect(stored['spec']).toEqual(asked['spec'] ?? {});
    expect(stored['ref']).toEqual(asked['actor']);
    expect(stored['pool']).toBe(asked['pool'] ?? 'default');
    expect(stored['latest_snapshot']).toEqual(toStoredSnapshot(asked['snapshot'] as Plain | undefined));
  } else {
    expect(stored['ref']).toEqual({ pool: 'default', ...(asked['worker'] as Plain) });
    expect(stored['runtime_address']).toBe(asked['runtime_address']);
    expect(stored['node']).toBe(asked['node']);
  }
}

/** An unset location is DURABLE, and times are kept to the millisecond. */
function toStoredSnapshot(asked: Plain | undefined): Plain | undefined {
  if (asked === undefined) return undefined;
  const { create_time: time, ...rest } = asked as { create_time?: { seconds?: string; nanos?: number } };
  const nanos = Math.floor((time?.nanos ?? 0) / 1_000_000) * 1_000_000;
  const kept = { ...time, nanos };
  return { ...rest, location: 1, ...(time !== undefined && { create_time: nanos === 0 ? omitNanos(kept) : kept }) };
}

function omitNanos({ nanos: _, ...rest }: { nanos: number; seconds?: string }): Plain {
  return rest;
}

function readUnambiguous(type: protobuf.Type, bytes: Uint8Array): Plain | undefined {
  try {
    return readMessage(type, bytes);
  } catch (error) {
    if (error instanceof Ambiguous) return undefined;
    throw error;
  }
}

function isMessage(method: ServedMethod, bytes: Uint8Array): boolean {
  try {
    // The second step stumbles over entries of maps without a value, which the first one lets pass.
    method.request.toObject(method.request.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

describe.each(methods.map((method) => [method.path, method] as const))('%s', (_path, method) => {
  const tally = new Map<string, number>();

  async function holds(make: (type: protobuf.Type, taste: Taste) => fc.Arbitrary<Uint8Array>, edges: number) {
    const request = make(method.request, { words: words(), edges });
    const batch = fc.array(request, { minLength: BATCH, maxLength: BATCH, size: 'max' });
    const path = process.env['HOSTILE_PATH'];
    await fc.assert(
      fc.asyncProperty(batch, async (requests) => {
        await Promise.all(
          requests.map(async (bytes) => {
            const answer = await call(method, bytes);
            const how = answer.details?.reason ?? answer.code;
            tally.set(how, (tally.get(how) ?? 0) + 1);
            expectDocumented(method, answer, isMessage(method, bytes));
            if (make === arbitraryMessage && MAKES_RECORDS.has(method.name)) expectStored(method, bytes, answer);
          }),
        );
      }),
      { seed: SEED, numRuns: RUNS, ...(path === undefined ? {} : { path }), interruptAfterTimeLimit: GIVE_UP_MS },
    );
  }

  it('takes what is plausible', () => holds(arbitraryMessage, 0));
  it('takes a message with an odd field here and there', () => holds(arbitraryMessage, 10));
  it('takes the edges of every field', () => holds(arbitraryMessage, 70));
  it('takes bytes that are no message', () => holds(arbitraryBytes, 30));

  it('was tried on what it refuses and on what it does', () => {
    const { INVALID_ARGUMENT: refused = 0, RESOURCE_EXHAUSTED: tooLarge = 0 } = Object.fromEntries(tally);
    const done = [...tally.values()].reduce((sum, count) => sum + count, 0) - refused - tooLarge;
    expect(refused, JSON.stringify([...tally])).toBeGreaterThan(RUNS);
    expect(done, JSON.stringify([...tally])).toBeGreaterThan(RUNS);
  });
});

describe('after all that', () => {
  it('everything in Redis is below the prefix', async () => {
    const client = new Redis(redis.url);
    const foreign: string[] = [];
    for await (const keys of client.scanStream({ count: 1000 })) {
      foreign.push(...(keys as string[]).filter((key) => !key.startsWith(PREFIX)));
    }
    client.disconnect();
    expect(foreign).toEqual([]);
  });

  it('a normal Resume works', async () => {
    const actor = { namespace: 'well-behaved', name: 'one' };
    const worker = { pool: 'well-behaved', name: 'w' };
    await replica.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
    await replica.client.createActor({ actor, pool: 'well-behaved' });
    const { error, events } = await readToEnd(replica.client.resume({ actor }));
    expect(error).toBeUndefined();
    expect(events.at(-1)?.completed?.actor?.state).toBe('ACTOR_STATE_RUNNING');
  });

  it('neither process has met an error that it did not foresee, and both stop in order', async () => {
    const odd = [...replica.log, ...node.log].filter(({ level, msg }) => level === 'error' || msg === 'internal error');
    expect(odd).toEqual([]);
    node.signal('SIGTERM');
    expect(await node.exited).toBe(0);
    replica.signal('SIGTERM');
    expect(await replica.exited).toBe(0);
  });
});
