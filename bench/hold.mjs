// Many workflows in long restores at once on one replica: memory, CPU, how
// punctually their leases are renewed, whether one is lost, and what a caller of
// another actor notices. The node runtime is called over gRPC, in another
// process, as it is in use; and put into the replica (at-once.mjs), which shows
// what is the coordinator's own.

import { cpuSeconds, residentBytes } from './measure/process-stat.mjs';
import { quantile } from './measure/quantiles.mjs';
import { watchRenewals } from './measure/renewals.mjs';
import { pause } from './measure/time.mjs';
import { AT_ONCE } from './cycle.mjs';
import { slotsOf, startCallers } from './start/callers.mjs';
import { startChild } from './start/child.mjs';
import { createFleet } from './start/fleet.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';

const WARM_UP_CALLERS = 16;

export const about = 'many long restores at once: memory, CPU, renewals, and what others notice';
export const quick = { counts: [1000], variants: ['over gRPC'], ttlMs: 3000, seconds: 3 };
export const full = {
  counts: [1000, 5000, 20_000],
  variants: ['over gRPC', 'inside'],
  /** The default. */
  ttlMs: 30_000,
  /** Of fresh Resumes, before and meanwhile; and of waiting, at least three renewals. */
  seconds: 30,
};

/**
 * @typedef {object} Sample
 * @property {string} runtime @property {number} held
 * @property {number} bytesEach @property {number} redisBytesEach
 * @property {number} cores @property {number} redisCores
 * @property {number} intervalMs @property {number} lateP99Ms @property {number} lateMaxMs @property {number} renewals
 * @property {number} lost @property {number} idleP50 @property {number} idleP99 @property {number} freshP50 @property {number} freshP99
 */

/** @param {typeof full & { say: (text: string) => void }} options */
export async function run({ counts, variants, ttlMs, seconds, say }) {
  /** @type {Sample[]} */
  const samples = [];
  for (const count of counts) {
    for (const variant of variants) {
      samples.push(await measure(count, variant, ttlMs, seconds, (text) => say(`${count} ${variant}: ${text}`)));
    }
  }
  return report(samples);
}

/** @returns {Promise<Sample>} */
async function measure(count, variant, ttlMs, seconds, say) {
  const redis = await startRedis();
  const [runtime, holders, callers] = await Promise.all([
    startChild('runtime.mjs'),
    startChild('holders.mjs'),
    startCallers(),
  ]);
  const replica = await startReplica({
    redisUrl: redis.url,
    instanceId: 'bench',
    flags: ['--max-workflows', String(count + 1000), '--lease-ttl', `${ttlMs}ms`],
    nodeArgs: variant === 'inside' ? AT_ONCE : [],
  });
  const renewals = await watchRenewals(redis.url, 'actorworkflow:lease:{bench/hold-*');
  try {
    say('creating');
    const names = Array.from({ length: count }, (_, i) => `hold-${i}`);
    const runtimeAddress = await runtime.ask('address');
    await createFleet(redis.url, {
      actors: [...names, ...slotsOf(WARM_UP_CALLERS).flat()],
      workers: count + WARM_UP_CALLERS,
      runtimeAddress,
    });

    say('fresh Resumes while idle');
    // A cold replica would make what comes later look quick.
    await callers.load(replica.address, slotsOf(WARM_UP_CALLERS), { warm: 0, count: 2000 });
    const ms = { warm: 200, count: seconds * 1000 };
    const idle = await callers.load(replica.address, slotsOf(1), ms);
    const before = { bytes: residentBytes(replica.pid), redisBytes: await usedMemory(redis.client) };

    say('beginning restores');
    await holders.ask('hold', { address: replica.address, names });
    const intervalMs = ttlMs / 3;
    await pause(intervalMs);

    say('waiting');
    renewals.begin();
    const [cpu, redisCpu] = [cpuSeconds(replica.pid), cpuSeconds(redis.pid)];
    const waitMs = Math.max(seconds * 1000, 3 * intervalMs);
    await pause(waitMs);
    const cores = ((cpuSeconds(replica.pid) - cpu) / waitMs) * 1000;
    const redisCores = ((cpuSeconds(redis.pid) - redisCpu) / waitMs) * 1000;
    const after = { bytes: residentBytes(replica.pid), redisBytes: await usedMemory(redis.client) };

    say('fresh Resumes meanwhile');
    const fresh = await callers.load(replica.address, slotsOf(1), ms);
    const { gapsMs, expired } = renewals.read();
    const late = gapsMs.map((gapMs) => gapMs - intervalMs);
    const { ended, firstEnding } = await holders.ask('ended');
    if (ended > 0) process.stderr.write(`\nhold: ${ended} of ${count} ended, the first: ${firstEnding}\n`);
    return {
      runtime: variant,
      held: count,
      bytesEach: (after.bytes - before.bytes) / count,
      redisBytesEach: (after.redisBytes - before.redisBytes) / count,
      cores,
      redisCores,
      intervalMs,
      lateP99Ms: quantile(late, 0.99),
      lateMaxMs: quantile(late, 1),
      renewals: late.length,
      lost: Math.max(ended, expired),
      idleP50: quantile(idle.byKind.Resume, 0.5),
      idleP99: quantile(idle.byKind.Resume, 0.99),
      freshP50: quantile(fresh.byKind.Resume, 0.5),
      freshP99: quantile(fresh.byKind.Resume, 0.99),
    };
  } finally {
    renewals.close();
    await Promise.all([runtime.end(), holders.end(), callers.close(), replica.close()]);
    await redis.close();
  }
}

/** @param {import('ioredis').Redis} client */
async function usedMemory(client) {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
}

/** @param {Sample[]} samples */
function report(samples) {
  const most = Math.max(...samples.map(({ held }) => held));
  const judged = /** @type {Sample} */ (
    samples.find(({ held, runtime }) => held === most && runtime === 'over gRPC') ?? samples[0]
  );
  const at = `${most} held`;
  return {
    tables: [
      {
        title: 'Long restores at once',
        rows: samples.map((sample) => ({
          held: sample.held,
          runtime: sample.runtime,
          'kB each': sample.bytesEach / 1024,
          'Redis kB each': sample.redisBytesEach / 1024,
          'replica cores': sample.cores,
          'Redis cores': sample.redisCores,
          'renew interval ms': Math.round(sample.intervalMs),
          'late p99 ms': sample.lateP99Ms,
          'late max ms': sample.lateMaxMs,
          renewals: sample.renewals,
          lost: sample.lost,
        })),
      },
      {
        title: 'A Resume of another actor, one at a time, ms',
        rows: samples.map((sample) => ({
          held: sample.held,
          runtime: sample.runtime,
          'idle p50': sample.idleP50,
          'idle p99': sample.idleP99,
          'meanwhile p50': sample.freshP50,
          'meanwhile p99': sample.freshP99,
          'p99 / idle': sample.freshP99 / sample.idleP99,
        })),
      },
    ],
    targets: [
      { what: `${at}: leases lost`, got: judged.lost, most: 0 },
      {
        what: `${at}: lateness of a renewal, p99, in % of the interval`,
        got: (judged.lateP99Ms / judged.intervalMs) * 100,
        most: 10,
      },
      { what: `${at}: kB of memory per workflow`, got: judged.bytesEach / 1024, most: 40 },
      { what: `${at}: fresh Resume, p99 / idle`, got: judged.freshP99 / judged.idleP99, most: 3 },
    ],
    plot: {
      title: 'Memory of the replica per workflow that is held, kB',
      bars: samples.map((sample) => ({
        label: `${sample.held}, runtime ${sample.runtime}`,
        value: sample.bytesEach / 1024,
      })),
    },
    samples,
  };
}
