// The guard around every call, with limits that a test can reach, against a
// client that sends what no library would.

import { ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { CallLimits } from '../../src/rpc/limits.js';
import { GuardedServer } from '../../src/rpc/guarded-server.js';
import { nodeRuntimeDefinition } from '../../src/rpc/proto.js';
import { callRaw, connectRaw, frame } from '../raw-grpc.js';
import { FLAG, FRAME, frameOf, INITIAL_WINDOW_SIZE, openCall, RawConnection } from '../raw-http2.js';

const STOP = '/actorworkflow.v1.NodeRuntime/Stop';
/** A StopRequest of nothing. */
const EMPTY = frame(Buffer.alloc(0));

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close();
});

const LIMITS: CallLimits = {
  requestWithinMs: 60_000,
  answerWithinMs: 60_000,
  maxUnaryCalls: 1000,
  maxStreams: 1000,
  maxCallsOf: new Map(),
  sharedCalls: 0,
  maxPartialBytes: 1_000_000,
  sharedPartialBytes: 0,
};

/** Answers each Stop at once, unless the test holds the answers back. */
async function serve(
  limits: Partial<CallLimits>,
): Promise<{ address: string; held: (() => void)[]; hold: () => void }> {
  const held: (() => void)[] = [];
  let isHolding = false;
  const server = new GuardedServer({ ...LIMITS, ...limits }, systemClock);
  const Stop = (_call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>): void => {
    const answer = (): void => done(null, { stopped: true });
    if (isHolding) held.push(answer);
    else answer();
  };
  const { Stop: method } = nodeRuntimeDefinition;
  server.addService({ Stop: method }, { Stop });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  opened.push(() => server.forceShutdown());
  return { address: `127.0.0.1:${String(port)}`, held, hold: () => (isHolding = true) };
}

async function open(address: string, settings: readonly (readonly [number, number])[] = []): Promise<RawConnection> {
  const connection = await RawConnection.open(address);
  opened.push(() => connection.destroy());
  connection.greet(settings);
  return connection;
}

async function session(address: string): ReturnType<typeof connectRaw> {
  const connected = await connectRaw(address);
  opened.push(() => connected.destroy());
  return connected;
}

const data = (stream: number, flags: number, payload: Buffer): Buffer => frameOf(FRAME.data, flags, stream, payload);

it('a call whose request does not arrive in time is ended, and the connection stays', async () => {
  const { address } = await serve({ requestWithinMs: 100 });
  const connection = await open(address);
  await connection.write(openCall(1, STOP), openCall(3, STOP), data(3, 0, EMPTY.subarray(0, 3)));
  // A status alone is one frame of headers.
  await expect.poll(() => connection.received.get(FRAME.headers)).toBe(2);
  expect(connection.isOpen).toBe(true);
});

it('a call whose answer is not taken in time is reset', async () => {
  const { address } = await serve({ answerWithinMs: 100 });
  const connection = await open(address, [[INITIAL_WINDOW_SIZE, 0]]);
  await connection.write(openCall(1, STOP), data(1, FLAG.endStream, EMPTY));
  await expect.poll(() => connection.resets).toBe(1);
  expect(connection.lastReset).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

it('calls of one method are bounded, and whoever has none gets one all the same', async () => {
  const { address, held, hold } = await serve({ maxUnaryCalls: 2, sharedCalls: 1 });
  hold();
  const [greedy, modest] = [await session(address), await session(address)];
  const first = [callRaw(greedy, STOP, EMPTY), callRaw(greedy, STOP, EMPTY)];
  await expect.poll(() => held.length).toBe(2);
  expect(await callRaw(greedy, STOP, EMPTY)).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    details: { reason: 'OVERLOADED' },
  });
  const share = callRaw(modest, STOP, EMPTY);
  await expect.poll(() => held.length).toBe(3);
  for (const answer of held.splice(0)) answer();
  expect((await Promise.all([...first, share])).map(({ code }) => code)).toEqual(['OK', 'OK', 'OK']);
  // What has ended counts no more.
  const again = callRaw(greedy, STOP, EMPTY);
  await expect.poll(() => held.length).toBe(1);
  held[0]?.();
  expect(await again).toMatchObject({ code: 'OK' });
});

it('bytes of requests that have not arrived whole are bounded, and count no more when they have', async () => {
  const { address } = await serve({ maxPartialBytes: 50_000, sharedPartialBytes: 30_000 });
  const [greedy, modest] = [await open(address), await open(address)];
  const whole = frame(Buffer.concat([Buffer.from([34, 0xf0, 0x9c, 0x01]), Buffer.alloc(20_080, 'x')]));
  const part = whole.subarray(0, 15_000);
  for (const stream of [1, 3, 5]) await greedy.write(openCall(stream, STOP), data(stream, 0, part));
  expect(greedy.received.get(FRAME.headers)).toBeUndefined();
  await greedy.write(openCall(7, STOP), data(7, 0, part));
  await expect.poll(() => greedy.received.get(FRAME.headers)).toBe(1);
  // A share for everybody else.
  await modest.write(openCall(1, STOP), data(1, 0, part));
  await modest.write(data(1, FLAG.endStream, whole.subarray(15_000)));
  // Headers, and the status after the answer.
  await expect.poll(() => modest.received.get(FRAME.headers)).toBe(2);
});

it('what is no message of its type ends with INVALID_ARGUMENT, and not as an error of the server', async () => {
  const { address } = await serve({});
  const answer = await callRaw(await session(address), STOP, frame(Buffer.from([10, 0xff, 0xff])));
  expect(answer).toMatchObject({ code: 'INVALID_ARGUMENT', details: { reason: 'INVALID_ARGUMENT' } });
});
