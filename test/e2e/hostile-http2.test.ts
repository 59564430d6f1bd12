// HTTP/2 as no client speaks it, against a replica as users run it. Meanwhile
// its memory stays below a bound, and a well-behaved caller on a connection of
// its own is served; afterwards nothing is left of it: no file, no error in the
// log, no reason not to stop in order. What Node and grpc-js do about it by
// themselves is tested as well, since the rest is built on it.

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { callRaw, connectRaw, frame, type RawAnswer } from '../raw-grpc.js';
import {
  callHeaders,
  FLAG,
  FRAME,
  frameOf,
  headerBlock,
  INITIAL_WINDOW_SIZE,
  openCall,
  RawConnection,
  reset,
  settingsFrame,
  windowUpdate,
} from '../raw-http2.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { hasProc, openFiles } from '../process-usage.js';
import { endure, expectFilesClosed } from '../under-attack.js';

const GET = '/actorworkflow.v1.ActorRegistry/GetActor';
const LIST = '/actorworkflow.v1.ActorRegistry/ListActors';
const WATCH = '/actorworkflow.v1.ActorWorkflow/Watch';
const CHECK = '/grpc.health.v1.Health/Check';
const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

const actor = { namespace: 'ns', name: 'thin' };
/** A GetActorRequest and a WatchRequest: field 1 is the actor. */
const thin = refRequest('thin');
const fat = refRequest('fat');
/** With a spec that makes each of them as large as it can be. */
const FAT_ACTORS = 200;

/** What keeps a call for nothing loses it 10 s later; the rest is for two busy cores. */
const LOST_WITHIN_MS = 30_000;
const CLOSED_WITHIN_MS = 10_000;

const ENHANCE_YOUR_CALM = 11;

let replica: Replica;
let filesBefore: number;

beforeAll(async () => {
  replica = await startReplica({
    redisUrl: inject('redisUrl'),
    redisKeyPrefix: uniquePrefix(),
    instanceId: 'attacked',
    flags: ['--max-workflows', '1000', '--drain-timeout', '1s'],
  });
  const spec = { command: ['x'.repeat(60_000)] };
  await replica.client.createActor({ actor });
  await replica.client.createActor({ actor: { namespace: 'ns', name: 'fat' }, spec });
  for (let index = 0; index < FAT_ACTORS; index += 1) {
    await replica.client.createActor({ actor: { namespace: 'fat', name: `a${index}` }, spec });
  }
  filesBefore = hasProc ? openFiles(replica.pid) : 0;
});

afterAll(async () => {
  await replica[Symbol.asyncDispose]();
});

function refRequest(name: string): Buffer {
  const ref = Buffer.concat([
    Buffer.from([10, 2]),
    Buffer.from('ns'),
    Buffer.from([18, name.length]),
    Buffer.from(name),
  ]);
  return Buffer.concat([Buffer.from([10, ref.length]), ref]);
}

function data(stream: number, flags: number, payload: Buffer): Buffer {
  return frameOf(FRAME.data, flags, stream, payload);
}

/** A whole call. */
function ask(stream: number, path: string, request: Buffer): Buffer {
  return Buffer.concat([openCall(stream, path), data(stream, FLAG.endStream, frame(request))]);
}

async function open(settings: readonly (readonly [number, number])[] = []): Promise<RawConnection> {
  const connection = await RawConnection.open(replica.address);
  connection.greet(settings);
  return connection;
}

function openSome(count: number, settings: readonly (readonly [number, number])[] = []): Promise<RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => open(settings)));
}

/** What `of` makes of each of a client's next streams, 100 in one write. */
async function send(connection: RawConnection, count: number, of: (stream: number) => Buffer): Promise<void> {
  for (let at = 0; at < count && connection.isOpen; at += 100) {
    const streams = Array.from({ length: Math.min(100, count - at) }, (_, index) => 2 * (at + index) + 1);
    await connection.write(...streams.map(of));
  }
}

function letGo(...connections: readonly RawConnection[]): void {
  for (const connection of connections) connection.destroy();
}

/** Waits until the server has sent so many frames of a type, over all connections. */
async function receives(connections: readonly RawConnection[], type: number, count: number): Promise<void> {
  const received = (): number => connections.reduce((sum, each) => sum + (each.received.get(type) ?? 0), 0);
  await expect.poll(received, { timeout: LOST_WITHIN_MS, interval: 50 }).toBeGreaterThanOrEqual(count);
}

describe('what is no gRPC', () => {
  /** HEADERS without their end. */
  const begin = (): Buffer => frameOf(FRAME.headers, 0, 1, callHeaders(GET));
  const many = (count: number, each: Buffer): Buffer[] => Array<Buffer>(count).fill(each);

  const NONSENSE: readonly (readonly [what: string, attack: (c: RawConnection) => void | Promise<void>])[] = [
    ['HTTP/1.1', ({ socket }) => void socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', ({ socket }) => void socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1')],
    ['zeroes', ({ socket }) => void socket.write(Buffer.alloc(1000))],
    ['a frame that says it is 16 MB', (c) => c.write(frameOf(FRAME.data, 0, 1, Buffer.alloc(0), 0xff_ffff))],
    ['a message on no stream', (c) => c.write(data(0, 0, frame(thin)))],
    ['a message on a stream that is not open', (c) => c.write(data(7, 0, frame(thin)))],
    ['a window that overflows', (c) => c.write(windowUpdate(0, 2 ** 31 - 1))],
    ['a window that is opened by nothing', (c) => c.write(windowUpdate(0, 0))],
    [
      'headers of 20 MB',
      async (c) => {
        await c.write(begin());
        const more = frameOf(FRAME.continuation, 0, 1, headerBlock([['x-a', 'v'.repeat(10_000)]]));
        for (let at = 0; at < 2000 && c.isOpen; at += 1) await c.write(more);
      },
    ],
    [
      'headers that never end',
      async (c) => {
        await c.write(begin());
        for (let at = 0; at < 1000 && c.isOpen; at += 1) await c.write(...many(100, frameOf(FRAME.continuation, 0, 1)));
      },
    ],
    [
      'pings whose answers are not read',
      async (c) => {
        c.socket.pause();
        const ping = frameOf(FRAME.ping, 0, 0, Buffer.alloc(8));
        for (let at = 0; at < 1000 && c.isOpen; at += 1) await c.write(...many(1000, ping));
      },
    ],
    [
      'settings without end',
      async (c) => {
        c.socket.pause();
        const settings = settingsFrame([[INITIAL_WINDOW_SIZE, 65_535]]);
        for (let at = 0; at < 1000 && c.isOpen; at += 1) await c.write(...many(1000, settings));
      },
    ],
  ];

  it('costs its connection', async () => {
    await endure(replica, actor, async () => {
      for (const [what, attack] of NONSENSE) {
        const connection = await RawConnection.open(replica.address);
        if (/HTTP|TLS|zeroes/.test(what)) connection.acknowledges = false;
        else connection.greet();
        await attack(connection);
        connection.socket.resume();
        const isOver = (): boolean => !connection.isOpen || connection.goaway !== undefined;
        await expect.poll(isOver, { timeout: CLOSED_WITHIN_MS, message: what }).toBe(true);
        letGo(connection);
      }
    });
  });

  it('more header fields than anybody has, or a header that is too long, costs its stream', async () => {
    await endure(replica, actor, async () => {
      const connection = await open();
      const fields = Array.from({ length: 500 }, (_, index) => [`h${index}`, 'v'] as const);
      await connection.write(openCall(1, GET, fields));
      await expect.poll(() => connection.resets, { timeout: CLOSED_WITHIN_MS }).toBe(1);
      expect(connection.lastReset).toBe(ENHANCE_YOUR_CALM);
      letGo(connection);
    });
  });

  it('ends with one status each, where it gets as far as a call', async () => {
    const session = await connectRaw(replica.address);
    const call = async (body: Buffer, headers: Record<string, string> = {}, path = GET): Promise<string> => {
      return (await callRaw(session, path, body, { headers })).code;
    };
    const garbage = Buffer.from('garbage!');
    // The last three are grpc-js's own, as the specification has them; no client does such a thing.
    expect({
      unknownMethod: await call(frame(thin), {}, '/actorworkflow.v1.ActorRegistry/Nothing'),
      garbage: await call(frame(garbage)),
      flagWithoutEncoding: await call(frame(garbage, 1)),
      flagThatIsNone: await call(frame(garbage, 7), { 'grpc-encoding': 'gzip' }),
      unknownEncoding: await call(frame(garbage, 1), { 'grpc-encoding': 'br' }),
      tooLarge: await call(frame(Buffer.alloc(200_000))),
      noMessage: await call(Buffer.alloc(0)),
      twoMessages: await call(Buffer.concat([frame(thin), frame(thin)])),
      badMetadata: await call(frame(thin), { 'x-bin': '%%%' }),
      noTime: await call(frame(thin), { 'grpc-timeout': '0n' }, WATCH),
      badEncoding: await call(frame(garbage, 1), { 'grpc-encoding': 'gzip' }),
      badTimeout: await call(frame(thin), { 'grpc-timeout': 'never' }),
    }).toEqual({
      unknownMethod: 'UNIMPLEMENTED',
      garbage: 'INVALID_ARGUMENT',
      flagWithoutEncoding: 'INVALID_ARGUMENT',
      flagThatIsNone: 'INVALID_ARGUMENT',
      unknownEncoding: 'UNIMPLEMENTED',
      tooLarge: 'RESOURCE_EXHAUSTED',
      noMessage: 'UNIMPLEMENTED',
      twoMessages: 'UNIMPLEMENTED',
      badMetadata: 'OK',
      noTime: 'DEADLINE_EXCEEDED',
      badEncoding: 'INTERNAL',
      badTimeout: 'INTERNAL',
    });
    session.destroy();
  });
});

describe('calls that only hold something', () => {
  it('are lost after some seconds, and their connections are not', { timeout: 90_000 }, async () => {
    const { result } = await endure(replica, actor, async () => {
      const idle = await openSome(4);
      const [half, lying, unread] = [await open(), await open(), await open([[INITIAL_WINDOW_SIZE, 0]])];
      await Promise.all([
        ...idle.map((connection) => send(connection, 1500, (stream) => openCall(stream, GET))),
        send(half, 500, (stream) => {
          const part = frame(Buffer.alloc(100_000)).subarray(0, 16_000);
          return Buffer.concat([openCall(stream, CHECK), data(stream, 0, part)]);
        }),
        send(lying, 500, (stream) => {
          return Buffer.concat([openCall(stream, GET), data(stream, 0, Buffer.from([0, 255, 255, 255, 255]))]);
        }),
        send(unread, 1500, (stream) => ask(stream, GET, thin)),
      ]);
      // A status for each; for an answer that is not taken, its headers, and then a reset in place of the rest.
      await receives(idle, FRAME.headers, 4 * 1500);
      await receives([half], FRAME.headers, 500);
      await receives([lying], FRAME.headers, 500);
      await receives([unread], FRAME.headers, 1500);
      await receives([unread], FRAME.rstStream, 1);
      const all = [...idle, half, lying, unread];
      const stillOpen = all.filter(({ isOpen }) => isOpen).length;
      letGo(...all);
      return { stillOpen, all: all.length, reset: unread.lastReset };
    });
    // Others may share a connection with who does such things.
    expect(result.stillOpen).toBe(result.all);
    expect(result.reset).toBe(ENHANCE_YOUR_CALM);
  });

  it('as watchers of what never happens are as many as a replica can look after', async () => {
    await endure(replica, actor, async () => {
      const connections = await openSome(2);
      await Promise.all(connections.map((connection) => send(connection, 1000, (stream) => ask(stream, WATCH, thin))));
      // Those that are too many; each connection has a few whatever the others have.
      await receives(connections, FRAME.headers, 2 * (1000 - 8) - 1000);
      letGo(...connections);
    });
  });

  it('are as many connections as a replica can have', async () => {
    await endure(replica, actor, async () => {
      // As many as streams: a thousand above --max-workflows.
      const connections = await openSome(2500);
      const isOpen = (): number => connections.filter((connection) => connection.isOpen).length;
      await expect.poll(isOpen, { timeout: CLOSED_WITHIN_MS }).toBeLessThan(2000);
      letGo(...connections);
    });
  });
});

describe('more than anybody needs', () => {
  it('of streams that are reset at once costs its connection', async () => {
    await endure(replica, actor, async () => {
      const connections = await openSome(2);
      await Promise.all(
        connections.map(async (connection) => {
          // Node gives up a connection with more than 1,000 resets in a burst: then nobody reads any more.
          const all = send(connection, 3000, (stream) => Buffer.concat([ask(stream, WATCH, thin), reset(stream)]));
          await Promise.race([all, connection.closed]);
        }),
      );
      letGo(...connections);
    });
  });

  it('of answers that are not even received is held back', async () => {
    await endure(replica, actor, async () => {
      const connections = await openSome(4, [[INITIAL_WINDOW_SIZE, 2 ** 31 - 1]]);
      await Promise.all(
        connections.map(async (connection) => {
          connection.socket.pause();
          await connection.write(windowUpdate(0, 2 ** 31 - 1 - 65_535));
          // 60 kB each: 600 MB, of which the kernel takes some.
          await Promise.race([send(connection, 2500, (stream) => ask(stream, GET, fat)), connection.closed]);
        }),
      );
      letGo(...connections);
    });
  });

  it('of large pages at once is refused', async () => {
    const { result } = await endure(replica, actor, async () => {
      const session = await connectRaw(replica.address);
      // namespace "fat", page_size 1000
      const request = frame(Buffer.concat([Buffer.from([10, 3]), Buffer.from('fat'), Buffer.from([16, 0xe8, 0x07])]));
      const answers = await Promise.all(Array.from({ length: 60 }, () => callRaw(session, LIST, request)));
      session.destroy();
      return answers;
    });
    const ok = result.filter(({ code }) => code === 'OK');
    expect(ok.length).toBeGreaterThan(0);
    // What callers take by default.
    for (const { messages } of ok) expect(messages[0]?.length).toBeLessThan(4 * 1024 * 1024);
    for (const { code } of result) expect(['OK', 'RESOURCE_EXHAUSTED']).toContain(code);
  });

  it('of questions to reflection is not read before there is time for the answer', async () => {
    await endure(replica, actor, async () => {
      const unread = await open([[INITIAL_WINDOW_SIZE, 0]]);
      const symbol = Buffer.from('actorworkflow.v1.ActorRegistry');
      const question = frame(Buffer.concat([Buffer.from([34, symbol.length]), symbol]));
      const some = Buffer.concat(Array<Buffer>(300).fill(question));
      await unread.write(openCall(1, REFLECT));
      // What is beyond its flow control closes the connection: nothing was granted while nothing was read.
      for (let at = 0; at < 100 && unread.isOpen; at += 1) await unread.write(data(1, 0, some));
      letGo(unread);
    });
  });

  it('of what a small request inflates to is refused', async () => {
    const { result } = await endure(replica, actor, async () => {
      const session = await connectRaw(replica.address);
      const send = (message: Buffer, count: number): Promise<RawAnswer[]> => {
        const options = { headers: { 'grpc-encoding': 'gzip' }, withinMs: LOST_WITHIN_MS };
        return Promise.all(Array.from({ length: count }, () => callRaw(session, GET, frame(message, 1), options)));
      };
      const bomb = await send(gzipSync(Buffer.alloc(100_000_000)), 20);
      // Just below what grpc-js takes by default. Zeroes are also the dearest there are to decode: a field each.
      const small = await send(gzipSync(Buffer.alloc(4_000_000)), 500);
      session.destroy();
      return { bomb, small };
    });
    for (const { code } of [...result.bomb, ...result.small]) expect(code).toBe('RESOURCE_EXHAUSTED');
  });
});

it.skipIf(!hasProc)('afterwards, no connection is left', { timeout: 90_000 }, async () => {
  await expectFilesClosed(replica, filesBefore);
});

it('after all that, it stops in order', async () => {
  replica.signal('SIGTERM');
  expect(await replica.exited).toBe(0);
});
