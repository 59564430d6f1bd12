// What a lease costs, without gRPC and without a workflow around it: acquiring
// and releasing free ones, and keeping many. This project's own, the lock
// libraries, and what one writes by hand; each in a process of its own, with a
// Redis of its own, and its own heartbeat on.

import { loadLibrary, PEERS } from './locks/lock.mjs';
import { cpuSeconds } from './measure/process-stat.mjs';
import { median } from './measure/quantiles.mjs';
import { pause } from './measure/time.mjs';
import { startChild } from './start/child.mjs';
import { commandCalls, startRedis } from './start/redis.mjs';

const OURS = 'actor-lease';
const LIBRARIES = [OURS, 'plain-lease', ...PEERS, 'raw'];
/** Nobody's lease expires in a benchmark that measures acquiring. */
const LONG_TTL_MS = 30_000;

export const about = 'acquire and release per second, and the CPU that held leases cost';
export const quick = { rounds: 3, seconds: 0.2, held: [1000], ttlMs: 2500 };
export const full = { rounds: 5, seconds: 2, held: [1000, 10_000], ttlMs: 15_000 };

/** @typedef {{ library: string, concurrency: number, round: number, perSecond: number, cpuUs: number }} Cycle */
/** @typedef {{ library: string, held: number, usPerLeaseSecond: number, usPerRenewal: number, redisUsPerRenewal: number, renewals: number, lost: number }} Held */

/** @param {typeof full & { say: (text: string) => void }} options seconds: of a round, for each library and concurrency */
export async function run({ rounds, seconds, held, ttlMs, say }) {
  const cycles = await measureCycles(rounds, seconds, say);
  /** @type {Held[]} */
  const holds = [];
  for (const count of held) {
    say(`${count} held leases of each`);
    holds.push(...(await measureHeld(count, ttlMs)));
  }
  return await report(cycles, holds, ttlMs);
}

/** @param {number} ttlMs */
async function startUsers(ttlMs) {
  return await Promise.all(
    LIBRARIES.map(async (library) => {
      const redis = await startRedis();
      return { library, redis, child: await startChild('lease-user.mjs', [library, redis.url, String(ttlMs)]) };
    }),
  );
}

/** @param {Awaited<ReturnType<typeof startUsers>>} users */
async function endUsers(users) {
  await Promise.all(
    users.map(async ({ child, redis }) => {
      await child.end();
      await redis.close();
    }),
  );
}

/** @returns {Promise<Cycle[]>} */
async function measureCycles(rounds, seconds, say) {
  const users = await startUsers(LONG_TTL_MS);
  try {
    /** @type {Cycle[]} */
    const cycles = [];
    const all = Array.from({ length: 100 }, (_, i) => `key-${i}`);
    await Promise.all(users.map(({ child }) => child.ask('prepare', all)));
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const concurrency of [1, 100]) {
        for (const { library, child } of users) {
          say(`round ${round} of ${rounds}, ${concurrency} at once, ${library}`);
          const keys = all.slice(0, concurrency);
          const ms = seconds * 1000;
          const { cycles: n, cpuUs } = await child.ask('cycle', { keys, ms });
          const perSecond = (n / ms) * 1000;
          if (round > 0) cycles.push({ library, concurrency, round, perSecond, cpuUs: cpuUs / n });
        }
      }
    }
    return cycles;
  } finally {
    await endUsers(users);
  }
}

/** @returns {Promise<Held[]>} */
async function measureHeld(count, ttlMs) {
  const users = await startUsers(ttlMs);
  try {
    const keys = Array.from({ length: count }, (_, i) => `held-${i}`);
    for (const { child } of users) await child.ask('prepare', keys);
    // Longer than a TTL where the machine is slow; then every library has begun to renew.
    await Promise.all(users.map(({ child }) => child.ask('hold', { keys, spreadMs: ttlMs })));
    await pause(ttlMs);
    const read = () =>
      Promise.all(
        users.map(async ({ child, redis }) => {
          const calls = await commandCalls(redis.client);
          return {
            atMs: performance.now(),
            cpuUs: await child.ask('cpuUs'),
            redisUs: cpuSeconds(redis.pid) * 1e6,
            renewals: (calls.get('evalsha') ?? 0) + (calls.get('eval') ?? 0),
          };
        }),
      );
    const before = await read();
    await pause(2 * ttlMs);
    const after = await read();
    return await Promise.all(
      users.map(async ({ library, child }, i) => {
        const used = (/** @type {keyof typeof before[0]} */ key) => after[i][key] - before[i][key];
        return {
          library,
          held: count,
          usPerLeaseSecond: used('cpuUs') / count / (used('atMs') / 1000),
          usPerRenewal: used('cpuUs') / used('renewals'),
          redisUsPerRenewal: used('redisUs') / used('renewals'),
          renewals: used('renewals'),
          lost: await child.ask('lost'),
        };
      }),
    );
  } finally {
    await endUsers(users);
  }
}

/** @param {Cycle[]} cycles @param {Held[]} holds @param {number} ttlMs */
async function report(cycles, holds, ttlMs) {
  const names = Object.fromEntries(
    await Promise.all(LIBRARIES.map(async (library) => [library, (await loadLibrary(library)).name])),
  );
  const of = (/** @type {string} */ library, /** @type {number} */ concurrency) =>
    cycles.filter((cycle) => cycle.library === library && cycle.concurrency === concurrency);
  const rate = (library, concurrency) => median(of(library, concurrency).map(({ perSecond }) => perSecond));
  /** In each round over the best peer of that round, then the median. */
  const overBest = (/** @type {string} */ library) =>
    median(
      of(library, 100).map(
        ({ perSecond, round }) => perSecond / Math.max(...PEERS.map((peer) => of(peer, 100)[round - 1].perSecond)),
      ),
    );
  const most = Math.max(...holds.map(({ held }) => held));
  const cost = (/** @type {string} */ library) =>
    Number(holds.find((hold) => hold.library === library && hold.held === most)?.usPerLeaseSecond);
  const cheapestPeer = Math.min(...PEERS.map(cost));
  return {
    tables: [
      {
        title: 'Acquire and release, one process',
        rows: LIBRARIES.map((library) => ({
          lock: names[library],
          'per s at 1': Math.round(rate(library, 1)),
          'per s at 100': Math.round(rate(library, 100)),
          'CPU us each at 100': median(of(library, 100).map(({ cpuUs }) => cpuUs)),
          'at 100 / best library': overBest(library),
        })),
      },
      {
        title: `Held leases, TTL ${ttlMs} ms: CPU of the process that holds them`,
        rows: holds.map((hold) => ({
          held: hold.held,
          lock: names[hold.library],
          'CPU us per lease and second': hold.usPerLeaseSecond,
          'CPU us per renewal': hold.usPerRenewal,
          'Redis us per renewal': hold.redisUsPerRenewal,
          'renewals per lease and TTL': hold.renewals / hold.held / 2,
          lost: hold.lost,
        })),
      },
    ],
    targets: [
      { what: "at 100, an actor's lease / best library", got: overBest(OURS), want: 1.5 },
      {
        what: `CPU per lease, ${most} held, an actor's / cheapest library`,
        got: cost(OURS) / cheapestPeer,
        most: 0.1,
      },
    ],
    plot: {
      title: 'Acquire and release per second, 100 at once',
      bars: LIBRARIES.map((library) => ({ label: names[library], value: Math.round(rate(library, 100)) })),
    },
    samples: { cycles, holds },
  };
}
