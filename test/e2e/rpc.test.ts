// What a gRPC client sees of a real replica, below the conveniences of our own
// client: how many statuses come, and what a caller that does not read costs.

import { credentials, makeClientConstructor, Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { Redis } from 'ioredis';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ActorWorkflowClient } from '../../src/generated/actorworkflow/v1/ActorWorkflow.js';
import type { ResumeRequest } from '../../src/generated/actorworkflow/v1/ResumeRequest.js';
import type { WorkflowEvent__Output } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { actorWorkflowDefinition } from '../../src/rpc/proto.js';
import { decodeDetails } from '../../src/rpc/status-details.js';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import {
  hang,
  refuse,
  startFakeNodeRuntime,
  succeed,
  type Behaviour,
  type FakeNodeRuntime,
} from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';
import { startTcpProxy } from '../tcp-proxy.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => redis.disconnect());

let prefix: string;
const opened: { close(): void }[] = [];
beforeEach(() => {
  prefix = uniquePrefix();
});
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const actor = { namespace: 'ns', name: 'a' };
const worker = { pool: 'default', name: 'w0' };
const leaseIsHeld = async (): Promise<boolean> => (await redis.exists(new Keys(prefix).lease('ns/a'))) === 1;

function toWorkflows(address: string): ActorWorkflowClient {
  const Client = makeClientConstructor(actorWorkflowDefinition, 'ActorWorkflow');
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  opened.push(client);
  return client as unknown as ActorWorkflowClient;
}

/** A replica whose one actor can be resumed on the one worker of `runtime`. */
async function startWithActor(runtime: FakeNodeRuntime, settings: object = {}): Promise<TestCoordinator> {
  const a = await startCoordinator({ redisKeyPrefix: prefix, ...settings });
  await a.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  await a.client.createActor({ actor });
  return a;
}

interface Statuses {
  readonly codes: string[];
  readonly reasons: unknown[];
}

/** Every status that comes, and not only the first. */
function statusesOf(call: ClientReadableStream<WorkflowEvent__Output>): Statuses {
  const seen: Statuses = { codes: [], reasons: [] };
  call.on('error', () => undefined);
  call.on('status', ({ code, metadata }) => {
    seen.codes.push(status[code]);
    seen.reasons.push(decodeDetails(metadata)?.reason);
  });
  return seen;
}

interface UnreadCall {
  /** Reads all there is. */
  readOn(): Promise<{
    readonly events: readonly WorkflowEvent__Output[];
    readonly code: string;
    readonly reason: unknown;
  }>;
}

/** Resume by hand, and nothing of its answer is read: grpc-js itself would, into its own memory. */
function resumeUnread(address: string, request: ResumeRequest): UnreadCall {
  const { path, requestSerialize, responseDeserialize } = actorWorkflowDefinition.Resume;
  const session = connectHttp2(`http://${address}`);
  session.on('error', () => undefined);
  opened.push({ close: () => session.destroy() });
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  stream.on('error', () => undefined);
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (got: IncomingHttpHeaders) => (trailers = got));
  const body = requestSerialize(request);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(body.length, 1);
  stream.end(Buffer.concat([frame, body]));
  return {
    async readOn() {
      const chunks: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
      const events: WorkflowEvent__Output[] = [];
      for (let rest = Buffer.concat(chunks); rest.length > 0;) {
        const end = 5 + rest.readUInt32BE(1);
        events.push(responseDeserialize(rest.subarray(5, end)));
        rest = rest.subarray(end);
      }
      const metadata = Metadata.fromHttp2Headers(trailers);
      return { events, code: status[Number(trailers['grpc-status'])] ?? '', reason: decodeDetails(metadata)?.reason };
    },
  };
}

describe('a stream ends with exactly one status', () => {
  const ways: [string, Behaviour, { deadlineMs?: number; cancel?: boolean }, string, string | undefined][] = [
    ['at its end', succeed, {}, 'OK', undefined],
    ['when the runtime refuses', refuse('DATA_LOSS', 'torn'), {}, 'DATA_LOSS', 'RUNTIME_FAILED'],
    ['at its deadline', hang, { deadlineMs: 300 }, 'DEADLINE_EXCEEDED', 'WORKFLOW_DEADLINE'],
    // The client makes that one itself.
    ['when it is cancelled', hang, { cancel: true }, 'CANCELLED', undefined],
  ];

  it.each(ways)('%s, and the lease is free', async (_, behaviour, { deadlineMs, cancel = false }, code, reason) => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startWithActor(runtime);
    const client = toWorkflows(a.address);
    runtime.next('restore', behaviour);
    const called = runtime.nextCall('restore');
    const call = client.Resume({ actor }, deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs });
    const seen = statusesOf(call);
    call.resume();
    await called;
    if (cancel) call.cancel();
    await expect.poll(() => seen.codes).toEqual([code]);
    await expect.poll(leaseIsHeld).toBe(false);
    // Another call over the same connection: a second status would have come before its answer.
    expect((await readToEnd(a.client.suspend({ actor }))).error).toBeUndefined();
    await nextTurn();
    expect(seen).toEqual({ codes: [code], reasons: [reason] });
    expect(runtime.violations).toEqual([]);
  });

  it('UNAVAILABLE, made by the client, when its connection is reset; the workflow is told, and unwinds', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startWithActor(runtime);
    await using proxy = await startTcpProxy(Number(a.address.split(':')[1]));
    const client = toWorkflows(`127.0.0.1:${proxy.port}`);
    runtime.next('restore', hang);
    const called = runtime.nextCall('restore');
    const call = client.Resume({ actor });
    const seen = statusesOf(call);
    call.resume();
    const restore = await called;
    proxy.reset(true);
    await restore.ended;
    expect(restore).toMatchObject({ cancelled: true, outcome: 'cancelled' });
    await expect.poll(leaseIsHeld).toBe(false);
    await expect.poll(() => seen.codes).toEqual(['UNAVAILABLE']);
    const record = await a.client.getActor(actor);
    expect(record).toMatchObject({ state: 'ACTOR_STATE_RESUMING', last_failure: { reason: 'CANCELLED' } });
  });
});

describe('a caller that does not read', () => {
  const TOLD = 20_000;
  /** Each progress is seen by the replica on its own, and all together take 10 MB. */
  const chatty: Behaviour = async (_call, signal, report) => {
    for (let done = 1; done <= TOLD && !signal.aborted; done += 1) {
      report({ phase: 'unpack', done, total: TOLD, unit: 'bytes', message: 'x'.repeat(500) });
      await nextTurn();
    }
  };

  it('costs bounded memory, does not hold its workflow up, and gets the latest once it reads', async () => {
    await using runtime = await startFakeNodeRuntime();
    await using a = await startWithActor(runtime);
    runtime.next('restore', chatty);
    const call = resumeUnread(a.address, { actor });
    await expect
      .poll(async () => (await a.client.getActor(actor)).state, { timeout: 30_000 })
      .toBe('ACTOR_STATE_RUNNING');
    expect(await leaseIsHeld()).toBe(false);
    const { events, code } = await call.readOn();
    expect(code).toBe('OK');
    expect(events.length).toBeLessThan(1_000);
    const progress = events.flatMap(({ step_progress: each }) => (each ? [Number(each.done)] : []));
    expect(progress).toEqual([...progress].sort((x, y) => x - y));
    expect(progress.at(-1)).toBeGreaterThan(TOLD * 0.9);
    expect(events[0]?.started).not.toBeNull();
    expect(events.at(-1)?.completed?.actor?.state).toBe('ACTOR_STATE_RUNNING');
  });

  it('ends its workflow as OVERLOADED once too many events wait that cannot be dropped', async () => {
    await using runtime = await startFakeNodeRuntime();
    const often = { leaseTtl: '2s', leaseRenewInterval: '5ms', leaseRenewDeadline: '1s' };
    await using a = await startWithActor(runtime, often);
    runtime.next('restore', async (restore, signal, report, wire) => {
      // Fills what HTTP/2 lets a caller leave unread, so that renewals wait in the replica.
      for (let done = 1; done <= 400; done += 1) {
        report({ phase: 'unpack', done, total: 0, unit: '', message: 'x'.repeat(500) });
        await nextTurn();
      }
      await hang(restore, signal, report, wire);
    });
    const called = runtime.nextCall('restore');
    const call = resumeUnread(a.address, { actor, options: { lease_events: true } });
    const restore = await called;
    await restore.ended;
    expect(restore.outcome).toBe('cancelled');
    await expect.poll(leaseIsHeld).toBe(false);
    const { last_failure: failure } = await a.client.getActor(actor);
    expect(failure).toMatchObject({ step: 'restore', reason: 'OVERLOADED' });
    const { events, ...ending } = await call.readOn();
    expect(ending).toEqual({ code: 'RESOURCE_EXHAUSTED', reason: 'OVERLOADED' });
    expect(events.filter(({ lease_renewed: renewed }) => renewed).length).toBeGreaterThan(100);
    expect(events.at(-1)?.failed).toMatchObject({ reason: 'ERROR_REASON_OVERLOADED', step: 'restore' });
  });

  it('does not keep its replica from closing', async () => {
    await using runtime = await startFakeNodeRuntime();
    const a = await startWithActor(runtime);
    runtime.next('restore', chatty);
    resumeUnread(a.address, { actor });
    await (
      await runtime.nextCall('restore')
    ).ended;
    await expect.poll(async () => (await a.client.getActor(actor)).state).toBe('ACTOR_STATE_RUNNING');
    const startedAtMs = performance.now();
    await a.close();
    expect(performance.now() - startedAtMs).toBeLessThan(4_000);
  });
});
