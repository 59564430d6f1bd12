// The timings of a lease and which of them can work together. A lease is
// trusted for less time than Redis keeps it, so that its holder stops before
// anybody else can start; what is set here decides by how much.

export interface LeaseTimings {
  /** How long Redis keeps a lease that is not renewed: what others wait for after a crash. */
  readonly ttlMs: number;
  /** From one successful renewal to the next attempt; also the time limit of an attempt. */
  readonly renewIntervalMs: number;
  /** A renewal that fails this long after the last success loses the lease; until then it is retried. */
  readonly renewDeadlineMs: number;
  /** By how much sooner than Redis the holder takes the lease to have expired. */
  readonly driftMarginMs: number;
}

/** Below this, timer lateness and one garbage collection would cost leases. */
const MIN_TTL_MS = 100;

/**
 * Completes and checks timings. Default interval: TTL/3, so that two attempts
 * fit before expiry; default renew deadline: the interval, so that the first
 * failed renewal loses the lease.
 * @throws RangeError naming the flag, what it got and what would be right.
 */
export function leaseTimings(given: {
  readonly ttlMs: number;
  readonly renewIntervalMs?: number | undefined;
  readonly renewDeadlineMs?: number | undefined;
}): LeaseTimings {
  const { ttlMs } = given;
  // Redlock's allowance for clocks that run at different rates: 1 % of the TTL
  // and 2 ms for the granularity of Redis's expiry.
  const driftMarginMs = ttlMs / 100 + 2;
  const renewIntervalMs = given.renewIntervalMs ?? ttlMs / 3;
  const renewDeadlineMs = given.renewDeadlineMs ?? renewIntervalMs;
  const trustedMs = ttlMs - driftMarginMs;
  if (!(ttlMs >= MIN_TTL_MS)) {
    throw new RangeError(`--lease-ttl: got ${String(ttlMs)}ms; expected at least ${String(MIN_TTL_MS)}ms`);
  }
  if (!(renewIntervalMs > 0 && renewIntervalMs <= ttlMs / 2)) {
    throw new RangeError(
      `--lease-renew-interval: got ${String(renewIntervalMs)}ms; expected more than 0 and at most half of --lease-ttl (${String(ttlMs / 2)}ms), so that a renewal can be late and still in time`,
    );
  }
  if (!(renewDeadlineMs >= renewIntervalMs && renewDeadlineMs < trustedMs)) {
    throw new RangeError(
      `--lease-renew-deadline: got ${String(renewDeadlineMs)}ms; expected at least --lease-renew-interval (${String(renewIntervalMs)}ms) and less than --lease-ttl minus its drift margin (${String(trustedMs)}ms)`,
    );
  }
  return { ttlMs, renewIntervalMs, renewDeadlineMs, driftMarginMs };
}
