// What a failed call to a node runtime means: the runtime's own answer, which
// says that the work was surely not done, or anything else, after which it may
// have been. Guarantees: a doubt is told as maybe done, since rolling back work
// that was done runs an actor twice or loses a snapshot. grpc-js does not mark
// the statuses that it makes itself; they are told by their texts, and by the
// details that the runtimes of this project always send.

import type { ServiceError } from '@grpc/grpc-js';
import { CoordinatorError } from '../../errors.js';
import { fromServiceError } from '../../rpc/status.js';

/** As long as a retry of the step waits at least, so that a node has time to come back. */
const RETRY_AFTER_MS = 1_000;

/** The stream broke off: grpc-js has such a status where the peer, or something between, sent none. */
const BROKEN_OFF: Readonly<Record<string, RegExp>> = {
  INTERNAL: /^Received RST_STREAM with code |^Failed to start HTTP\/2 stream with error /,
  RESOURCE_EXHAUSTED: /^Bandwidth exhausted or memory limit exceeded$/,
};

/** The runtime answered with what this side cannot take; whatever it did, it may have done. */
const UNREADABLE: Readonly<Record<string, RegExp>> = {
  INTERNAL: /^Response message parsing error: |^Failed to decompress |^Received compressed message /,
  RESOURCE_EXHAUSTED: /^Received message larger than max |^Received message that decompresses to a size larger than /,
};

/** These say that the runtime stopped in the middle or does not know what it did, whoever sends them. */
const MAYBE_DONE_CODES: ReadonlySet<string> = new Set(['CANCELLED', 'DEADLINE_EXCEEDED', 'UNKNOWN']);

/** The same, from runtimes that tell a reason: a bug of theirs, and work whose result could not be delivered. */
const MAYBE_DONE_REASONS: ReadonlySet<string> = new Set(['INTERNAL', 'OVERLOADED']);

/** A status from grpc-js as the error that the port promises; other errors as they are. */
export function toRuntimeError(error: unknown, address: string): unknown {
  if (!isServiceError(error)) return error;
  const { code, message, details } = fromServiceError(error);
  const text = message === '' ? `the node runtime at ${address} answered ${code} without a message` : message;
  const reason = details?.reason.replace(/^ERROR_REASON_/, '');
  if (reason === 'STALE_FENCING_TOKEN') return new CoordinatorError('STALE_FENCING_TOKEN', text, { cause: error });

  const madeHere = (texts: Readonly<Record<string, RegExp>>): boolean =>
    details === undefined && texts[code]?.test(message) === true;
  if (code === 'UNAVAILABLE' || madeHere(BROKEN_OFF)) {
    return new CoordinatorError('RUNTIME_UNAVAILABLE', `the node runtime at ${address} is unavailable: ${text}`, {
      maybeDone: true,
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    });
  }
  return new CoordinatorError('RUNTIME_FAILED', text, {
    runtimeCode: code,
    maybeDone:
      MAYBE_DONE_CODES.has(code) || (reason !== undefined && MAYBE_DONE_REASONS.has(reason)) || madeHere(UNREADABLE),
    cause: error,
  });
}

/** The runtime said OK, but not what a call that ends with OK must say last: a fault of the runtime, which a retry repeats. */
export function withoutResult(address: string, missing: string): CoordinatorError {
  return new CoordinatorError(
    'RUNTIME_FAILED',
    `the node runtime at ${address} ended the call with OK but without its last event, '${missing}'`,
    { runtimeCode: 'INTERNAL', maybeDone: true },
  );
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'metadata' in error;
}
