// The guard in front of every call, with limits that a test can reach: what is
// held is given up in time and counted down again, and who takes everything
// leaves the others their share.

import { ServerCredentials } from '@grpc/grpc-js';
import { connect as connectSocket } from 'node:net';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import { actorRegistryDefinition } from '../../src/rpc/proto.js';
import { GuardedServer } from '../../src/rpc/guarded-server.js';
import { Health } from '../../src/rpc/health.js';
import type { CallLimits } from '../../src/rpc/limits.js';
import { addReflection } from '../../src/rpc/reflection.js';
import { unary } from '../../src/rpc/unary.js';
import { FakeClock } from '../fake-clock.js';
import { callRaw, connectRaw, frame, type RawAnswer } from '../raw-grpc.js';

const GET = '/actorworkflow.v1.ActorRegistry/GetActor';
const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

const LIMITS: CallLimits = {
  requestWithinMs: 200,
  answerWithinMs: 200,
  maxUnaryCalls: 4,
  maxStreams: 3,
  maxCallsOf: new Map([[CHECK, 2]]),
  sharedCalls: 1,
  maxPartialBytes: 100_000,
  sharedPartialBytes: 1000,
};

let clock: FakeClock;
let server: GuardedServer;
let address: string;
let sessions: ClientHttp2Session[];
/** What every call is refused with. */
let refused: CoordinatorError | undefined;
/** Lets the calls of GetActor that wait go on. */
let answer: () => void;

beforeEach(async () => {
  sessions = [];
  const gate = new Promise<void>((resolve) => (answer = resolve));
  refused = undefined;
  clock = new FakeClock();
  server = new GuardedServer(LIMITS, clock, () => refused);
  const deps = { clock, onUnexpected: () => undefined, closing: new AbortController().signal };
  const GetActor = unary(async (request: { actor: { name: string } | null }) => {
    if (request.actor?.name === 'slow') await gate;
    return { address: 'x'.repeat(1000) };
  }, deps);
  server.addService(actorRegistryDefinition, { GetActor });
  const health = new Health([]);
  health.setReady(true);
  health.addTo(server);
  addReflection(server, ['actorworkflow.v1.ActorRegistry']);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  address = `127.0.0.1:${port}`;
});

afterEach(() => {
  answer();
  for (const session of sessions) session.destroy();
  server.forceShutdown();
});

async function connect(windowSize?: number): Promise<ClientHttp2Session> {
  const session = await connectRaw(address, windowSize);
  sessions.push(session);
  return session;
}

/** A GetActorRequest. */
function get(name: string): Buffer {
  const ref = Buffer.concat([Buffer.from([18, name.length]), Buffer.from(name)]);
  return frame(Buffer.concat([Buffer.from([10, ref.length]), ref]));
}

/** A call whose request is never finished. */
function hold(session: ClientHttp2Session, path: string, part: Uint8Array = Buffer.alloc(0)): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  stream.on('error', () => undefined);
  if (part.length > 0) stream.write(part);
  return stream;
}

/** Resolves when all that was sent before has been read. */
async function answered(session: ClientHttp2Session): Promise<void> {
  await new Promise((resolve) => session.ping(resolve));
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    const note = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.resume();
  });
}

const RESOURCE_EXHAUSTED = 8;
const OVERLOADED = { code: 'RESOURCE_EXHAUSTED', details: { reason: 'OVERLOADED', retryAfterMs: 1000 } };

describe('a request', () => {
  it.each([
    ['nothing', GET, Buffer.alloc(0)],
    ['half of it', GET, get('a').subarray(0, 7)],
    ['all of it but its end', GET, get('a')],
    ['nothing, of a service that is not ours', CHECK, Buffer.alloc(0)],
    ['nothing, on a stream of questions', REFLECT, Buffer.alloc(0)],
  ])('of which %s has arrived in time ends with RESOURCE_EXHAUSTED', async (_, path, part) => {
    const status = statusOf(hold(await connect(), path, part));
    await expect.poll(() => clock.timers).toBe(1);
    await clock.advance(LIMITS.requestWithinMs);
    expect(await status).toBe(RESOURCE_EXHAUSTED);
  });

  it.each([GET, CHECK, REFLECT])('that cannot be decoded is INVALID_ARGUMENT: %s', async (path) => {
    const session = await connect();
    const { code, message, details } = await callRaw(session, path, frame(Buffer.from([10, 200])));
    expect({ code, reason: details?.reason }).toEqual({ code: 'INVALID_ARGUMENT', reason: 'INVALID_ARGUMENT' });
    expect(message).toMatch(/^the request cannot be decoded: index out of range/);
  });

  it('that arrives while too many others have in part is refused, unless its connection has little else', async () => {
    const [greedy, modest] = [await connect(), await connect()];
    const half = (length: number): Buffer => frame(Buffer.alloc(length * 2)).subarray(0, length);
    for (const length of [60_000, 39_500]) hold(greedy, GET, half(length));
    await answered(greedy);
    // A field that nobody knows, of 900 bytes.
    const request = frame(Buffer.concat([Buffer.from([0x7a, 0x84, 0x07]), Buffer.alloc(900)]));
    const little = hold(modest, GET, request.subarray(0, 900));
    await answered(modest);
    expect(await statusOf(hold(greedy, GET, half(1000)))).toBe(RESOURCE_EXHAUSTED);
    little.end(request.subarray(900));
    expect(await statusOf(little)).toBe(0);
  });
});

it('a call may be refused before its request is read', async () => {
  refused = new CoordinatorError('DRAINING', 'not now');
  const session = await connect();
  for (let again = 0; again < 2; again += 1) {
    expect(await callRaw(session, GET, get('a'))).toMatchObject({ code: 'UNAVAILABLE', message: 'not now' });
  }
  refused = undefined;
  expect((await callRaw(session, GET, get('a'))).code).toBe('OK');
});

describe('calls of one method', () => {
  it('that are too many are refused, but each connection has its share, and those that end make room', async () => {
    const [greedy, modest] = [await connect(), await connect()];
    const held = Array.from({ length: 4 }, () => callRaw(greedy, GET, get('slow')));
    // Frames of one connection are read in their order: the four are under way by now.
    const refused: RawAnswer = await callRaw(greedy, GET, get('a'));
    expect(refused).toMatchObject(OVERLOADED);
    expect((await callRaw(modest, GET, get('a'))).code).toBe('OK');
    answer();
    expect((await Promise.all(held)).map(({ code }) => code)).toEqual(['OK', 'OK', 'OK', 'OK']);
    expect((await callRaw(greedy, GET, get('a'))).code).toBe('OK');
  });

  it('are counted down when they are reset at once', async () => {
    const session = await connect();
    for (let round = 0; round < 20; round += 1) {
      const streams = Array.from({ length: 10 }, () => hold(session, GET, get('slow')));
      const closed = streams.map((stream) => new Promise((resolve) => stream.once('close', resolve)));
      for (const stream of streams) stream.close(8);
      await Promise.all(closed);
    }
    await expect.poll(async () => (await callRaw(session, GET, get('a'))).code).toBe('OK');
  });

  it('may have a limit of their own, and streams have another', async () => {
    const session = await connect();
    const checks = [hold(session, CHECK), hold(session, CHECK), hold(session, CHECK)];
    expect(await Promise.race(checks.map(statusOf))).toBe(RESOURCE_EXHAUSTED);
    const watches = Array.from({ length: 4 }, () => {
      const stream = hold(session, WATCH);
      stream.end(frame(Buffer.alloc(0)));
      return stream;
    });
    expect(await Promise.race(watches.map(statusOf))).toBe(RESOURCE_EXHAUSTED);
  });
});

describe('an answer', () => {
  it('that nobody grants flow control for is reset', async () => {
    const session = await connect(0);
    const stream = hold(session, GET);
    stream.end(get('a'));
    // Its own time begins when the request's has ended.
    await expect.poll(async () => await clock.advance(LIMITS.answerWithinMs).then(() => stream.rstCode)).toBe(11);
  });

  it('names what was asked for, but not at any length', async () => {
    const session = await connect();
    const name = Buffer.alloc(5000, 'a');
    const length = Buffer.from([0x88, 0x27]);
    const { code, message } = await callRaw(session, CHECK, frame(Buffer.concat([Buffer.from([10]), length, name])));
    expect(code).toBe('NOT_FOUND');
    expect(message.length).toBe(512);
  });

  it.each([REFLECT, REFLECT.replace('v1', 'v1alpha')])('of %s waits for the one before it', async (path) => {
    const session = await connect(0);
    const stream = hold(session, path);
    // list_services
    const question = frame(Buffer.from([58, 1, 42]));
    const questions = Buffer.concat(Array<Uint8Array>(50_000).fill(question));
    stream.end(questions);
    // Far more round trips than it takes to send them all to somebody who reads.
    for (let round = 0; round < 50; round += 1) await answered(session);
    expect(stream.bufferSize).toBeGreaterThan(questions.length / 2);
  });

  it('of reflection is given to each question', async () => {
    const session = await connect();
    const question = frame(Buffer.from([58, 1, 42]));
    const { code, messages } = await callRaw(session, REFLECT, Buffer.concat(Array<Uint8Array>(100).fill(question)));
    expect({ code, answers: messages.length }).toEqual({ code: 'OK', answers: 100 });
  });
});

it('connections above the limit are closed as soon as they are accepted', async () => {
  server.limitConnections(2);
  const [host = '', port = ''] = address.split(':');
  const sockets = Array.from({ length: 4 }, () => connectSocket(Number(port), host).on('error', () => undefined));
  const open = (): number => sockets.filter((socket) => !socket.destroyed).length;
  try {
    await expect.poll(open).toBe(2);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
