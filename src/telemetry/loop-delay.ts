// How late the event loop is, as a timer that should fire every 100 ms finds
// it. Guarantees: one block of the loop is told in the log and refuses nobody,
// since it is over by the time that anything can be refused; a loop that stays
// late counts as blocked, so that a replica sheds new work long before its
// renewals are late enough to cost a lease. Does not say what blocks it.

import type { Logger } from 'pino';
import type { CancelTimer, Clock } from '../clock.js';

const LOOK_EVERY_MS = 100;

/** Odd, so that there is a median; half a second of being late is a state, not an incident. */
const LOOKS = 5;

/** What garbage collection and a burst of calls may take without anybody calling it blocked. */
const MIN_LIMIT_MS = 250;

const LOG_EVERY_MS = 10_000;

export interface LoopDelayOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of leases, in milliseconds: being late by a tenth of it is too late. */
  readonly renewIntervalMs: number;
}

export class LoopDelay {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limitMs: number;
  readonly #delaysMs: number[] = Array.from({ length: LOOKS }, () => 0);
  #loggedAtMs = -Infinity;
  #cancelTimer: CancelTimer;

  constructor({ clock, logger, renewIntervalMs }: LoopDelayOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#limitMs = Math.max(MIN_LIMIT_MS, renewIntervalMs / 10);
    this.#cancelTimer = this.#lookLater();
  }

  /** The median of the last looks, in milliseconds. */
  get delayMs(): number {
    return [...this.#delaysMs].sort((a, b) => a - b)[(LOOKS - 1) / 2] ?? 0;
  }

  /** Whether the loop has been too late for a while. */
  get isBlocked(): boolean {
    return this.delayMs > this.#limitMs;
  }

  close(): void {
    this.#cancelTimer();
  }

  #lookLater(): CancelTimer {
    const dueAtMs = this.#clock.nowMs() + LOOK_EVERY_MS;
    return this.#clock.setTimer(LOOK_EVERY_MS, () => {
      const nowMs = this.#clock.nowMs();
      this.#delaysMs.shift();
      this.#delaysMs.push(nowMs - dueAtMs);
      if (nowMs - dueAtMs > this.#limitMs && nowMs - this.#loggedAtMs >= LOG_EVERY_MS) {
        this.#loggedAtMs = nowMs;
        const facts = { late_ms: Math.round(nowMs - dueAtMs), limit_ms: this.#limitMs, refusing: this.isBlocked };
        this.#logger.warn(facts, 'the event loop was blocked, and renewals of leases with it');
      }
      this.#cancelTimer = this.#lookLater();
    });
  }
}
