// The same job on three systems: exclusive work on a key, done in another
// process, that reports progress twice and whose result the caller awaits. Here
// a Resume or a Suspend, through gRPC, with the node runtime in another process;
// in BullMQ a job with deduplication by key, progress and QueueEvents; in Restate
// a handler of a virtual object. Same machine, same run, in turn.

import { cpuSeconds } from './measure/process-stat.mjs';
import { median, quantile } from './measure/quantiles.mjs';
import { slotsOf, startCallers } from './start/callers.mjs';
import { startChild } from './start/child.mjs';
import { createFleet } from './start/fleet.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';
import { startRestate } from './start/restate.mjs';

const PROGRESS = 2;
const CONCURRENCIES = [1, 64];

export const about = 'the same exclusive job with progress and a result, here, on BullMQ and on Restate';
export const quick = { rounds: 2, seconds: 0.8, warmSeconds: 0.3, restate: false };
export const full = { rounds: 5, seconds: 4, warmSeconds: 1, restate: true };

/** @typedef {{ name: string, address: string, callers: import('./start/callers.mjs').Callers, pids: number[], close: () => Promise<void> }} System */
/** @typedef {{ system: string, concurrency: number, round: number, perSecond: number, p50: number, p99: number, cpuUs: number }} Sample */

/** @param {typeof full & { say: (text: string) => void }} options */
export async function run({ rounds, seconds, warmSeconds, restate, say }) {
  /** @type {System[]} */
  const systems = [];
  try {
    systems.push(await startOurs(), await startBullMq());
    const other = restate ? await startRestateSystem() : 'Restate is left out of the quick form';
    if (typeof other === 'string') console.log(`\n${other}`);
    else systems.push(other);
    /** @type {Sample[]} */
    const samples = [];
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const concurrency of CONCURRENCIES) {
        for (const system of systems) {
          say(`round ${round} of ${rounds}, ${concurrency} at once, ${system.name}`);
          const sample = await measure(system, concurrency, { warm: warmSeconds * 1000, count: seconds * 1000 });
          if (round > 0) samples.push({ ...sample, round });
        }
      }
    }
    return report(samples, systems);
  } finally {
    for (const { close } of systems) await close();
  }
}

/** @returns {Promise<System>} */
async function startOurs() {
  const redis = await startRedis();
  const runtime = await startChild('runtime.mjs', [String(PROGRESS)]);
  const most = Math.max(...CONCURRENCIES);
  const runtimeAddress = await runtime.ask('address');
  await createFleet(redis.url, { actors: slotsOf(most).flat(), workers: most, runtimeAddress });
  const replica = await startReplica({ redisUrl: redis.url, instanceId: 'bench' });
  const callers = await startCallers();
  return {
    name: 'actor-coordinator',
    address: replica.address,
    callers,
    pids: [replica.pid, runtime.pid, redis.pid],
    async close() {
      await Promise.all([callers.close(), replica.close(), runtime.end()]);
      await redis.close();
    },
  };
}

/** @returns {Promise<System>} */
async function startBullMq() {
  const redis = await startRedis();
  const worker = await startChild('bullmq-worker.mjs', [String(redis.port)]);
  const callers = await startCallers('bullmq-caller.mjs');
  return {
    name: 'BullMQ',
    address: String(redis.port),
    callers,
    pids: [worker.pid, redis.pid],
    async close() {
      await Promise.all([callers.close(), worker.end()]);
      await redis.close();
    },
  };
}

/** @returns {Promise<System | string>} a string: why it cannot run here */
async function startRestateSystem() {
  const started = await startRestate();
  if (typeof started === 'string') return started;
  const callers = await startCallers('restate-caller.mjs');
  return {
    name: 'Restate',
    address: started.address,
    callers,
    pids: started.pids,
    async close() {
      await callers.close();
      await started.close();
    },
  };
}

/** @param {System} system */
async function measure({ name, address, callers, pids }, concurrency, ms) {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  let used = 0;
  const { latencies, perSecond, workflows } = await callers.load(address, slotsOf(concurrency), ms, {
    begin: () => (used = -cpu()),
    end: () => (used += cpu()),
  });
  return {
    system: name,
    concurrency,
    perSecond,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuUs: (used / workflows) * 1e6,
  };
}

/** @param {Sample[]} samples @param {System[]} systems */
function report(samples, systems) {
  const [ours, ...others] = systems.map(({ name }) => name);
  const of = (/** @type {string} */ system, /** @type {number} */ concurrency) =>
    samples.filter((sample) => sample.system === system && sample.concurrency === concurrency);
  const mid = (system, concurrency, /** @type {keyof Sample} */ key) =>
    median(of(system, concurrency).map((sample) => Number(sample[key])));
  /** Ours over the other's, in each round, then the median. */
  const ratio = (/** @type {string} */ other, concurrency, /** @type {keyof Sample} */ key) => {
    const theirs = of(other, concurrency);
    return median(of(ours, concurrency).map((sample, i) => Number(sample[key]) / Number(theirs[i][key])));
  };
  const rows = CONCURRENCIES.flatMap((concurrency) =>
    [ours, ...others].map((system) => ({
      'at once': concurrency,
      system,
      'jobs/s': Math.round(mid(system, concurrency, 'perSecond')),
      'p50 ms': mid(system, concurrency, 'p50'),
      'p99 ms': mid(system, concurrency, 'p99'),
      'CPU us each, all servers': Math.round(mid(system, concurrency, 'cpuUs')),
    })),
  );
  return {
    tables: [{ title: 'Exclusive jobs with progress and result, closed loop', rows }],
    targets: others.flatMap((other) => [
      {
        what: `at 64: jobs per second / ${other}`,
        got: ratio(other, 64, 'perSecond'),
        want: other === 'BullMQ' ? 1 : 4,
      },
      { what: `at 64: p99 / ${other}`, got: ratio(other, 64, 'p99'), most: 1 },
      { what: `at 1: p50 / ${other}`, got: ratio(other, 1, 'p50'), most: 1 },
    ]),
    plot: {
      title: 'Exclusive jobs per second',
      bars: rows.map((row) => ({ label: `${row.system}, ${row['at once']} at once`, value: row['jobs/s'] })),
    },
    samples,
  };
}
