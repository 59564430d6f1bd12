// The client of node runtimes against servers that speak gRPC for real: what
// goes over the wire, and what is made of every way in which a call can end.

import { status as codes } from '@grpc/grpc-js';
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import { startNodeServer } from '../../src/rpc/node-server.js';
import { nodeRuntimeDefinition } from '../../src/rpc/proto.js';
import { DETAILS_KEY, encodeDetails } from '../../src/rpc/status-details.js';
import { GrpcRuntimes, type GrpcRuntimesOptions } from '../../src/runtime/grpc/grpc-runtimes.js';
import type {
  CheckpointCall,
  NodeRuntime,
  RestoreCall,
  RuntimeCall,
  RuntimeProgress,
} from '../../src/runtime/node-runtime.js';
import { FakeClock } from '../fake-clock.js';
import { breakConnection, hang, loseReply, refuse, startFakeNodeRuntime, takes } from '../fake-node-runtime.js';
import { startTcpProxy } from '../tcp-proxy.js';

const FIVE_MINUTES_MS = 300_000;
const snapshot: Snapshot = {
  uri: 'file:///snapshots/ns/a/1',
  location: 'LOCAL',
  node: 'node-1',
  workflowId: 'wf-0',
  createTimeMs: 1_700_000_000_123,
  sizeBytes: 7_000_000_000,
};
const base: RuntimeCall = {
  actor: { namespace: 'ns', name: 'a' },
  worker: { pool: 'default', name: 'w1' },
  fencingToken: 1_760_000_000_000_000,
  workflowId: 'wf-1',
};
const restoreCall: RestoreCall = {
  ...base,
  spec: {
    command: ['run', '--fast'],
    env: { HOME: '/home' },
    image: 'registry/x:1',
    runtimeOptions: { nested: { list: [1, null, 'x'], yes: true } },
  },
  snapshot,
};
const checkpointCall: CheckpointCall = { ...base, snapshot };
const never = new AbortController().signal;
const ignore = (): void => undefined;

const opened: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const resource of opened.splice(0).reverse()) await resource.close();
});

function open(options: Partial<GrpcRuntimesOptions> = {}): GrpcRuntimes {
  const runtimes = new GrpcRuntimes({ callTimeoutMs: 60_000, clock: systemClock, ...options });
  opened.push({ close: () => runtimes.close() });
  return runtimes;
}

async function failure(call: Promise<unknown>): Promise<CoordinatorError> {
  const error: unknown = await call.then(
    (value) => new Error(`expected an error, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoordinatorError)) throw error;
  return error;
}

interface RawServer {
  readonly address: string;
  /** How many connections were made so far. */
  connections(): number;
}

/** A server that answers with bytes of the test's choice. */
async function startRaw(answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void): Promise<RawServer> {
  const server: Http2Server = createServer();
  const sessions: { destroy(): void }[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', ignore);
    answer(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  });
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, connections: () => sessions.length };
}

/** A whole answer: messages, then a status. */
function reply(stream: ServerHttp2Stream, messages: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  for (const message of messages) {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.write(Buffer.concat([head, message]));
  }
  stream.end();
}

const { Restore, Stop } = nodeRuntimeDefinition;
const stopped = Stop.responseSerialize({ stopped: true });
const restored = Restore.responseSerialize({ restored: { address: 'there:1' } });

describe('a call that succeeds', () => {
  it('carries everything the port has, there and back', async () => {
    const seen: unknown[] = [];
    const runtime: NodeRuntime = {
      restore: async (call) => {
        seen.push(call);
        return { address: '10.0.0.7:8080' };
      },
      checkpoint: async (call) => {
        seen.push(call);
        return { sizeBytes: 5_000_000_000 };
      },
      stop: async (call) => {
        seen.push(call);
        return { stopped: true };
      },
    };
    const deps = { clock: systemClock, onUnexpected: ignore, closing: never };
    const server = await startNodeServer(['127.0.0.1:0'], runtime, deps);
    opened.push({ close: () => server.close(1000) });
    const client = open().at(`dns:///${server.addresses[0] ?? ''}`);
    expect(await client.restore(restoreCall, ignore, never)).toEqual({ address: '10.0.0.7:8080' });
    expect(await client.checkpoint(checkpointCall, ignore, never)).toEqual({ sizeBytes: 5_000_000_000 });
    expect(await client.stop(base, never)).toEqual({ stopped: true });
    expect(seen).toEqual([restoreCall, checkpointCall, base]);
  });

  it('reports progress as it comes', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', takes(250));
    const progress: RuntimeProgress[] = [];
    await open()
      .at(fake.address)
      .restore(restoreCall, (one) => progress.push(one), never);
    expect(progress.length).toBeGreaterThanOrEqual(3);
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
    expect(progress[0]).toMatchObject({ phase: 'unpack', total: 250, unit: 'ms' });
    expect([...fake.running]).toEqual([['default/w1', 'ns/a']]);
  });

  it('reports numbers that no double holds as the greatest one that a double does', async () => {
    const huge = Restore.responseSerialize({ progress: { done: '18446744073709551615', total: '9007199254740993' } });
    const raw = await startRaw((stream) => reply(stream, [huge, restored], { 'grpc-status': '0' }));
    const progress: RuntimeProgress[] = [];
    await open()
      .at(raw.address)
      .restore(restoreCall, (one) => progress.push(one), never);
    expect(progress).toEqual([
      { phase: '', done: Number.MAX_SAFE_INTEGER, total: Number.MAX_SAFE_INTEGER, unit: '', message: '' },
    ]);
  });

  it('sends its deadline, which is clamped to what grpc-js can compute with', async () => {
    const timeouts: unknown[] = [];
    const raw = await startRaw((stream, headers) => {
      timeouts.push(headers['grpc-timeout']);
      reply(stream, [stopped], { 'grpc-status': '0' });
    });
    await open({ callTimeoutMs: 90_000 }).at(raw.address).stop(base, never);
    await open({ callTimeoutMs: 1e12 }).at(raw.address).stop(base, never);
    const [near, far] = timeouts.map((text) => toMs(String(text)));
    expect(near).toBeGreaterThan(80_000);
    expect(near).toBeLessThanOrEqual(90_000);
    expect(far).toBeGreaterThan(2 ** 31 - 10_000);
    expect(far).toBeLessThan(2 ** 31);
  });
});

/** The header `grpc-timeout` in milliseconds. */
function toMs(text: string): number {
  const unit = { H: 3_600_000, M: 60_000, S: 1000, m: 1 }[text.at(-1) ?? ''];
  return Number(text.slice(0, -1)) * (unit ?? NaN);
}

const doubtful = ['CANCELLED', 'DEADLINE_EXCEEDED', 'UNKNOWN'];
const certain = Object.keys(codes).filter(
  (name) => !/^\d+$/.test(name) && !['OK', 'UNAVAILABLE', ...doubtful].includes(name),
);

describe("the runtime's own error", () => {
  it.each(certain)('%s is RUNTIME_FAILED with that code and message, surely not done', async (code) => {
    const trailers = { 'grpc-status': String(codes[code as keyof typeof codes]), 'grpc-message': 'no such image' };
    const raw = await startRaw((stream) => reply(stream, [], trailers));
    const client = open().at(raw.address);
    const expected = { reason: 'RUNTIME_FAILED', runtimeCode: code, message: 'no such image', maybeDone: false };
    expect(await failure(client.restore(restoreCall, ignore, never))).toMatchObject(expected);
    expect(await failure(client.stop(base, never))).toMatchObject(expected);
  });

  it.each(doubtful)('%s is RUNTIME_FAILED with that code, maybe done', async (code) => {
    const trailers = { 'grpc-status': String(codes[code as keyof typeof codes]), 'grpc-message': 'gave up' };
    const raw = await startRaw((stream) => reply(stream, [], trailers));
    const expected = { reason: 'RUNTIME_FAILED', runtimeCode: code, message: 'gave up', maybeDone: true };
    expect(await failure(open().at(raw.address).stop(base, never))).toMatchObject(expected);
  });

  it('with details is told by its code all the same, however its text reads', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', refuse('INTERNAL', 'Received RST_STREAM with code 2, says the disk'));
    expect(await failure(open().at(fake.address).restore(restoreCall, ignore, never))).toMatchObject({
      reason: 'RUNTIME_FAILED',
      runtimeCode: 'INTERNAL',
      maybeDone: false,
    });
  });

  it('that is a bug of the runtime leaves it open whether the work was done', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', () => {
      throw new TypeError('a bug');
    });
    expect(await failure(open().at(fake.address).restore(restoreCall, ignore, never))).toMatchObject({
      reason: 'RUNTIME_FAILED',
      runtimeCode: 'INTERNAL',
      maybeDone: true,
    });
  });

  it('without a text still says who answered what', async () => {
    const raw = await startRaw((stream) => reply(stream, [], { 'grpc-status': '5' }));
    const { message } = await failure(open().at(raw.address).stop(base, never));
    expect(message).toBe(`the node runtime at ${raw.address} answered NOT_FOUND without a message`);
  });

  it('about a stale token is STALE_FENCING_TOKEN', async () => {
    await using fake = await startFakeNodeRuntime();
    const client = open().at(fake.address);
    await client.restore(restoreCall, ignore, never);
    const older = { ...checkpointCall, fencingToken: base.fencingToken - 1 };
    expect((await failure(client.checkpoint(older, ignore, never))).reason).toBe('STALE_FENCING_TOKEN');
    expect([...fake.running]).toEqual([['default/w1', 'ns/a']]);
    expect(fake.calls.map(({ outcome }) => outcome)).toEqual(['ok', 'STALE_FENCING_TOKEN']);
  });

  it("about a stale token is understood in the enum's spelling too", async () => {
    const reason = 'ERROR_REASON_STALE_FENCING_TOKEN';
    const details = encodeDetails(9, 'stale', { reason, domain: 'example.org', metadata: {}, violations: [] });
    const trailers = { 'grpc-status': '9', 'grpc-message': 'stale', [DETAILS_KEY]: details.toString('base64') };
    const raw = await startRaw((stream) => reply(stream, [], trailers));
    expect(await failure(open().at(raw.address).stop(base, never))).toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  });
});

describe('an answer that cannot be taken as one', () => {
  it.each([
    ['a stream that ends with OK but without its last event', [], 'INTERNAL'],
    ['a stream whose last event is progress', [restored, Restore.responseSerialize({ progress: {} })], 'INTERNAL'],
    ['a message that is no protobuf', [Buffer.from([0xff, 0xff, 0xff])], 'INTERNAL'],
    ['a message of more than 4 MiB', [Buffer.alloc(5 * 1024 * 1024)], 'RESOURCE_EXHAUSTED'],
  ])('%s is RUNTIME_FAILED, maybe done', async (_name, messages, runtimeCode) => {
    const raw = await startRaw((stream) => reply(stream, messages, { 'grpc-status': '0' }));
    const error = await failure(open().at(raw.address).restore(restoreCall, ignore, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode, maybeDone: true });
  });

  it.each([
    ['no message', []],
    ['two messages', [stopped, stopped]],
  ])('%s where there must be one is RUNTIME_FAILED, maybe done', async (_name, messages) => {
    const raw = await startRaw((stream) => reply(stream, messages, { 'grpc-status': '0' }));
    const error = await failure(open().at(raw.address).stop(base, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'UNIMPLEMENTED', maybeDone: true });
  });

  it.each([
    ['reset (PROTOCOL_ERROR)', 1],
    ['reset (INTERNAL_ERROR)', 2],
    ['reset (ENHANCE_YOUR_CALM)', 11],
    ['closed without a status', 0],
  ])('a stream that is %s is RUNTIME_UNAVAILABLE, maybe done', async (_name, code) => {
    const raw = await startRaw((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.close(code);
    });
    const error = await failure(open().at(raw.address).restore(restoreCall, ignore, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true, retryAfterMs: 1000 });
    expect(error.message).toContain(raw.address);
  });
});

describe('a node that cannot be reached', () => {
  it('is RUNTIME_UNAVAILABLE, maybe done, and is named; once it serves, a call gets through within 2 s', async () => {
    const gone = await startFakeNodeRuntime();
    await gone.close();
    const client = open().at(gone.address);
    const error = await failure(client.restore(restoreCall, ignore, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true, retryAfterMs: 1000 });
    expect(error.message).toContain(gone.address);
    await using back = await startFakeNodeRuntime({ port: gone.port });
    expect(back.address).toBe(gone.address);
    await expect
      .poll(() => client.stop(base, never).catch((reason: unknown) => reason), { timeout: 2000 })
      .toEqual({ stopped: false });
  });

  it('by an address that is no gRPC target is RUNTIME_UNAVAILABLE, surely not done', async () => {
    const error = await failure(open().at('').stop(base, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: false });
    expect(error.message).toContain('at "" cannot be called');
  });

  it('because it dies in the middle of a call is RUNTIME_UNAVAILABLE, maybe done', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.default('restore', hang);
    const arrived = fake.nextCall('restore');
    const failed = failure(open().at(fake.address).restore(restoreCall, ignore, never));
    await arrived;
    await fake.close();
    expect(await failed).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true, retryAfterMs: 1000 });
  });

  it('because the connection breaks is the same, whether the work was undone or done', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', breakConnection, loseReply);
    const client = open().at(fake.address);
    for (const running of [0, 1]) {
      const error = await failure(client.restore(restoreCall, ignore, never));
      expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
      await fake.calls[running]?.ended;
      expect(fake.running.size).toBe(running);
    }
    expect(await client.restore(restoreCall, ignore, never)).toEqual({ address: '127.0.0.1:8080' });
    expect(fake.calls.map(({ outcome, cancelled }) => ({ outcome, cancelled }))).toEqual([
      { outcome: 'cancelled', cancelled: true },
      { outcome: 'ok', cancelled: true },
      { outcome: 'ok', cancelled: false },
    ]);
  });

  it('because it answers nothing any more is noticed in the middle of a call', async () => {
    await using fake = await startFakeNodeRuntime();
    await using proxy = await startTcpProxy(fake.port);
    fake.next('restore', hang);
    const arrived = fake.nextCall('restore');
    const runtimes = open({ keepaliveMs: 200, keepaliveTimeoutMs: 200 });
    const failed = failure(runtimes.at(`127.0.0.1:${proxy.port}`).restore(restoreCall, ignore, never));
    await arrived;
    proxy.swallowRequests(true);
    proxy.swallowReplies(true);
    expect(await failed).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
  });
});

describe('an abort', () => {
  const reason = new CoordinatorError('LEASE_LOST', 'the lease was lost');

  it("cancels the call at the runtime, and rejects with the signal's reason before that has undone its work", async () => {
    await using fake = await startFakeNodeRuntime();
    let undo = ignore;
    const undone = new Promise<void>((resolve) => (undo = resolve));
    fake.next('restore', (call, signal, report, wire) =>
      Promise.resolve(hang(call, signal, report, wire)).finally(() => undone),
    );
    const abort = new AbortController();
    const arrived = fake.nextCall('restore');
    const failed = failure(open().at(fake.address).restore(restoreCall, ignore, abort.signal));
    const call = await arrived;
    abort.abort(reason);
    expect(await failed).toBe(reason);
    await expect.poll(() => call.cancelled).toBe(true);
    expect(call.outcome).toBe('running');
    undo();
    await call.ended;
    expect(call.outcome).toBe('cancelled');
    expect(fake.running.size).toBe(0);
  });

  it('cancels a Stop as well', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('stop', hang);
    const abort = new AbortController();
    const arrived = fake.nextCall('stop');
    const failed = failure(open().at(fake.address).stop(base, abort.signal));
    const call = await arrived;
    abort.abort(reason);
    expect(await failed).toBe(reason);
    await call.ended;
    expect(call.cancelled).toBe(true);
  });

  it('before the call dials nothing', async () => {
    const runtimes = open();
    const aborted = AbortSignal.abort(reason);
    expect(await failure(runtimes.at('127.0.0.1:1').restore(restoreCall, ignore, aborted))).toBe(reason);
    expect(await failure(runtimes.at('127.0.0.1:1').stop(base, aborted))).toBe(reason);
    expect(runtimes.channels).toBe(0);
  });

  it('that never comes leaves it to the deadline of the call, after which it may be done', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', hang);
    const arrived = fake.nextCall('restore');
    const client = open({ callTimeoutMs: 300 }).at(fake.address);
    const error = await failure(client.restore(restoreCall, ignore, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DEADLINE_EXCEEDED', maybeDone: true });
    const call = await arrived;
    await call.ended;
    expect(call.cancelled).toBe(true);
  });

  it('is also what an error in the reader of progress comes to', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', takes(10_000));
    const arrived = fake.nextCall('restore');
    const broken = new TypeError('a bug in the reader');
    const failed = open()
      .at(fake.address)
      .restore(
        restoreCall,
        () => {
          throw broken;
        },
        never,
      );
    await expect(failed).rejects.toBe(broken);
    const call = await arrived;
    await call.ended;
    expect(call.outcome).toBe('cancelled');
  });
});

describe('the connection to a node', () => {
  const answering = (): Promise<RawServer> => startRaw((stream) => reply(stream, [stopped], { 'grpc-status': '0' }));

  it('is shared by its calls, closed after five minutes without one, and dialled again by the next', async () => {
    const raw = await answering();
    const clock = new FakeClock();
    const runtimes = open({ clock });
    const client = runtimes.at(raw.address);
    await Promise.all([client.stop(base, never), client.stop(base, never)]);
    await clock.advance(FIVE_MINUTES_MS - 1);
    await runtimes.at(raw.address).stop(base, never);
    expect(raw.connections()).toBe(1);
    // The call counts from its end.
    await clock.advance(FIVE_MINUTES_MS - 1);
    expect(runtimes.channels).toBe(1);
    await clock.advance(1);
    expect(runtimes.channels).toBe(0);
    expect(clock.timers).toBe(0);
    await client.stop(base, never);
    expect(raw.connections()).toBe(2);
  });

  it('stays for as long as a call is under way', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', hang);
    const clock = new FakeClock();
    const runtimes = open({ clock });
    const abort = new AbortController();
    const arrived = fake.nextCall('restore');
    const client = runtimes.at(fake.address);
    const failed = failure(client.restore(restoreCall, ignore, abort.signal));
    const call = await arrived;
    // Another call over the same channel ends, and that one is idle in no sense.
    await client.stop({ ...base, worker: { pool: 'default', name: 'w2' } }, never);
    await clock.advance(2 * FIVE_MINUTES_MS);
    expect(runtimes.channels).toBe(1);
    expect(call.cancelled).toBe(false);
    abort.abort(new CoordinatorError('CANCELLED', 'over'));
    await failed;
    await call.ended;
  });

  it('is given up for another when too many are idle, the longest unused first, and none with a call', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', hang);
    const runtimes = open({ maxIdle: 2 });
    const abort = new AbortController();
    const arrived = fake.nextCall('restore');
    const failed = failure(runtimes.at(fake.address).restore(restoreCall, ignore, abort.signal));
    const call = await arrived;
    const [first, second, third] = [await answering(), await answering(), await answering()];
    for (const { address } of [first, second, first, third]) await runtimes.at(address).stop(base, never);
    expect(runtimes.channels).toBe(3);
    await runtimes.at(first.address).stop(base, never);
    expect(first.connections()).toBe(1);
    await runtimes.at(second.address).stop(base, never);
    expect(second.connections()).toBe(2);
    expect(call.cancelled).toBe(false);
    abort.abort(new CoordinatorError('CANCELLED', 'over'));
    await failed;
    await call.ended;
  });

  it('is closed with the client no sooner than a call that has reached its node has ended', async () => {
    await using fake = await startFakeNodeRuntime();
    fake.next('restore', takes(200));
    const arrived = fake.nextCall('restore');
    const runtimes = open();
    const restoring = runtimes.at(fake.address).restore(restoreCall, ignore, never);
    await arrived;
    runtimes.close();
    expect(await restoring).toEqual({ address: '127.0.0.1:8080' });
  });

  it('is closed with the client, which refuses later calls and leaves no timer', async () => {
    const raw = await answering();
    const clock = new FakeClock();
    const runtimes = open({ clock });
    await runtimes.at(raw.address).stop(base, never);
    runtimes.close();
    expect(clock.timers).toBe(0);
    expect(await failure(runtimes.at(raw.address).stop(base, never))).toMatchObject({
      reason: 'RUNTIME_UNAVAILABLE',
      maybeDone: false,
    });
  });
});
