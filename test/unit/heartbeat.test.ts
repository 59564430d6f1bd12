import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import type { LeaseIdentity, LeaseStore, Renewal, RenewResult } from '../../src/lease/lease-store.js';
import { Lease } from '../../src/lease/lease.js';
import { leaseTimings } from '../../src/lease/timings.js';
import { FakeClock, settle } from '../fake-clock.js';

const TTL_MS = 3000;
const SERVER_AHEAD_US = 5_000_000_000;

type Answer = 'renew' | 'hang' | 'fail' | 'lost' | 'late' | 'broken';

/** Answers as it is told to, in the server's own time. */
class ScriptedStore implements LeaseStore {
  answer: Answer = 'renew';
  /** What it answers first, one batch each. */
  readonly first: Answer[] = [];
  readonly batches: (readonly Renewal[])[] = [];
  readonly released: LeaseIdentity[] = [];
  readonly #hanging: (() => void)[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  aheadUs = SERVER_AHEAD_US;

  get serverTimeUs(): number {
    return this.#clock.nowMs() * 1000 + this.aheadUs;
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewResult[]> {
    this.batches.push(renewals);
    const answer = this.first.shift() ?? this.answer;
    if (answer === 'hang') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    const serverTimeUs = this.serverTimeUs;
    return renewals.map((): RenewResult => {
      switch (answer) {
        case 'fail':
          return { type: 'failed', error: new Error('connection reset') };
        case 'lost':
          return { type: 'lost', current: 'another' };
        case 'late':
          return { type: 'late', serverTimeUs };
        case 'broken':
          return { type: 'broken', reason: 'it hangs' };
        default:
          return { type: 'renewed', serverTimeUs };
      }
    });
  }

  async answerHanging(): Promise<void> {
    for (const resolve of this.#hanging.splice(0)) resolve();
    await settle();
  }

  acquire(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  release(lease: LeaseIdentity): Promise<boolean> {
    this.released.push(lease);
    return Promise.resolve(true);
  }
}

function setUp(renewDeadlineMs?: number) {
  const clock = new FakeClock();
  const store = new ScriptedStore(clock);
  const timings = leaseTimings({ ttlMs: TTL_MS, renewDeadlineMs });
  const heartbeat = new Heartbeat(store, timings, clock);
  const renewals: number[] = [];
  const acquire = (resource = 'ns/a'): Lease =>
    new Lease(
      {
        resource,
        value: `value of ${resource}`,
        fencingToken: 7,
        serverTimeUs: store.serverTimeUs,
        requestedAtMs: clock.nowMs(),
        answeredAtMs: clock.nowMs(),
      },
      { store, heartbeat, timings, clock },
      (count) => renewals.push(count),
    );
  return { clock, store, timings, heartbeat, acquire, renewals };
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof CoordinatorError ? signal.reason.reason : 'not aborted';
}

describe('a heartbeat', () => {
  it('renews a lease every third of its TTL for as long as it is not stopped', async () => {
    const { clock, store, acquire, renewals } = setUp();
    const lease = acquire();
    await clock.advance(10 * TTL_MS);
    expect(store.batches.length).toBe(30);
    expect(renewals.at(-1)).toBe(30);
    expect(lease.signal.aborted).toBe(false);
    lease.end();
    expect(clock.timers).toBe(0);
  });

  it('renews in one batch what is due about now', async () => {
    const { clock, store, acquire } = setUp();
    for (let i = 0; i < 50; i += 1) {
      acquire(`ns/a${String(i)}`);
      await clock.advance(1);
    }
    await clock.advance(TTL_MS / 3);
    expect(store.batches.length).toBe(1);
    expect(store.batches[0]?.length).toBe(50);
  });

  it('renews each when it is due, whichever came last', async () => {
    const { clock, store, acquire } = setUp();
    acquire('ns/a');
    await clock.advance(500);
    acquire('ns/b');
    await clock.advance(500);
    expect(store.batches.map((batch) => batch.map(({ resource }) => resource))).toEqual([['ns/a']]);
    await clock.advance(500);
    expect(store.batches[1]?.map(({ resource }) => resource)).toEqual(['ns/b']);
  });

  it('has one renewal of a lease in flight at most', async () => {
    const { clock, store, acquire } = setUp();
    acquire('ns/a');
    await clock.advance(500);
    acquire('ns/b');
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    expect(store.batches.map((batch) => batch.map(({ resource }) => resource))).toEqual([['ns/a'], ['ns/b']]);
  });

  it('renews no more than 1,000 leases in one batch', async () => {
    const { clock, store, acquire } = setUp();
    for (let i = 0; i < 2500; i += 1) acquire(`ns/a${String(i)}`);
    await clock.advance(TTL_MS / 3);
    expect(store.batches.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  });

  it('says that a lease is lost when the store says that it is another one', async () => {
    const { clock, store, acquire, heartbeat } = setUp();
    const lease = acquire();
    store.answer = 'lost';
    await clock.advance(TTL_MS / 3);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
    expect(heartbeat.size).toBe(0);
  });

  it('says why a lease was broken by force', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.answer = 'broken';
    await clock.advance(TTL_MS / 3);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
    expect(String(lease.signal.reason)).toContain('broken by force: it hangs');
  });

  it('by default loses the lease at the first renewal that fails', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.answer = 'fail';
    await clock.advance(TTL_MS / 3);
    expect(store.batches.length).toBe(1);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('retries failed renewals until the renew deadline, and keeps the lease if one succeeds', async () => {
    const { clock, store, acquire } = setUp((TTL_MS / 3) * 2);
    const lease = acquire();
    store.answer = 'fail';
    await clock.advance(TTL_MS / 2);
    // One when it was due, and one every 200 ms since.
    expect(store.batches.length).toBe(3);
    expect(lease.signal.aborted).toBe(false);
    store.answer = 'renew';
    await clock.advance(10 * TTL_MS);
    expect(lease.signal.aborted).toBe(false);
    store.answer = 'fail';
    await clock.advance(TTL_MS);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('declares a lease lost before the store lets it expire, though a renewal hangs', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    const grantedAtMs = clock.nowMs();
    store.answer = 'hang';
    let lostAtMs = Infinity;
    lease.signal.addEventListener('abort', () => {
      lostAtMs = clock.nowMs();
    });
    await clock.advance(2 * TTL_MS);
    expect(lostAtMs).toBeLessThan(grantedAtMs + TTL_MS);
    await store.answerHanging();
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('counts a lease from before its renewal was sent, not from when the answer came', async () => {
    const { clock, store, acquire, timings } = setUp();
    const lease = acquire();
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    const sentAtMs = clock.nowMs();
    await clock.advance(200);
    await store.answerHanging();
    expect(lease.heldUntilMs).toBe(sentAtMs + TTL_MS - timings.driftMarginMs);
    lease.end();
  });

  it('gives each renewal a deadline in the time of the store', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    await clock.advance(TTL_MS / 3);
    const sentAtUs = clock.nowMs() * 1000 + SERVER_AHEAD_US;
    expect(store.batches[0]?.[0]?.notAfterUs).toBe(sentAtUs + (TTL_MS / 3) * 1000);
    lease.end();
  });

  it('lets no renewal be carried out after the lease was given up', async () => {
    const { clock, store, acquire } = setUp((TTL_MS / 3) * 2);
    const lease = acquire();
    const heldUntilUs = lease.heldUntilMs * 1000 + SERVER_AHEAD_US;
    store.answer = 'fail';
    await clock.advance(TTL_MS);
    const deadlines = store.batches.map(([renewal]) => renewal?.notAfterUs ?? Infinity);
    expect(deadlines.length).toBeGreaterThan(3);
    expect(Math.max(...deadlines)).toBeLessThanOrEqual(heldUntilUs);
  });

  it('renews again at once what the store took to be late, with a deadline in the time that it then said it is', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.first.push('late');
    store.aheadUs += 60_000_000;
    await clock.advance(TTL_MS / 3);
    expect(store.batches.length).toBe(2);
    expect(store.batches[1]?.[0]?.notAfterUs).toBe(store.serverTimeUs + (TTL_MS / 3) * 1000);
    await clock.advance(TTL_MS);
    expect(lease.signal.aborted).toBe(false);
    lease.end();
  });

  it('ends a process that was stopped past the TTL before it writes, though no timer has fired', () => {
    const { clock, acquire } = setUp();
    const lease = acquire();
    clock.jump(TTL_MS);
    expect(() => {
      lease.ensureHeld();
    }).toThrow('was lost');
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('does not take an answer for proof that came after the lease was given up', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    clock.jump(TTL_MS);
    await store.answerHanging();
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('renews at once when it is told to look, also while a renewal is in flight', async () => {
    const { clock, store, acquire, heartbeat } = setUp();
    const lease = acquire();
    heartbeat.renewSoon(lease);
    await clock.advance(1);
    expect(store.batches.length).toBe(1);
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    expect(store.batches.length).toBe(2);
    heartbeat.renewSoon(lease);
    store.answer = 'lost';
    await store.answerHanging();
    await clock.advance(1);
    expect(store.batches.length).toBe(3);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('renews no more once it was told to stop, and watches for the expiry all the same', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    const stopped = lease.stopRenewing();
    store.answer = 'renew';
    await store.answerHanging();
    await stopped;
    await clock.advance(TTL_MS - 1);
    expect(store.batches.length).toBe(1);
    expect(reasonOf(lease.signal)).toBe('LEASE_LOST');
  });

  it('releases only after a renewal in flight has been answered', async () => {
    const { clock, store, acquire } = setUp();
    const lease = acquire();
    store.answer = 'hang';
    await clock.advance(TTL_MS / 3);
    const released = lease.release();
    await settle();
    expect(store.released).toEqual([]);
    await store.answerHanging();
    await released;
    expect(store.released).toEqual([lease]);
    expect(clock.timers).toBe(0);
  });
});

describe('lease timings', () => {
  it('default to a renewal every third of the TTL and to no second chance', () => {
    expect(leaseTimings({ ttlMs: 30_000 })).toEqual({
      ttlMs: 30_000,
      renewIntervalMs: 10_000,
      renewDeadlineMs: 10_000,
      driftMarginMs: 302,
    });
  });

  it.each([
    [{ ttlMs: 30_000, renewIntervalMs: 30_000 }, /^--lease-renew-interval: got 30000ms; expected .* at most half/],
    [{ ttlMs: 30_000, renewIntervalMs: 0 }, /^--lease-renew-interval: got 0ms/],
    [{ ttlMs: 30_000, renewDeadlineMs: 5000 }, /^--lease-renew-deadline: got 5000ms; expected at least/],
    [
      { ttlMs: 30_000, renewDeadlineMs: 29_800 },
      /^--lease-renew-deadline: got 29800ms; .* less than --lease-ttl minus/,
    ],
    [{ ttlMs: 50 }, /^--lease-ttl: got 50ms; expected at least 100ms/],
    [{ ttlMs: NaN }, /^--lease-ttl: got NaNms/],
  ])('that cannot work together are refused: %j', (timings, message) => {
    expect(() => leaseTimings(timings)).toThrow(message);
  });
});
