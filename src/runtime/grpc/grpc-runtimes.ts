// The port to node runtimes over gRPC. Guarantees: every call has a deadline;
// aborting the signal cancels the call, so that the runtime undoes it, and
// rejects with the signal's reason; a stream that ended in order but without
// its last event is not taken for success. It does not retry: the steps do.

import type { CallOptions, ClientReadableStream } from '@grpc/grpc-js';
import { CoordinatorError } from '../../errors.js';
import type { RuntimeProgress__Output } from '../../generated/actorworkflow/v1/RuntimeProgress.js';
import type { StopRequest } from '../../generated/actorworkflow/v1/StopRequest.js';
import { encodeActorRef, encodeSnapshot, encodeSpec } from '../../rpc/encode.js';
import { nodeRuntimeDefinition } from '../../rpc/proto.js';
import { cutText } from '../../rpc/status-details.js';
import type {
  CheckpointCall,
  NodeRuntime,
  ReportProgress,
  RestoreCall,
  RuntimeCall,
  RuntimeProgress,
} from '../node-runtime.js';
import { Channels, type ChannelsOptions } from './channels.js';
import { toRuntimeError, withoutResult } from './runtime-error.js';

export interface GrpcRuntimesOptions extends ChannelsOptions {
  /** The longest that one call may take, in milliseconds: the workflow's own deadline comes first, unless its cancel is lost. */
  readonly callTimeoutMs: number;
}

/** Deadlines from 2^31 ms on overflow in grpc-js, and so are over at once. They are sent in whole seconds, rounded up. */
const MAX_CALL_TIMEOUT_MS = 2_147_483_000;

/** A runtime's texts are shown to people and wait in memory for slow readers. */
const MAX_WORD_LENGTH = 64;
const MAX_TEXT_LENGTH = 512;

/** Several attempts to connect fit into this. */
const ANSWERS_WITHIN_MS = 3000;

export class GrpcRuntimes {
  readonly #channels: Channels;
  readonly #callTimeoutMs: number;

  constructor({ callTimeoutMs, ...options }: GrpcRuntimesOptions) {
    this.#callTimeoutMs = Math.min(callTimeoutMs, MAX_CALL_TIMEOUT_MS);
    this.#channels = new Channels(options);
  }

  /** How many connections to node runtimes there are. */
  get channels(): number {
    return this.#channels.size;
  }

  /** The runtime behind a gRPC target. Costs nothing until it is called. */
  readonly at = (address: string): NodeRuntime => ({
    restore: (call, report, signal) => this.#restore(address, call, report, signal),
    checkpoint: (call, report, signal) => this.#checkpoint(address, call, report, signal),
    stop: (call, signal) => this.#stop(address, call, signal),
  });

  /** Whether something at the address speaks gRPC: a connection comes about within a few seconds. */
  readonly answers = (address: string): Promise<boolean> =>
    this.#channels.use(
      address,
      (client) =>
        new Promise((resolve) => {
          client.waitForReady(Date.now() + ANSWERS_WITHIN_MS, (error) => {
            resolve(error === undefined);
          });
        }),
    );

  /** Closes every channel; to be called when no workflow is left. */
  close(): void {
    this.#channels.close();
  }

  async #restore(
    address: string,
    call: RestoreCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly address: string }> {
    const request = {
      ...encodeCall(call),
      spec: encodeSpec(call.spec),
      ...(call.snapshot !== undefined && { snapshot: encodeSnapshot(call.snapshot) }),
    };
    signal.throwIfAborted();
    const last = await this.#channels.use(address, (client) =>
      lastEvent(() => client.Restore(request, this.#options()), address, report, signal),
    );
    if (!last?.restored) throw withoutResult(address, 'restored');
    return { address: cutText(last.restored.address, MAX_TEXT_LENGTH) };
  }

  async #checkpoint(
    address: string,
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const request = { ...encodeCall(call), snapshot: encodeSnapshot(call.snapshot) };
    signal.throwIfAborted();
    const last = await this.#channels.use(address, (client) =>
      lastEvent(() => client.Checkpoint(request, this.#options()), address, report, signal),
    );
    if (!last?.checkpointed) throw withoutResult(address, 'checkpointed');
    return { sizeBytes: toCount(last.checkpointed.size_bytes) };
  }

  async #stop(address: string, call: RuntimeCall, signal: AbortSignal): Promise<{ readonly stopped: boolean }> {
    signal.throwIfAborted();
    const answers = await this.#channels.use(address, async (client) => {
      // As a stream, which it is on the wire: when two messages come, grpc-js's unary call hangs until its deadline.
      const { path, requestSerialize, responseDeserialize } = nodeRuntimeDefinition.Stop;
      const request = encodeCall(call);
      const found: boolean[] = [];
      await readToEnd(
        () => client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, this.#options()),
        address,
        signal,
        ({ stopped }) => found.push(stopped),
      );
      return found;
    });
    const [stopped, ...more] = answers;
    if (stopped === undefined || more.length > 0) {
      const message = `the node runtime at ${address} ended Stop with OK and ${answers.length} answers in place of one`;
      throw new CoordinatorError('RUNTIME_FAILED', message, { runtimeCode: 'UNIMPLEMENTED', maybeDone: true });
    }
    return { stopped };
  }

  #options(): CallOptions {
    // Not the clock that was handed in: grpc-js compares it with this one.
    return { deadline: Date.now() + this.#callTimeoutMs };
  }
}

function encodeCall({ actor, worker, fencingToken, workflowId }: RuntimeCall): StopRequest {
  return {
    actor: encodeActorRef(actor),
    worker: { pool: worker.pool, name: worker.name },
    fencing_token: fencingToken,
    workflow_id: workflowId,
  };
}

interface RuntimeEvent {
  readonly progress?: RuntimeProgress__Output | null;
}

/** Reports the progress, and returns the last event of a stream that ended with OK; undefined where it had none. */
async function lastEvent<Event extends RuntimeEvent>(
  start: () => ClientReadableStream<Event>,
  address: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<Event | undefined> {
  let last: Event | undefined;
  await readToEnd(start, address, signal, (event) => {
    last = event;
    if (event.progress && !signal.aborted) report(toProgress(event.progress));
  });
  return last;
}

/**
 * Resolves when the call has ended with OK.
 * @throws the signal's reason when it aborts, else what the status means, or what `take` throws
 */
async function readToEnd<Message>(
  start: () => ClientReadableStream<Message>,
  address: string,
  signal: AbortSignal,
  take: (message: Message) => void,
): Promise<void> {
  const stream = start();
  const onAbort = (): void => {
    stream.cancel();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const message of stream as AsyncIterable<Message>) take(message);
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    throw toRuntimeError(error, address);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // After the end it does nothing; after an error of `take` it is what stops the runtime.
    stream.cancel();
  }
}

function toProgress({ phase, done, total, unit, message }: RuntimeProgress__Output): RuntimeProgress {
  return {
    phase: cutText(phase, MAX_WORD_LENGTH),
    done: toCount(done),
    total: toCount(total),
    unit: cutText(unit, MAX_WORD_LENGTH),
    message: cutText(message, MAX_TEXT_LENGTH),
  };
}

/** A uint64 as the nearest number that counts exactly. */
function toCount(text: string): number {
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}
