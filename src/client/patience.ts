// When a call is tried again, and for how long. Guarantees: never sooner than
// the coordinator's RetryInfo says, but for one last attempt when the time is
// up; never later than the limit; callers who were turned away together do not
// come back together.

import { sleep, systemClock } from '../clock.js';
import type { CallError, CallReason } from './call-error.js';

/** What to do about a call that was refused, or failed, in a way that time can heal. */
export interface RetryOptions {
  /** No attempt begins later than this after the call was made, in milliseconds. */
  readonly forMs: number;
}

/** Called before each wait for another attempt, with what the last one ended with. */
export type OnRetry = (error: CallError, delayMs: number) => void;

/** What can be otherwise a moment later, without anybody changing the call. */
const CAN_HEAL: ReadonlySet<CallReason> = new Set<CallReason>([
  'LEASE_HELD',
  'LEASE_LOST',
  'NO_FREE_WORKER',
  'RUNTIME_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'DRAINING',
  'OVERLOADED',
  'UNREACHABLE',
]);

export function canHeal(error: CallError): boolean {
  // A person has broken the lease, and said why: to take it again would undo that.
  return CAN_HEAL.has(error.reason) && error.metadata['broken_by_force'] === undefined;
}

/** These say something about one replica; another may do better. */
const OF_ONE_REPLICA: ReadonlySet<CallReason> = new Set<CallReason>([
  'STORE_UNAVAILABLE',
  'DRAINING',
  'OVERLOADED',
  'UNREACHABLE',
  'LEASE_LOST',
]);

export function isOfOneReplica(error: CallError): boolean {
  return OF_ONE_REPLICA.has(error.reason);
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
/** Added to what RetryInfo says, at most, as a part of it. */
const JITTER = 0.25;

export class Patience {
  #delayMs = FIRST_DELAY_MS;

  /** After something has gone well: delays begin small again. */
  reset(): void {
    this.#delayMs = FIRST_DELAY_MS;
  }

  /**
   * How long to wait before the next attempt, in milliseconds; undefined when the time is up.
   * @param leftMs how much time is left for attempts to begin in
   */
  nextDelayMs(error: CallError, leftMs: number): number | undefined {
    if (leftMs <= 0) return undefined;
    const backoffMs = this.#delayMs * (0.5 + Math.random() / 2);
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_DELAY_MS);
    const wantedMs = error.retryAfterMs === undefined ? backoffMs : error.retryAfterMs * (1 + JITTER * Math.random());
    return Math.min(wantedMs, leftMs);
  }
}

/** @throws the signal's reason when it aborts */
export function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return sleep(systemClock, delayMs, signal);
}
