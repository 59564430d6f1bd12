// The runtime that is checked, as it looks on the wire: requests go out as they
// are given, wrong ones too, and an answer is kept whole: its code, its reason,
// every event with its time. Guarantees: every call has a deadline, and what is
// kept of one call is bounded. It judges nothing: the checks do.

import { Client, credentials, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import type { CheckpointRequest } from '../generated/actorworkflow/v1/CheckpointRequest.js';
import type { RestoreRequest } from '../generated/actorworkflow/v1/RestoreRequest.js';
import type { RuntimeProgress__Output } from '../generated/actorworkflow/v1/RuntimeProgress.js';
import type { StopRequest } from '../generated/actorworkflow/v1/StopRequest.js';
import { nodeRuntimeDefinition } from '../rpc/proto.js';
import { fromServiceError } from '../rpc/status.js';
import type { RuntimeProgress } from '../runtime/node-runtime.js';

export interface Requests {
  readonly Restore: RestoreRequest;
  readonly Checkpoint: CheckpointRequest;
  readonly Stop: StopRequest;
}

export interface Answer {
  readonly method: keyof Requests;
  /** The canonical name of the status code, `OK` among them. */
  readonly code: string;
  readonly message: string;
  /** Of google.rpc.ErrorInfo; empty where there is none. */
  readonly reason: string;
  /** In the order of their arrival; at most MAX_EVENTS. */
  readonly progress: readonly TimedProgress[];
  /** Results that came, in their order: a good call has one. */
  readonly results: readonly Result[];
  /** Whether the last message was a result. */
  readonly endedWithResult: boolean;
  readonly tookMs: number;
}

export interface TimedProgress extends RuntimeProgress {
  /** On the monotonic clock. */
  readonly atMs: number;
}

export interface Result {
  readonly address?: string;
  readonly sizeBytes?: number;
  readonly stopped?: boolean;
}

/** A call under way. */
export interface Pending {
  readonly ended: Promise<Answer>;
  /** Resolves with the first message, or when the call ends. */
  readonly heard: Promise<void>;
  cancel(): void;
}

/** One message of any of the three answers. */
interface Message {
  readonly progress?: RuntimeProgress__Output | null;
  readonly restored?: { readonly address: string } | null;
  readonly checkpointed?: { readonly size_bytes: string } | null;
  readonly stopped?: boolean;
}

/** A runtime that keeps to 100 a second fills this in 100 s; one that does not is found out long before. */
const MAX_EVENTS = 10_000;

export class Target {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #callTimeoutMs: number;

  /** @param address a gRPC target. Connects with the first call. */
  constructor(address: string, clock: Clock, callTimeoutMs: number) {
    this.#clock = clock;
    this.#callTimeoutMs = callTimeoutMs;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  /** Whether something that speaks gRPC is there within `limitMs`. */
  answers(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.waitForReady(Date.now() + limitMs, (error) => {
        resolve(error === undefined);
      });
    });
  }

  /** @param timeoutMs after this the call ends with DEADLINE_EXCEEDED, here and there */
  call<Method extends keyof Requests>(
    method: Method,
    request: Requests[Method],
    timeoutMs = this.#callTimeoutMs,
  ): Pending {
    const startMs = this.#clock.nowMs();
    const { path, requestSerialize, responseDeserialize } = nodeRuntimeDefinition[method];
    // One of three types, which the method's name decides on both sides.
    const serialize = requestSerialize as (value: Requests[Method]) => Buffer;
    const deserialize: (bytes: Buffer) => Message = responseDeserialize;
    const deadline = Date.now() + timeoutMs;
    // Stop as a stream too, which it is on the wire: so one answer, none and two are told apart.
    const stream = this.#client.makeServerStreamRequest(path, serialize, deserialize, request, { deadline });
    let onHeard = (): void => undefined;
    const heard = new Promise<void>((resolve) => (onHeard = resolve));
    const ended = this.#read(method, stream, startMs, onHeard);
    return { ended, heard, cancel: () => stream.cancel() };
  }

  close(): void {
    this.#client.close();
  }

  async #read(
    method: keyof Requests,
    stream: ClientReadableStream<Message>,
    startMs: number,
    onHeard: () => void,
  ): Promise<Answer> {
    const progress: TimedProgress[] = [];
    const results: Result[] = [];
    let endedWithResult = false;
    let status = { code: 'OK', message: '', reason: '' };
    try {
      for await (const message of stream as AsyncIterable<Message>) {
        onHeard();
        const result = resultOf(method, message);
        endedWithResult = result !== undefined;
        if (result !== undefined && results.length < MAX_EVENTS) results.push(result);
        if (message.progress && progress.length < MAX_EVENTS) {
          progress.push({ ...toProgress(message.progress), atMs: this.#clock.nowMs() });
        }
      }
    } catch (error) {
      const { code, message, details } = fromServiceError(error as ServiceError);
      status = { code, message, reason: details?.reason.replace(/^ERROR_REASON_/, '') ?? '' };
    }
    onHeard();
    return { method, ...status, progress, results, endedWithResult, tookMs: this.#clock.nowMs() - startMs };
  }
}

function resultOf(method: keyof Requests, { restored, checkpointed, stopped }: Message): Result | undefined {
  if (method === 'Restore') return restored ? { address: restored.address } : undefined;
  if (method === 'Checkpoint') return checkpointed ? { sizeBytes: Number(checkpointed.size_bytes) } : undefined;
  return { stopped: stopped === true };
}

function toProgress({ phase, done, total, unit, message }: RuntimeProgress__Output): RuntimeProgress {
  return { phase, done: Number(done), total: Number(total), unit, message };
}
