// The gRPC service of a node runtime. The client here is as thin as can be, so
// that what is tested is the service; the product's client has tests of its own,
// and what a runtime does behind it is the conformance suite's.

import { credentials, makeClientConstructor, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { CoordinatorError, isReason } from '../../src/errors.js';
import type { CheckpointEvent__Output } from '../../src/generated/actorworkflow/v1/CheckpointEvent.js';
import type { NodeRuntimeClient } from '../../src/generated/actorworkflow/v1/NodeRuntime.js';
import type { RestoreEvent__Output } from '../../src/generated/actorworkflow/v1/RestoreEvent.js';
import type { Snapshot as WireSnapshot } from '../../src/generated/actorworkflow/v1/Snapshot.js';
import type { WorkloadSpec as WireSpec } from '../../src/generated/actorworkflow/v1/WorkloadSpec.js';
import { startNodeServer } from '../../src/rpc/node-server.js';
import type { RunningServer } from '../../src/rpc/server.js';
import { nodeRuntimeDefinition } from '../../src/rpc/proto.js';
import { fromServiceError } from '../../src/rpc/status.js';
import { toStruct } from '../../src/rpc/struct.js';
import type { Snapshot, WorkloadSpec } from '../../src/actor/actor.js';
import type { NodeRuntime, ReportProgress, RuntimeCall } from '../../src/runtime/node-runtime.js';
import { failure, ignore, never } from './node-runtime-calls.js';

function connect(address: string): NodeRuntimeClient {
  const Client = makeClientConstructor(nodeRuntimeDefinition, 'NodeRuntime');
  return new Client(address, credentials.createInsecure()) as unknown as NodeRuntimeClient;
}

function fromStatus(error: unknown): CoordinatorError {
  const { code, message, details } = fromServiceError(error as ServiceError);
  const reason = details !== undefined && isReason(details.reason) ? details.reason : 'RUNTIME_UNAVAILABLE';
  const violations = details?.violations ?? [];
  return new CoordinatorError(reason, message, reason === 'RUNTIME_FAILED' ? { runtimeCode: code } : { violations });
}

class ThinClient implements NodeRuntime {
  readonly raw: NodeRuntimeClient;

  constructor(address: string) {
    this.raw = connect(address);
  }

  restore: NodeRuntime['restore'] = async (call, report, signal) => {
    const request = { ...wireCall(call), spec: wireSpec(call.spec), snapshot: wireSnapshot(call.snapshot) };
    const { snapshot, ...boot } = request;
    const stream = this.raw.Restore(call.snapshot === undefined ? boot : { ...boot, snapshot });
    const last = await drain<RestoreEvent__Output>(stream, report, signal);
    return { address: last.restored?.address ?? '' };
  };

  checkpoint: NodeRuntime['checkpoint'] = async (call, report, signal) => {
    const stream = this.raw.Checkpoint({ ...wireCall(call), snapshot: wireSnapshot(call.snapshot) });
    const last = await drain<CheckpointEvent__Output>(stream, report, signal);
    return { sizeBytes: Number(last.checkpointed?.size_bytes) };
  };

  stop: NodeRuntime['stop'] = (call) =>
    new Promise((resolve, reject) => {
      this.raw.Stop(wireCall(call), (error, response) => {
        if (error !== null) reject(fromStatus(error));
        else resolve({ stopped: response?.stopped === true });
      });
    });
}

function wireCall({ actor, worker, fencingToken, workflowId }: RuntimeCall): object {
  return { actor, worker, fencing_token: fencingToken, workflow_id: workflowId };
}

function wireSnapshot(snapshot: Snapshot | undefined): WireSnapshot {
  return { uri: snapshot?.uri ?? '', location: `SNAPSHOT_LOCATION_${snapshot?.location ?? 'DURABLE'}` };
}

function wireSpec({ command, env, image, runtimeOptions }: WorkloadSpec): WireSpec {
  return { command: [...command], env, image, runtime_options: toStruct(runtimeOptions ?? {}) };
}

async function drain<Event extends RestoreEvent__Output | CheckpointEvent__Output>(
  stream: ClientReadableStream<Event>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<Event> {
  const onAbort = (): void => stream.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  let last: Event | undefined;
  try {
    for await (const event of stream as AsyncIterable<Event>) {
      last = event;
      const { progress } = event;
      if (progress) report({ ...progress, done: Number(progress.done), total: Number(progress.total) });
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : fromStatus(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  if (last === undefined) throw new Error('the stream ended without an event');
  return last;
}

function serve(runtime: NodeRuntime, closing: AbortController, listen = ['127.0.0.1:0']): Promise<RunningServer> {
  const onUnexpected = (error: unknown): void => console.error(error);
  return startNodeServer(listen, runtime, { clock: systemClock, onUnexpected, closing: closing.signal });
}

describe('the service', () => {
  /** Does nothing but count its calls, and report progress as told. */
  class Recorder implements NodeRuntime {
    calls = 0;
    restore: NodeRuntime['restore'] = async (_call, report) => {
      this.calls += 1;
      for (let done = 1; done <= 100_000; done++) {
        report({ phase: 'unpack', done, total: 100_000, unit: 'bytes', message: 'x'.repeat(1_000) });
        // In turns, as work does that waits for a disk: else nothing could be written in between.
        if (done % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return { address: 'there:1' };
    };
    checkpoint: NodeRuntime['checkpoint'] = async () => {
      this.calls += 1;
      return { sizeBytes: 1 };
    };
    stop: NodeRuntime['stop'] = async () => {
      this.calls += 1;
      return { stopped: true };
    };
  }

  const closing = new AbortController();
  let recorder: Recorder;
  let server: RunningServer;
  let client: ThinClient;
  beforeEach(async () => {
    recorder = new Recorder();
    server = await serve(recorder, closing);
    client = new ThinClient(server.addresses[0] ?? '');
  });
  afterEach(async () => {
    client.raw.close();
    await server.close(2_000);
  });

  const spec: WorkloadSpec = { command: ['x'], env: {}, image: '' };
  const call = (changes: object = {}): never =>
    ({
      actor: { namespace: 'a', name: 'b' },
      worker: { pool: 'default', name: 'w' },
      fencingToken: 1,
      workflowId: 'w',
      spec,
      snapshot: { uri: 'file:///x', location: 'DURABLE', node: '', workflowId: '', sizeBytes: 0 },
      ...changes,
    }) as never;

  test.each([
    ['actor', { actor: undefined }],
    ['actor.name', { actor: { namespace: 'a', name: 'B{}' } }],
    ['worker', { worker: undefined }],
    ['worker.name', { worker: { pool: 'default', name: '' } }],
    ['fencing_token', { fencingToken: 0 }],
    ['workflow_id', { workflowId: 'x'.repeat(300) }],
  ])('a call with a wrong %s is INVALID_ARGUMENT, and never reaches the runtime', async (field, changes) => {
    const wrong = call(changes);
    for (const attempt of [
      client.restore(wrong, ignore, never),
      client.checkpoint(wrong, ignore, never),
      client.stop(wrong, never),
    ]) {
      const error = await failure(attempt);
      expect(error.reason).toBe('INVALID_ARGUMENT');
      expect(error.violations.map((violation) => violation.field)).toEqual([field]);
    }
    expect(recorder.calls).toBe(0);
  });

  test('a slow reader is told the latest progress rather than all of it, and the result', async () => {
    const seen: number[] = [];
    const { address } = await client.restore(call(), ({ done }) => seen.push(done), never);
    expect(address).toBe('there:1');
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(50_000);
    expect(seen.at(-1)).toBe(100_000);
  });
});

describe('a Unix socket', () => {
  let directory: string;
  let path: string;
  const closing = new AbortController();
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'node-'));
    path = join(directory, 'node.sock');
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  const stub: NodeRuntime = {
    restore: async () => ({ address: '' }),
    checkpoint: async () => ({ sizeBytes: 0 }),
    stop: async () => ({ stopped: true }),
  };

  test('is served to nobody but its owner, beside a port', async () => {
    const server = await serve(stub, closing, [`unix://${path}`, '127.0.0.1:0']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const address of server.addresses) {
      const client = new ThinClient(address);
      const call = { actor: { namespace: 'a', name: 'b' }, worker: { pool: 'p', name: 'w' }, fencingToken: 1 };
      expect(await client.stop({ ...call, workflowId: '' }, never)).toEqual({ stopped: true });
      client.raw.close();
    }
    await server.close(2_000);
  });

  test('that somebody serves, or that is a file, is left alone', async () => {
    const other = createServer().listen(path);
    await expect(serve(stub, closing, [`unix://${path}`])).rejects.toThrow(`--listen unix://${path}`);
    expect((await stat(path)).isSocket()).toBe(true);
    await new Promise((resolve) => other.close(resolve));

    await writeFile(path, 'precious');
    await expect(serve(stub, closing, [`unix://${path}`])).rejects.toThrow(`--listen unix://${path}`);
    expect((await stat(path)).isFile()).toBe(true);
  });
});
