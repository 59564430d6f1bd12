// What unary and streaming calls have in common: one AbortSignal that says when
// the work is no longer wanted, and why. Guarantees: it aborts with CANCELLED
// when the caller cancels or its connection dies, with WORKFLOW_DEADLINE at the
// caller's deadline, and never after the call has ended. `dispose` lets go of
// every timer and listener.

import type { Metadata, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import { http2StreamOf } from './http2-stream.js';
import type { OnUnexpected } from './status.js';

export interface CallDeps {
  readonly clock: Clock;
  readonly onUnexpected: OnUnexpected;
  /** Aborts with DRAINING when the server closes; streams end with that then. */
  readonly closing: AbortSignal;
  /** How long a reader may stall once a stream has nothing more to say, in milliseconds. Default: 10 s. */
  readonly stallMs?: number;
}

/** What a handler knows of its call besides the request. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** The caller's deadline on the monotonic clock; absent where it set none. */
  readonly deadlineAtMs?: number;
  readonly metadata: Metadata;
  readonly peer: string;
}

export interface OpenCall extends CallContext {
  /** Ends the call's work. */
  abort(reason: CoordinatorError): void;
  /** The caller cannot be told anything any more. */
  isGone(): boolean;
  dispose(): void;
}

/** Past 2^31 ms grpc-js computes with what is left of the overflow. */
const MAX_DEADLINE_MS = 2 ** 31 - 1;

/**
 * grpc-js and the caller cut the call off at the deadline as well, some
 * milliseconds before or after us: a cancel so close to it is the deadline.
 */
const DEADLINE_SLACK_MS = 50;

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

export function openCall(call: AnyCall, deps: CallDeps): OpenCall {
  const { clock } = deps;
  const controller = new AbortController();
  const abort = (reason: CoordinatorError): void => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  let gone = false;

  const remainingMs = Number(call.getDeadline()) - clock.wallMs();
  const deadlineAtMs = remainingMs === Infinity ? undefined : clock.nowMs() + Math.min(remainingMs, MAX_DEADLINE_MS);
  const cancelTimer =
    deadlineAtMs === undefined
      ? undefined
      : clock.setTimer(Math.max(0, deadlineAtMs - clock.nowMs()), () => {
          abort(deadlinePassed());
        });

  const onCancelled = (): void => {
    gone = true;
    const atDeadline = deadlineAtMs !== undefined && clock.nowMs() >= deadlineAtMs - DEADLINE_SLACK_MS;
    abort(atDeadline ? deadlinePassed() : new CoordinatorError('CANCELLED', 'the caller went away'));
  };
  // 'cancelled' also follows every normal end; `dispose` has removed the listener by then. grpc-js says it once, and
  // perhaps before it made this call of the request: the stream is gone then, and nobody will say so again.
  const stream = http2StreamOf(call);
  if (call.cancelled || stream?.closed === true || stream?.destroyed === true) onCancelled();
  else call.once('cancelled', onCancelled);

  return {
    signal: controller.signal,
    ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    metadata: call.metadata,
    peer: call.getPeer(),
    abort,
    isGone: () => gone,
    dispose: () => {
      cancelTimer?.();
      call.off('cancelled', onCancelled);
    },
  };
}

function deadlinePassed(): CoordinatorError {
  return new CoordinatorError('WORKFLOW_DEADLINE', "the caller's deadline has passed", { maybeDone: true });
}
