// When a failed attempt is made again, and how soon: exponential backoff with
// jitter, so that workflows which failed together do not return together.

import type { CoordinatorError } from '../errors.js';

export interface RetryPolicy {
  readonly maxRetries: number;
  /** No retry starts later than this after the first failure. */
  readonly withinMs: number;
  readonly firstDelayMs: number;
  readonly isRetryable: (error: CoordinatorError) => boolean;
}

/**
 * For what passes by itself: a runtime that restarts, a Redis that fails over.
 * Delays of at most 250, 500, 1000 and 2000 ms, and so all four within 5 s.
 */
export const TRANSIENT: RetryPolicy = {
  maxRetries: 4,
  withinMs: 5000,
  firstDelayMs: 250,
  isRetryable: (error) => error.reason === 'RUNTIME_UNAVAILABLE' || error.reason === 'STORE_UNAVAILABLE',
};

/**
 * The delay before the next attempt, or undefined where there is none.
 * @param attempt the one that failed, 1 for the first
 * @param sinceFirstFailureMs 0 when it was the first
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  error: CoordinatorError,
  sinceFirstFailureMs: number,
  random: () => number = Math.random,
): number | undefined {
  if (attempt > policy.maxRetries || !policy.isRetryable(error)) return undefined;
  const ceilingMs = policy.firstDelayMs * 2 ** (attempt - 1);
  // From half of it up: full jitter down to zero would spend the retries before anything can have changed.
  const delayMs = ceilingMs * (0.5 + random() / 2);
  return sinceFirstFailureMs + delayMs <= policy.withinMs ? delayMs : undefined;
}
