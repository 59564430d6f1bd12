// What a runtime answers when it cannot do what it was asked. Most are
// RUNTIME_FAILED, which says that the call surely changed nothing that counts,
// with a canonical status code for programs; the last two say that it may have. NOT_FOUND is kept for one meaning,
// "the actor does not run here", because the coordinator marks it CRASHED then.

import { CoordinatorError, quote } from '../../errors.js';

type Code =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'DATA_LOSS'
  | 'ABORTED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL';

export function runtimeFailed(code: Code, message: string, cause?: unknown): CoordinatorError {
  return new CoordinatorError('RUNTIME_FAILED', message, { runtimeCode: code, cause });
}

/** A field that this kind of runtime cannot accept. */
export function unfit(field: string, got: unknown, expected: string): CoordinatorError {
  return runtimeFailed('INVALID_ARGUMENT', `${field}: got ${quote(got)}; expected ${expected}`);
}

/** An error of the operating system while `doing`, as the closed set has it; errors of the set pass unchanged. */
export function asRuntimeFailure(error: unknown, doing: string): CoordinatorError {
  if (error instanceof CoordinatorError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EMFILE' || code === 'EAGAIN';
  return runtimeFailed(full ? 'RESOURCE_EXHAUSTED' : 'INTERNAL', `${doing}: ${message}`, error);
}

/** The failure of a call that could not be undone: it may have changed what runs, and a repetition finishes it. */
export function notUndone(error: unknown): CoordinatorError {
  const text = `${(error as Error).message}; and it could not be undone, which the log of the node runtime explains`;
  return new CoordinatorError('RUNTIME_UNAVAILABLE', text, { maybeDone: true, cause: error });
}

/**
 * Where the runtime cannot write down what it must remember. Not RUNTIME_FAILED, which says that the work was not done: an
 * earlier call that this one repeats may have done it, and the disk that is full now may be so from the snapshot that it
 * has written.
 */
export function notRemembered(error: unknown, what: string): CoordinatorError {
  if (error instanceof CoordinatorError) return error;
  const text = `cannot write down ${what}: ${error instanceof Error ? error.message : String(error)}`;
  return new CoordinatorError('RUNTIME_UNAVAILABLE', text, { maybeDone: true, retryAfterMs: 1000, cause: error });
}
