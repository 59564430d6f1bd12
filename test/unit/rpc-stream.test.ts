// The adapter between async iterables and gRPC streams, between a real client
// and a real server: exactly one status, bounded memory, nothing left running.

import {
  credentials,
  makeClientConstructor,
  Server,
  ServerCredentials,
  type ClientReadableStream,
} from '@grpc/grpc-js';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';
import type { ActorWorkflowClient } from '../../src/generated/actorworkflow/v1/ActorWorkflow.js';
import type { WorkflowEvent__Output } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { actorWorkflowService } from '../../src/rpc/actor-workflow.js';
import type { CallDeps } from '../../src/rpc/call.js';
import { http2StreamOf } from '../../src/rpc/http2-stream.js';
import { actorWorkflowDefinition } from '../../src/rpc/proto.js';
import { fromServiceError } from '../../src/rpc/status.js';
import type { WorkflowEvent } from '../../src/workflow/event.js';
import type { ResumeRequest, WorkflowService, WorkflowStream } from '../../src/workflow/request.js';

const actor = { namespace: 'ns', name: 'a' };
const STALL_MS = 200;

/** What a test's workflow does. */
type Events = (request: ResumeRequest, signal: AbortSignal) => AsyncGenerator<WorkflowEvent, void, undefined>;

let server: Server;
let port: number;
let client: ActorWorkflowClient;
let events: Events;
/** Done before the adapter has the call. */
let onResume: (call: object) => void;
let ended: Promise<void>;
/** Reasons of the signals that aborted. */
let aborted: unknown[];
/** How often an iterator was left, by its end, an error or `return`. */
let left: number;
let unexpected: unknown[];
let closing: AbortController;

beforeEach(async () => {
  ended = new Promise(() => undefined);
  aborted = [];
  left = 0;
  unexpected = [];
  closing = new AbortController();
  const run = (request: ResumeRequest, signal: AbortSignal): WorkflowStream => {
    signal.addEventListener('abort', () => aborted.push(signal.reason));
    async function* counted(): AsyncGenerator<WorkflowEvent, void, undefined> {
      try {
        yield* events(request, signal);
      } finally {
        left += 1;
      }
    }
    return Object.assign(counted(), { ended });
  };
  const service: WorkflowService = {
    resume: run,
    suspend: (request, signal) => run({ ...request, boot: false, workerWaitMs: 0 }, signal),
    pause: (request, signal) => run({ ...request, boot: false, workerWaitMs: 0 }, signal),
    watch: () => {
      throw new Error('not asked for here');
    },
  };
  const deps: CallDeps = {
    clock: systemClock,
    onUnexpected: (error) => unexpected.push(error),
    closing: closing.signal,
    stallMs: STALL_MS,
  };
  server = new Server();
  const handlers = actorWorkflowService(service, 300_000, deps);
  onResume = () => undefined;
  server.addService(actorWorkflowDefinition, {
    ...handlers,
    Resume: (call: Parameters<typeof handlers.Resume>[0]) => {
      onResume(call);
      handlers.Resume(call);
    },
  });
  port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const Client = makeClientConstructor(actorWorkflowDefinition, 'ActorWorkflow');
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options) as unknown as ActorWorkflowClient;
});

afterEach(() => {
  client.close();
  server.forceShutdown();
});

function progress(sequence: number, message = ''): WorkflowEvent {
  const fact = { phase: 'unpack', done: sequence, total: 0, unit: 'bytes', message };
  return { workflowId: 'wf', sequence, timeMs: 0, fact: { type: 'step_progress', step: 'restore', progress: fact } };
}

interface Ending {
  readonly events: readonly WorkflowEvent__Output[];
  /** Of every status that came; one, always. */
  readonly statuses: readonly { readonly code: string; readonly reason: string | undefined }[];
}

async function readToEnd(call: ClientReadableStream<WorkflowEvent__Output>): Promise<Ending> {
  const seen: WorkflowEvent__Output[] = [];
  const statuses: { code: string; reason: string | undefined }[] = [];
  call.on('data', (event: WorkflowEvent__Output) => seen.push(event));
  call.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    call.on('status', ({ code, details, metadata }) => {
      const peer = fromServiceError(Object.assign(new Error(), { code, details, metadata }));
      statuses.push({ code: peer.code, reason: peer.details?.reason });
      // Another one would come right behind it.
      setImmediate(resolve);
    });
  });
  return { events: seen, statuses };
}

/** Resolves with the signal's reason as an error. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('a stream ends with exactly one status', () => {
  it('at its normal end: OK, after every event in its order', async () => {
    events = async function* () {
      for (let sequence = 1; sequence <= 100; sequence += 1) yield progress(sequence);
    };
    const ending = await readToEnd(client.Resume({ actor }));
    expect(ending.statuses).toEqual([{ code: 'OK', reason: undefined }]);
    expect(ending.events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, i) => `${i + 1}`));
    expect({ left, aborted, unexpected }).toEqual({ left: 1, aborted: [], unexpected: [] });
  });

  it('at an error: that error, after the events before it', async () => {
    events = async function* () {
      yield progress(1);
      throw new CoordinatorError('LEASE_LOST', 'gone');
    };
    const ending = await readToEnd(client.Suspend({ actor }));
    expect(ending.statuses).toEqual([{ code: 'ABORTED', reason: 'LEASE_LOST' }]);
    expect(ending.events.length).toBe(1);
    expect(unexpected).toEqual([]);
  });

  it('at an error that nobody foresaw: INTERNAL, and the log has it', async () => {
    const bug = new TypeError('a bug');
    events = async function* () {
      throw bug;
    };
    expect((await readToEnd(client.Resume({ actor }))).statuses).toEqual([{ code: 'INTERNAL', reason: 'INTERNAL' }]);
    expect(unexpected).toEqual([bug]);
  });

  it('at a bad request: INVALID_ARGUMENT, and the workflow is never asked', async () => {
    expect((await readToEnd(client.Resume({}))).statuses).toEqual([
      { code: 'INVALID_ARGUMENT', reason: 'INVALID_ARGUMENT' },
    ]);
    expect(left).toBe(0);
  });

  it("at the caller's deadline: DEADLINE_EXCEEDED, and the workflow is told why", async () => {
    events = async function* (request, signal) {
      expect(request.callerDeadlineAtMs).toBeGreaterThan(systemClock.nowMs());
      yield progress(1);
      await abortOf(signal);
    };
    const [status, ...others] = (await readToEnd(client.Resume({ actor }, { deadline: Date.now() + 150 }))).statuses;
    expect(status?.code).toBe('DEADLINE_EXCEEDED');
    expect(others).toEqual([]);
    await expect.poll(() => left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'WORKFLOW_DEADLINE' }]);
  });

  it('when the server closes: UNAVAILABLE', async () => {
    events = async function* (_, signal) {
      yield progress(1);
      await abortOf(signal);
    };
    const call = client.Resume({ actor });
    call.once('data', () => closing.abort(new CoordinatorError('DRAINING', 'over')));
    expect((await readToEnd(call)).statuses).toEqual([{ code: 'UNAVAILABLE', reason: 'DRAINING' }]);
    expect((await readToEnd(client.Resume({ actor }))).statuses).toEqual([{ code: 'UNAVAILABLE', reason: 'DRAINING' }]);
  });

  it('when the workflow ends in order although it was told to stop: OK, since it is done', async () => {
    events = async function* (_, signal) {
      yield progress(1);
      await abortOf(signal).catch(() => undefined);
      yield progress(2);
    };
    const call = client.Resume({ actor });
    call.once('data', () => closing.abort(new CoordinatorError('DRAINING', 'over')));
    const ending = await readToEnd(call);
    expect(ending.statuses).toEqual([{ code: 'OK', reason: undefined }]);
    expect(ending.events.length).toBe(2);
  });
});

describe('a caller that goes away', () => {
  const untilAborted: Events = async function* (_, signal) {
    yield progress(1);
    await abortOf(signal);
  };

  it('by cancelling is told to the workflow, whose iterator is left', async () => {
    events = untilAborted;
    const call = client.Resume({ actor });
    call.once('data', () => call.cancel());
    expect((await readToEnd(call)).statuses).toMatchObject([{ code: 'CANCELLED' }]);
    await expect.poll(() => left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'CANCELLED' }]);
    expect(unexpected).toEqual([]);
  });

  it('by losing its connection is told to the workflow as well', async () => {
    events = untilAborted;
    const { session, stream } = rawCall();
    stream.resume();
    await new Promise((resolve) => stream.once('data', resolve));
    session.destroy();
    await expect.poll(() => left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'CANCELLED' }]);
  });

  it('while the workflow waits for it to read is noticed, and the iterator returned', async () => {
    let pulled = 0;
    events = async function* () {
      for (;;) yield progress((pulled += 1), 'x'.repeat(10_000));
    };
    const { session } = rawCall();
    await stalled(() => pulled);
    session.destroy();
    await expect.poll(() => left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'CANCELLED' }]);
  });

  it('after the end is nothing: the signal stays as it was', async () => {
    let signalOfCall: AbortSignal | undefined;
    events = async function* (_, signal) {
      signalOfCall = signal;
      yield progress(1);
    };
    await readToEnd(client.Resume({ actor }));
    client.close();
    expect(signalOfCall?.aborted).toBe(false);
  });
});

it.each(['destroy', 'close'] as const)(
  'a call whose caller was gone before its request was whole starts nothing: %s',
  async (how) => {
    let started = 0;
    events = async function* () {
      started += 1;
      yield progress(1);
    };
    // grpc-js has told it to the call of before, which had no listener yet.
    const closed = new Promise<void>((resolve) => {
      onResume = (call) => {
        const inner = Reflect.get(call, 'call') as object;
        Reflect.set(inner, 'cancelNotified', true);
        http2StreamOf(call)?.once('close', resolve)[how]();
      };
    });
    const { session } = rawCall();
    await closed;
    expect(started).toBe(0);
    session.destroy();
  },
);

describe('a reader that stalls', () => {
  it('gets every event once it reads on; until then few are taken', async () => {
    let pulled = 0;
    events = async function* () {
      while (pulled < 1000) yield progress((pulled += 1), 'x'.repeat(1000));
    };
    const { session, stream } = rawCall();
    const taken = await stalled(() => pulled);
    // A window of 64 kB of HTTP/2, the queue of 16 messages, and one.
    expect(taken).toBeLessThan(200);
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const trailers = await new Promise<Record<string, unknown>>((resolve) => stream.once('trailers', resolve));
    expect(trailers['grpc-status']).toBe('0');
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(pulled).toBe(1000);
    session.destroy();
  });

  it('is given up some time after the workflow has ended, and its stream is freed', async () => {
    let pulled = 0;
    let finish = (): void => undefined;
    ended = new Promise((resolve) => (finish = resolve));
    events = async function* () {
      while (pulled < 1000) yield progress((pulled += 1), 'x'.repeat(1000));
    };
    const { session, stream } = rawCall();
    await stalled(() => pulled);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => undefined);
    const endedAtMs = systemClock.nowMs();
    finish();
    await closed;
    // Once for the events that wait, once for the status behind them.
    expect(systemClock.nowMs() - endedAtMs).toBeGreaterThanOrEqual(2 * STALL_MS - 1);
    expect(stream.rstCode).toBe(11);
    expect(left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'OVERLOADED' }]);
    session.destroy();
  });

  it('when everything fits into its buffers but the status holds the stream no longer than that', async () => {
    // More than the window of HTTP/2, less than the messages that grpc-js queues.
    events = async function* () {
      for (let sequence = 1; sequence <= 10; sequence += 1) yield progress(sequence, 'x'.repeat(10_000));
    };
    const { session, stream } = rawCall();
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(11);
    expect(left).toBe(1);
    session.destroy();
  });

  it('is also ended by its deadline', async () => {
    let pulled = 0;
    events = async function* () {
      for (;;) yield progress((pulled += 1), 'x'.repeat(10_000));
    };
    const { session } = rawCall({ 'grpc-timeout': '300m' });
    await expect.poll(() => left).toBe(1);
    expect(aborted).toMatchObject([{ reason: 'WORKFLOW_DEADLINE' }]);
    session.destroy();
  });
});

/** Resume by hand, so that the test decides whether anything is read. */
function rawCall(headers: Record<string, string> = {}): { session: ClientHttp2Session; stream: ClientHttp2Stream } {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/actorworkflow.v1.ActorWorkflow/Resume',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const message = actorWorkflowDefinition.Resume.requestSerialize({ actor });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  stream.on('error', () => undefined);
  return { session, stream };
}

/** Waits until the count has started and stands still, and returns it. */
async function stalled(count: () => number): Promise<number> {
  let before = -1;
  await expect
    .poll(
      () => {
        const same = count() === before && before > 0;
        before = count();
        return same;
      },
      { interval: 50 },
    )
    .toBe(true);
  return before;
}
