// Time as everything here reads it, so that tests and the simulation can inject
// their own. Guarantees: `nowMs` never goes back and does not follow changes of
// the wall clock; a sleep ends at once when its signal aborts. It does not
// guarantee that timers fire on time: after a pause they are late, so whatever
// must not be late reads `nowMs` as well.

/** Cancels a timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Monotonic milliseconds since some fixed point, with a fraction. */
  nowMs(): number;
  /** Milliseconds since 1970, for people and records; never for deciding, but for the order of a replica's lives. */
  wallMs(): number;
  /** Calls `callback` once, no sooner than `delayMs` from now. */
  setTimer(delayMs: number, callback: () => void): CancelTimer;
}

/** The longest delay that Node's setTimeout takes; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, callback) {
    // Rounded up: setTimeout truncates, and a deadline must not fire before its time.
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), MAX_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * Resolves after `delayMs`.
 * @throws the signal's reason as soon as it aborts, or at once if it has.
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.setTimer(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * `promise`, or the signal's reason if that aborts first. The promise goes on
 * unobserved then: the caller decides whether that matters.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
