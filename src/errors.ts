// The closed set of errors that a call can end with, without gRPC in it.
// Guarantees: whatever the coordinator tells a caller is one of these; each
// knows whether the work it belongs to surely did not happen, since that
// decides between rolling back and leaving the work for the next workflow.
// rpc/status.ts alone turns them into statuses.

/** Each is explained in docs/errors.md. */
export const REASONS = [
  'INVALID_ARGUMENT',
  'ACTOR_NOT_FOUND',
  'LEASE_HELD',
  'LEASE_LOST',
  'WORKFLOW_DEADLINE',
  'INVALID_STATE',
  'NO_MATCHING_POOL',
  'NO_FREE_WORKER',
  'RUNTIME_FAILED',
  'RUNTIME_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'DRAINING',
  'CANCELLED',
  'STALE_FENCING_TOKEN',
  'INTERNAL',
  'OVERLOADED',
  'ACTOR_ALREADY_EXISTS',
  'WORKER_NOT_FOUND',
] as const;

/** The names of `ErrorReason` in actor_workflow.proto, without their prefix. */
export type Reason = (typeof REASONS)[number];

export function isReason(text: string): text is Reason {
  return (REASONS as readonly string[]).includes(text);
}

/** One field of a request that is wrong, and what would be right. */
export interface FieldViolation {
  /** The field's path as in the proto, such as `options.deadline`. */
  readonly field: string;
  readonly description: string;
}

export interface ErrorDetails {
  /** Facts for programs, such as who holds a lease. Keys are snake_case. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** When a repetition can succeed, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly FieldViolation[];
  /** RUNTIME_FAILED only: the canonical name of the runtime's status code. */
  readonly runtimeCode?: string;
  /** The work may have been done all the same; default: it surely was not. */
  readonly maybeDone?: boolean;
  readonly cause?: unknown;
}

/** An error with a reason that callers can act on. */
export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError';
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  readonly violations: readonly FieldViolation[];
  readonly runtimeCode: string | undefined;
  readonly maybeDone: boolean;

  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.retryAfterMs = details.retryAfterMs;
    this.violations = details.violations ?? [];
    this.runtimeCode = details.runtimeCode;
    this.maybeDone = details.maybeDone ?? false;
  }
}

/** One wrong field. `got` is quoted and cut, since it may be 100 kB of anything. */
export function invalidArgument(field: string, got: unknown, expected: string): CoordinatorError {
  const description = `got ${quote(got)}; expected ${expected}`;
  return new CoordinatorError('INVALID_ARGUMENT', `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

/** @param actor `namespace/name` */
export function actorNotFound(actor: string): CoordinatorError {
  return new CoordinatorError('ACTOR_NOT_FOUND', `no actor ${actor}; ActorRegistry.CreateActor creates it`);
}

/** Another workflow holds the lease on `actor`: who, and for how much longer if it does not renew. */
export function leaseHeld(
  actor: string,
  by: {
    readonly holder: string;
    readonly workflowId: string;
    readonly kind: string;
    readonly fencingToken: number;
    readonly expiresInMs: number;
  },
): CoordinatorError {
  const holder = by.holder === '' ? 'somebody who wrote to Redis by hand' : by.holder;
  return new CoordinatorError(
    'LEASE_HELD',
    `actor ${actor} is leased to ${holder} for ${by.kind || 'something'} ${by.workflowId}; unless renewed it expires in ${String(by.expiresInMs)} ms`,
    {
      metadata: {
        holder: by.holder,
        workflow_id: by.workflowId,
        kind: by.kind,
        fencing_token: String(by.fencingToken),
        expires_in_ms: String(by.expiresInMs),
      },
      retryAfterMs: Math.max(1, by.expiresInMs),
    },
  );
}

/** Quotes a value of unknown origin for a message: JSON, at most 64 characters of it. */
export function quote(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? 'nothing';
  return text.length <= 64 ? text : `${text.slice(0, 60).toWellFormed()}… (${String(text.length)} characters)`;
}

/** Everything thrown that is not of the closed set, as INTERNAL with a fixed text; the cause goes to the log only. */
export function toCoordinatorError(error: unknown): CoordinatorError {
  if (error instanceof CoordinatorError) return error;
  return new CoordinatorError('INTERNAL', 'internal error; the log of this replica has the details', {
    maybeDone: true,
    cause: error,
  });
}
