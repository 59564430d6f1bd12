// One lease: the right to run one workflow on one actor, as this replica
// believes in it. Guarantees: it is believed to be held only until the time at
// which the last successful request was sent + TTL − drift margin, on the
// monotonic clock, and so never after Redis let it go; `signal` aborts with
// LEASE_LOST when it is lost. Does not guarantee that a paused process notices
// in time: hence `ensureHeld` before every step and write, and fencing.

import type { Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import type { Heartbeat, Renewable } from './heartbeat.js';
import type { LeaseIdentity, LeaseStore } from './lease-store.js';
import type { LeaseTimings } from './timings.js';

export interface LeaseGrant extends LeaseIdentity {
  readonly fencingToken: number;
  /** The store's time when it granted the lease, µs since 1970. */
  readonly serverTimeUs: number;
  /** Monotonic time before the request was sent, and when its answer came. */
  readonly requestedAtMs: number;
  readonly answeredAtMs: number;
}

export type OnRenewed = (renewals: number, heldForMs: number) => void;

export class Lease implements Renewable {
  readonly resource: string;
  readonly value: string;
  readonly fencingToken: number;
  readonly #store: LeaseStore;
  readonly #heartbeat: Heartbeat;
  readonly #timings: LeaseTimings;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #onRenewed: OnRenewed | undefined;
  #confirmedAtMs: number;
  #serverTimeUs: number;
  #serverTimeReadAtMs: number;
  #renewals = 0;

  constructor(
    grant: LeaseGrant,
    parts: { store: LeaseStore; heartbeat: Heartbeat; timings: LeaseTimings; clock: Clock },
    onRenewed?: OnRenewed,
  ) {
    this.resource = grant.resource;
    this.value = grant.value;
    this.fencingToken = grant.fencingToken;
    this.#store = parts.store;
    this.#heartbeat = parts.heartbeat;
    this.#timings = parts.timings;
    this.#clock = parts.clock;
    this.#onRenewed = onRenewed;
    this.#confirmedAtMs = grant.requestedAtMs;
    this.#serverTimeUs = grant.serverTimeUs;
    this.#serverTimeReadAtMs = grant.answeredAtMs;
    this.#heartbeat.add(this);
  }

  /** Aborts with LEASE_LOST, once. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** When the request was sent whose success is the last proof of the lease; monotonic. */
  get confirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  /** Until when the lease counts as held; monotonic, strictly before Redis lets it expire. */
  get heldUntilMs(): number {
    return this.#confirmedAtMs + this.#timings.ttlMs - this.#timings.driftMarginMs;
  }

  /** @throws LEASE_LOST if it has been lost, or by the clock can no longer be proved to be held. */
  ensureHeld(): void {
    if (!this.#lost.signal.aborted && this.#clock.nowMs() >= this.heldUntilMs) {
      this.lose(`not renewed for ${String(this.#timings.ttlMs)} ms less the drift margin`);
    }
    this.#lost.signal.throwIfAborted();
  }

  /**
   * Gives the lease up as lost: aborts `signal`, and renews no more.
   * @param metadata more facts for the caller's program
   */
  lose(why: string, metadata: Readonly<Record<string, string>> = {}): void {
    if (this.#lost.signal.aborted) return;
    this.#heartbeat.forget(this);
    this.#lost.abort(
      new CoordinatorError('LEASE_LOST', `the lease on ${this.resource} was lost: ${why}`, {
        maybeDone: true,
        metadata: { fencing_token: String(this.fencingToken), ...metadata },
        retryAfterMs: this.#timings.ttlMs,
      }),
    );
  }

  /** The heartbeat's: a renewal sent at `sentAtMs` succeeded. */
  confirm(sentAtMs: number, serverTimeUs: number): void {
    this.#confirmedAtMs = sentAtMs;
    this.#renewals += 1;
    this.syncServerTime(serverTimeUs);
    this.#onRenewed?.(this.#renewals, this.heldUntilMs - this.#clock.nowMs());
  }

  /** The heartbeat's: the store said what time it is. */
  syncServerTime(serverTimeUs: number): void {
    this.#serverTimeUs = serverTimeUs;
    this.#serverTimeReadAtMs = this.#clock.nowMs();
  }

  /**
   * A monotonic time as the store's, at the earliest: the store read its time
   * before its answer came, so adding what has passed since the answer cannot
   * overshoot, and a renewal that refuses itself after it is never too late.
   */
  toServerTimeUs(atMs: number): number {
    return Math.floor(this.#serverTimeUs + (atMs - this.#serverTimeReadAtMs) * 1000);
  }

  /**
   * Stops the renewals and waits for one in flight, so that none can come after
   * a release. The lease stays watched for expiry.
   */
  async stopRenewing(): Promise<void> {
    await this.#heartbeat.stopRenewing(this);
  }

  /** The lease was released by a write that released it in the same script, or is left to run out. */
  end(): void {
    this.#heartbeat.forget(this);
  }

  /** Stops renewing, then deletes the lease if it is still this one; best effort, since the TTL frees it anyway. */
  async release(): Promise<void> {
    await this.stopRenewing();
    this.end();
    if (this.#lost.signal.aborted) return;
    await this.#store.release(this).catch(() => false);
  }
}
