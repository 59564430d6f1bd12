// How long after its lease is lost, or may be, a holder is told: this project's
// caller, and the users of the lock libraries. All hold leases in the same
// Redis, of the same TTL, when it forgets them (DEL, as after a failover), stops
// (SIGSTOP) or dies (SIGKILL), so one fault hits all of them alike. A lease is
// acquired at a random time, so that the fault finds it at any age. Who says
// nothing within three TTLs is counted.

import { loadLibrary, PEERS } from './locks/lock.mjs';
import { quantiles } from './measure/quantiles.mjs';
import { nowMs, pause } from './measure/time.mjs';
import { startChild } from './start/child.mjs';
import { startRedis } from './start/redis.mjs';

const LIBRARIES = ['coordinator', ...PEERS];
const FAULTS = /** @type {const} */ (['DEL', 'SIGSTOP', 'SIGKILL']);
const LEASES = 10;
/** Long enough for every library to have renewed; from then on leases are of any age. */
const SETTLE_TTLS = 1;
const CAP_TTLS = 3;

export const about = 'a lease is lost, or Redis is: when is the holder told?';
/** Below 1.25 s redlock-universal does nothing but renew. */
export const quick = { rounds: 1, ttlMs: 1500, together: true };
export const full = { rounds: 20, ttlMs: 3000, together: false };

/**
 * @typedef {{ library: string, fault: string, toldMs: number | undefined, leftMs: number, how: string, lostBefore: boolean }} Sample
 *   toldMs after the fault, leftMs what the key had left to live then
 */

/** @param {typeof full & { say: (text: string) => void }} options together: all faults of a round at the same time */
export async function run({ rounds, ttlMs, together, say }) {
  /** @type {Sample[]} */
  const samples = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const faults of together ? [FAULTS] : FAULTS.map((fault) => [fault])) {
      samples.push(...(await Promise.all(faults.map((fault) => strike(fault, ttlMs)))).flat());
    }
  }
  return report(samples, ttlMs);
}

/** @param {(typeof FAULTS)[number]} fault @param {number} ttlMs @returns {Promise<Sample[]>} */
async function strike(fault, ttlMs) {
  const redis = await startRedis();
  const holders = await Promise.all(
    LIBRARIES.map(async (library) => ({
      library,
      redisKey: (await loadLibrary(library)).redisKey,
      child: await startChild('holder.mjs', [library, redis.url, String(ttlMs)]),
      keys: Array.from({ length: LEASES }, (_, i) => `${library}-${i}`),
    })),
  );
  try {
    await Promise.all(holders.map(({ child, keys }) => child.ask('hold', { keys, spreadMs: ttlMs })));
    await pause(ttlMs * SETTLE_TTLS + Math.random() * ttlMs);

    const pipeline = redis.client.pipeline();
    for (const { keys, redisKey } of holders) for (const key of keys) pipeline.pttl(redisKey(key));
    const left = (await pipeline.exec()) ?? [];
    const faultAtMs = nowMs();
    if (fault === 'DEL') await redis.client.del(holders.flatMap(({ keys, redisKey }) => keys.map(redisKey)));
    else redis.kill(fault);
    await pause(CAP_TTLS * ttlMs);

    const samples = [];
    for (const { library, child, keys } of holders) {
      const told = await child.ask('told');
      for (const key of keys) {
        const [, leftMs] = left[samples.length] ?? [];
        const { atMs, how } = told[key] ?? {};
        samples.push({
          library,
          fault,
          toldMs: atMs === undefined ? undefined : atMs - faultAtMs,
          leftMs: Number(leftMs),
          how: how ?? 'says nothing',
          // On a machine that is too busy; of no use here, but to be seen.
          lostBefore: Number(leftMs) < 0 || atMs < faultAtMs,
        });
      }
    }
    return samples;
  } finally {
    await Promise.all(holders.map(({ child }) => child.end()));
    await redis.close();
  }
}

/** @param {Sample[]} samples @param {number} ttlMs */
async function report(samples, ttlMs) {
  const capMs = CAP_TTLS * ttlMs;
  const rows = [];
  for (const fault of FAULTS) {
    for (const library of LIBRARIES) {
      const all = samples.filter((sample) => sample.fault === fault && sample.library === library);
      const of = all.filter(({ lostBefore }) => !lostBefore);
      const { n, p50, max } = quantiles(of.map(({ toldMs }) => toldMs ?? Infinity));
      rows.push({
        'what happens': fault,
        holder: (await loadLibrary(library)).name,
        n,
        'told, median ms': shown(p50, capMs),
        'worst ms': shown(max, capMs),
        'before expiry': of.filter(({ toldMs, leftMs }) => (toldMs ?? Infinity) < leftMs).length,
        'not told': of.filter(({ toldMs }) => toldMs === undefined).length,
        'lost before': all.length - of.length,
        how: [...new Set(of.map(({ how }) => how))].join(', '),
      });
    }
  }
  const ours = samples.filter(({ library, lostBefore }) => library === 'coordinator' && !lostBefore);
  const inTime = ours.filter(({ toldMs, leftMs }) => (toldMs ?? Infinity) < leftMs).length;
  const aborted = ours.filter(({ how }) => how === 'ends with LEASE_LOST').length;
  return {
    tables: [
      { title: `Redis forgets the leases, stops or dies (TTL ${ttlMs} ms): from then to the holder being told`, rows },
    ],
    targets: [
      { what: 'told before the key would have expired', got: inTime, want: ours.length, unit: `of ${ours.length}` },
      { what: 'by ABORTED, LEASE_LOST', got: aborted, want: ours.length, unit: `of ${ours.length}` },
    ],
    plot: {
      title: `From the fault to being told, median ms, TTL ${ttlMs} ms`,
      bars: rows.map((row) => ({
        label: `${row.holder}, ${row['what happens']}`,
        value: typeof row['told, median ms'] === 'number' ? row['told, median ms'] : capMs,
        shown: String(row['told, median ms']),
      })),
    },
    samples,
  };
}

/** @param {number} ms @param {number} capMs */
function shown(ms, capMs) {
  return ms === Infinity ? `> ${capMs}` : Math.round(ms);
}
