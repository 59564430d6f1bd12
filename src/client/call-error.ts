// What a call ended with, as its caller sees it: one class, with a reason to
// switch on and the facts that came with it. Guarantees: everything that the
// client throws, but for wrong arguments, is a CallError.

import type { ServiceError } from '@grpc/grpc-js';
import { CoordinatorError, type FieldViolation, type Reason } from '../errors.js';
import { codeName, codeOf } from '../rpc/status.js';

/**
 * The coordinator's reasons (docs/errors.md), and one of the client's own: UNREACHABLE, when the connection could not be
 * made, or broke before the call had ended.
 */
export type CallReason = Reason | 'UNREACHABLE';

export interface CallErrorFacts {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number | undefined;
  readonly violations?: readonly FieldViolation[];
  readonly cause?: unknown;
}

/** A call that ended with a status other than OK. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly reason: CallReason;
  /** The canonical name of the gRPC status code, such as `ABORTED`. */
  readonly code: string;
  /** Facts for programs; keys are snake_case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When a repetition can succeed, in milliseconds from now, as the coordinator told it. */
  readonly retryAfterMs: number | undefined;
  /** INVALID_ARGUMENT: the fields that are wrong, and what would be right. */
  readonly violations: readonly FieldViolation[];

  constructor(reason: CallReason, code: string, message: string, facts: CallErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.reason = reason;
    this.code = code;
    this.metadata = facts.metadata ?? {};
    this.retryAfterMs = facts.retryAfterMs;
    this.violations = facts.violations ?? [];
  }

  /** LEASE_HELD: the replica that holds the lease; undefined where it is not known. */
  get holder(): string | undefined {
    const holder = this.metadata['holder'];
    return holder === '' ? undefined : holder;
  }
}

/** With these and no details nobody of the service has answered: a proxy did, or the connection broke. */
const BROKEN: readonly string[] = ['UNAVAILABLE', 'INTERNAL', 'UNKNOWN', 'CANCELLED'];

/** @param signal the caller's: what has been cancelled by it is CANCELLED, and its reason the cause */
export function toCallError(error: unknown, signal?: AbortSignal): CallError {
  if (signal?.aborted === true) {
    return new CallError('CANCELLED', 'CANCELLED', 'the call was cancelled by its caller', { cause: signal.reason });
  }
  if (error instanceof CallError) return error;
  if (!(error instanceof CoordinatorError)) {
    return new CallError('INTERNAL', 'INTERNAL', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  const { reason, message, metadata, retryAfterMs, violations, runtimeCode, cause } = error;
  const code = isServiceError(cause) ? codeName(cause.code) : codeName(codeOf(reason, runtimeCode));
  const answered = !error.maybeDone;
  return new CallError(answered || !BROKEN.includes(code) ? reason : 'UNREACHABLE', code, message, {
    metadata,
    retryAfterMs,
    violations,
    cause,
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof Reflect.get(error, 'code') === 'number';
}
