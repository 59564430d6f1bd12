// The loop that renews the leases of a replica and notices when one can no
// longer be proved to be held. One timer for all of them: it wakes for the
// soonest renewal or expiry, renews in one batch what is due about now, and
// never awaits an answer, so that a hung store delays no expiry. Scanning all
// leases at a wake is cheap since batching bounds the wakes to about ten an
// interval. Does not guarantee punctual timers: see Lease.ensureHeld.

import type { CancelTimer, Clock } from '../clock.js';
import type { LeaseIdentity, LeaseStore, RenewResult } from './lease-store.js';
import type { LeaseTimings } from './timings.js';

/** What the heartbeat needs of a lease; see Lease for what each means. */
export interface Renewable extends LeaseIdentity {
  readonly confirmedAtMs: number;
  readonly heldUntilMs: number;
  lose(why: string, metadata?: Readonly<Record<string, string>>): void;
  confirm(sentAtMs: number, serverTimeUs: number): void;
  syncServerTime(serverTimeUs: number): void;
  toServerTimeUs(atMs: number): number;
}

interface Entry {
  /** Monotonic; Infinity once renewing was stopped. */
  renewAtMs: number;
  inFlight: Promise<void> | undefined;
  /** Asked for while a renewal was in flight, which may have been answered before. */
  soon: boolean;
}

/** Renewals in one batch: a pipeline of this many takes Redis about 10 ms, during which others wait. */
const MAX_BATCH = 1000;

export class Heartbeat {
  readonly #store: LeaseStore;
  readonly #timings: LeaseTimings;
  readonly #clock: Clock;
  readonly #entries = new Map<Renewable, Entry>();
  /** What is due within this time is renewed with what is due now. */
  readonly #batchMs: number;
  readonly #retryMs: number;
  #cancelTimer: CancelTimer | undefined;
  #wakeAtMs = Infinity;

  constructor(store: LeaseStore, timings: LeaseTimings, clock: Clock) {
    this.#store = store;
    this.#timings = timings;
    this.#clock = clock;
    this.#batchMs = timings.renewIntervalMs / 10;
    // Often enough for several attempts within the renew deadline, not a storm.
    this.#retryMs = Math.min(250, timings.renewIntervalMs / 5);
  }

  /** How many leases are watched. */
  get size(): number {
    return this.#entries.size;
  }

  /** Renews `lease` from now on, until it is lost, stopped or forgotten. */
  add(lease: Renewable): void {
    const renewAtMs = lease.confirmedAtMs + this.#timings.renewIntervalMs;
    this.#entries.set(lease, { renewAtMs, inFlight: undefined, soon: false });
    this.#wakeBy(Math.min(renewAtMs, lease.heldUntilMs));
  }

  /** Renews at once, to find out whether the lease is still there: somebody says that it was broken. */
  renewSoon(lease: Renewable): void {
    const entry = this.#entries.get(lease);
    if (entry === undefined || entry.renewAtMs === Infinity) return;
    entry.soon = entry.inFlight !== undefined;
    entry.renewAtMs = this.#clock.nowMs();
    this.#wakeBy(entry.renewAtMs);
  }

  /** Renews no more, and resolves when no renewal is in flight; expiry is still watched. */
  async stopRenewing(lease: Renewable): Promise<void> {
    const entry = this.#entries.get(lease);
    if (entry === undefined) return;
    entry.renewAtMs = Infinity;
    await entry.inFlight;
  }

  /** Neither renews nor watches the lease any more. */
  forget(lease: Renewable): void {
    this.#entries.delete(lease);
    if (this.#entries.size === 0) this.#disarm();
  }

  #wakeBy(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return;
    this.#cancelTimer?.();
    this.#wakeAtMs = atMs;
    this.#cancelTimer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.nowMs()), () => {
      this.#wakeAtMs = Infinity;
      this.#wake();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wakeAtMs = Infinity;
  }

  #wake(): void {
    const nowMs = this.#clock.nowMs();
    const due: Renewable[] = [];
    let nextMs = Infinity;
    for (const [lease, entry] of this.#entries) {
      if (nowMs >= lease.heldUntilMs) {
        lease.lose('it was not renewed in time');
        continue;
      }
      nextMs = Math.min(nextMs, lease.heldUntilMs);
      if (entry.inFlight !== undefined) continue;
      if (entry.renewAtMs - this.#batchMs <= nowMs) due.push(lease);
      else nextMs = Math.min(nextMs, entry.renewAtMs);
    }
    for (let start = 0; start < due.length; start += MAX_BATCH) {
      this.#renew(due.slice(start, start + MAX_BATCH), nowMs);
    }
    if (nextMs < Infinity) this.#wakeBy(nextMs);
  }

  #renew(leases: readonly Renewable[], sentAtMs: number): void {
    const giveUpAtMs = sentAtMs + this.#timings.renewIntervalMs;
    const renewals = leases.map((lease) => ({
      resource: lease.resource,
      value: lease.value,
      ttlMs: this.#timings.ttlMs,
      notAfterUs: lease.toServerTimeUs(Math.min(giveUpAtMs, lease.heldUntilMs)),
    }));
    const inFlight = this.#store.renew(renewals).then((results) => {
      leases.forEach((lease, index) => {
        const result = results[index];
        if (result !== undefined) this.#settle(lease, sentAtMs, result);
      });
    });
    for (const lease of leases) {
      const entry = this.#entries.get(lease);
      if (entry !== undefined) entry.inFlight = inFlight;
    }
  }

  #settle(lease: Renewable, sentAtMs: number, result: RenewResult): void {
    const entry = this.#entries.get(lease);
    // Lost or ended meanwhile: a late answer proves nothing any more.
    if (entry === undefined) return;
    entry.inFlight = undefined;
    const stopped = entry.renewAtMs === Infinity;
    const nowMs = this.#clock.nowMs();
    if (nowMs >= lease.heldUntilMs) {
      // The timer is late, or the answer is: either way there was a gap.
      lease.lose('its renewal was answered too late');
      return;
    }
    switch (result.type) {
      case 'renewed':
        lease.confirm(sentAtMs, result.serverTimeUs);
        entry.renewAtMs = sentAtMs + this.#timings.renewIntervalMs;
        break;
      case 'late':
        // The lease is still ours; only the guess of the store's time was off, or the way there was slow.
        lease.syncServerTime(result.serverTimeUs);
        entry.renewAtMs = nowMs;
        break;
      case 'lost':
        lease.lose(result.current === undefined ? 'it is gone from Redis' : `Redis has another one: ${result.current}`);
        return;
      case 'broken':
        // Programs that call again after a lost lease must not undo what a person has done.
        lease.lose(`it was broken by force: ${result.reason}`, { broken_by_force: result.reason });
        return;
      case 'failed':
        if (nowMs - lease.confirmedAtMs >= this.#timings.renewDeadlineMs) {
          lease.lose(`a renewal failed: ${result.error.message}`);
          return;
        }
        entry.renewAtMs = nowMs + this.#retryMs;
        break;
    }
    if (entry.soon) entry.renewAtMs = nowMs;
    entry.soon = false;
    if (stopped) entry.renewAtMs = Infinity;
    else this.#wakeBy(entry.renewAtMs);
  }
}
