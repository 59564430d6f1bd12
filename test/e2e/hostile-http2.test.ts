// HTTP/2 as no client speaks it, against a replica as users run it. Meanwhile
// its memory stays below a bound, a well-behaved caller on a connection of its
// own is served, and afterwards nothing is left of it: no file, no error in the
// log, no reason not to stop in order. What grpc-js or Node do by themselves is
// tested too: that they still do it is what the rest is built on.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { frame } from '../raw-grpc.js';
import { FLAG, FRAME, frameOf, INITIAL_WINDOW_SIZE, openCall, RawConnection } from '../raw-http2.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';
import { endure } from '../under-attack.js';

const GET = '/actorworkflow.v1.ActorRegistry/GetActor';
const CHECK = '/grpc.health.v1.Health/Check';

const actor = { namespace: 'ns', name: 'thin' };
/** A GetActorRequest, or a WatchRequest: field 1 is the actor. */
const thin = refRequest('thin');

/** What keeps a call for nothing loses it 10 s later; and what two busy cores may add. */
const LOST_WITHIN_MS = 20_000;

let replica: Replica;

beforeAll(async () => {
  replica = await startReplica({
    redisUrl: inject('redisUrl'),
    redisKeyPrefix: uniquePrefix(),
    instanceId: 'attacked',
    flags: ['--max-workflows', '1000', '--drain-timeout', '1s'],
  });
  await replica.client.createActor({ actor });
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

/** The n-th stream of a client. */
const id = (n: number): number => 2 * n + 1;

async function open(settings: readonly (readonly [number, number])[] = []): Promise<RawConnection> {
  const connection = await RawConnection.open(replica.address);
  connection.greet(settings);
  return connection;
}

/** Calls of `path`, in the frames that `of` makes of each, 100 in one write. */
async function openMany(connection: RawConnection, count: number, of: (stream: number) => Buffer): Promise<void> {
  for (let at = 0; at < count && connection.isOpen; at += 100) {
    await connection.write(...Array.from({ length: Math.min(100, count - at) }, (_, index) => of(id(at + index))));
  }
}

const sum = (connections: readonly RawConnection[], type: number): number =>
  connections.reduce((total, { received }) => total + (received.get(type) ?? 0), 0);

describe('calls that only hold something', () => {
  it('are lost after some seconds: idle ones, half-sent ones, those that lie about their length, and unread ones', async () => {
    const { result } = await endure(replica, actor, async () => {
      const idle = await Promise.all(Array.from({ length: 8 }, () => open()));
      const half = await open();
      const lying = await open();
      const unread = await open([[INITIAL_WINDOW_SIZE, 0]]);
      const silent = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(replica.address)));
      for (const connection of silent) connection.acknowledges = false;
      await Promise.all([
        ...idle.map((connection) => openMany(connection, 1500, (stream) => openCall(stream, GET))),
        openMany(half, 500, (stream) => {
          const message = frame(Buffer.alloc(100_000));
          return Buffer.concat([openCall(stream, CHECK), data(stream, 0, message.subarray(0, 10_000))]);
        }),
        openMany(lying, 500, (stream) => {
          return Buffer.concat([openCall(stream, GET), data(stream, 0, Buffer.from([0, 255, 255, 255, 255]))]);
        }),
        openMany(unread, 1500, (stream) => {
          return Buffer.concat([openCall(stream, GET), data(stream, FLAG.endStream, frame(thin))]);
        }),
      ]);
      const all = [...idle, half, lying, unread];
      // Of the unread ones: the headers of the answer, then a reset in place of the rest.
      await expect.poll(() => sum(idle, FRAME.headers), { timeout: LOST_WITHIN_MS }).toBe(8 * 1500);
      await expect.poll(() => sum([half], FRAME.headers), { timeout: LOST_WITHIN_MS }).toBe(500);
      await expect.poll(() => sum([lying], FRAME.headers), { timeout: LOST_WITHIN_MS }).toBe(500);
      await expect.poll(() => sum([unread], FRAME.headers), { timeout: LOST_WITHIN_MS }).toBe(1500);
      await expect.poll(() => unread.resets, { timeout: LOST_WITHIN_MS }).toBeGreaterThan(0);
      const open_ = all.filter(({ isOpen }) => isOpen).length;
      for (const connection of [...all, ...silent]) connection.destroy();
      return { open: open_, of: all.length };
    });
    // Callers, not connections, are at fault: nobody else who shares one may suffer.
    expect(result.open).toBe(result.of);
  });
});
