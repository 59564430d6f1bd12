// Calls to a Substrate node agent. What its answers mean: UNAVAILABLE, CANCELLED
// and DEADLINE_EXCEEDED, and a connection that breaks, say that the work may have
// been done; any other error that it did not happen. It has no progress and no
// request id: a call that is made twice is two calls to it.

import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { CoordinatorError } from '../../errors.js';
import type { CheckpointRequest } from '../../generated/atelet/CheckpointRequest.js';
import type { RestoreRequest } from '../../generated/atelet/RestoreRequest.js';
import type { RunRequest } from '../../generated/atelet/RunRequest.js';
import { toRuntimeError } from '../grpc/runtime-error.js';
import { runtimeFailed } from '../places/failure.js';
import { loadAteletDefinition } from './atelet-proto.js';

interface Requests {
  readonly Run: RunRequest;
  readonly Checkpoint: CheckpointRequest;
  readonly Restore: RestoreRequest;
}

/** Its resumes take 28 s where an image has to be unpacked, and minutes at worst. */
const CALL_TIMEOUT_MS = 15 * 60_000;
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** What says that the agent does not know; it says UNKNOWN of what did not happen. */
const MAYBE_DONE = ['CANCELLED', 'DEADLINE_EXCEEDED'];

export class Herder {
  readonly #address: string;
  readonly #client: Client;
  readonly #definition = loadAteletDefinition();

  /** @param address a gRPC target. Connects with the first call. */
  constructor(address: string) {
    this.#address = address;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** @throws RUNTIME_UNAVAILABLE, maybe done; RUNTIME_FAILED, surely not; or the signal's reason */
  call<Method extends keyof Requests>(method: Method, request: Requests[Method], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { path, requestSerialize, responseDeserialize } = this.#definition[method];
    const serialize = requestSerialize as (value: Requests[Method]) => Buffer;
    const deserialize: (bytes: Buffer) => unknown = responseDeserialize;
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const onEnd = (error: ServiceError | null): void => {
        signal.removeEventListener('abort', onAbort);
        if (error === null) resolve();
        else reject(signal.aborted ? (signal.reason as Error) : this.#toError(error));
      };
      const call = this.#client.makeUnaryRequest(path, serialize, deserialize, request, { deadline }, onEnd);
      const onAbort = (): void => {
        call.cancel();
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  close(): void {
    this.#client.close();
  }

  #toError(error: ServiceError): CoordinatorError {
    const known = toRuntimeError(error, this.#address) as CoordinatorError;
    const { reason, runtimeCode = '', message, maybeDone } = known;
    if (reason !== 'RUNTIME_FAILED') return known;
    if (MAYBE_DONE.includes(runtimeCode)) {
      return new CoordinatorError('RUNTIME_UNAVAILABLE', message, { maybeDone: true, cause: error });
    }
    // The coordinator takes UNKNOWN for a runtime that does not know what it did.
    return runtimeCode === 'UNKNOWN' && maybeDone ? runtimeFailed('INTERNAL', message, error) : known;
  }
}
