import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import type { LeaseStore } from '../../src/lease/lease-store.js';
import { Lease } from '../../src/lease/lease.js';
import { leaseTimings } from '../../src/lease/timings.js';
import { FakeClock } from '../fake-clock.js';

const TTL_MS = 3000;
/** For how long the answer to the acquire was on its way. */
const ROUND_TRIP_MS = 300;
const SERVER_TIME_US = 5_000_000_000;

const store: LeaseStore = {
  acquire: () => Promise.resolve(undefined),
  renew: (renewals) => Promise.resolve(renewals.map(() => ({ type: 'renewed', serverTimeUs: SERVER_TIME_US }))),
  release: () => Promise.resolve(true),
};

function setUp() {
  const clock = new FakeClock();
  const timings = leaseTimings({ ttlMs: TTL_MS });
  const requestedAtMs = clock.nowMs();
  clock.jump(ROUND_TRIP_MS);
  const answeredAtMs = clock.nowMs();
  const facts = { resource: 'ns/a', value: 'v', fencingToken: 7, serverTimeUs: SERVER_TIME_US };
  const heartbeat = new Heartbeat(store, timings, clock);
  const lease = new Lease({ ...facts, requestedAtMs, answeredAtMs }, { store, heartbeat, timings, clock });
  return { clock, lease, timings, requestedAtMs, answeredAtMs };
}

describe('a lease', () => {
  it('is held from before it was asked for, and not a drift margin short of its TTL', () => {
    const { clock, lease, timings, requestedAtMs } = setUp();
    expect(lease.heldUntilMs).toBe(requestedAtMs + TTL_MS - timings.driftMarginMs);
    clock.jump(lease.heldUntilMs - clock.nowMs() - 1);
    lease.ensureHeld();
    clock.jump(1);
    expect(() => {
      lease.ensureHeld();
    }).toThrow(/^the lease on ns\/a was lost: not renewed for 3000 ms/);
  });

  it('that was lost is not held any more, and says why it was lost first', () => {
    const { lease } = setUp();
    lease.lose('the first reason');
    lease.lose('another one');
    expect(() => {
      lease.ensureHeld();
    }).toThrow('the first reason');
  });

  it('never takes the store to be further than it is: it read its time before its answer came', () => {
    const { lease, answeredAtMs } = setUp();
    expect(lease.toServerTimeUs(answeredAtMs)).toBe(SERVER_TIME_US);
    expect(lease.toServerTimeUs(answeredAtMs + 1.5)).toBe(SERVER_TIME_US + 1500);
  });
});
