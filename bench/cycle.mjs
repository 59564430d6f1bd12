// What a workflow costs: Resume and Suspend in turn, through gRPC, in a closed
// loop, with a node runtime that answers at once. In the replica's own process
// (at-once.mjs), so that the coordinator alone is measured, and in another one,
// over gRPC. Beside each its floor (floor.mjs), which is given the very messages
// and as many Redis round trips as were counted of the replica beforehand.

import { cpuSeconds } from './measure/process-stat.mjs';
import { median, quantile } from './measure/quantiles.mjs';
import { sentDuring } from './measure/sent-commands.mjs';
import { slotsOf, startCallers } from './start/callers.mjs';
import { startChild } from './start/child.mjs';
import { createFleet } from './start/fleet.mjs';
import { OTHER_NODE } from './start/other-node.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';

export const about = 'Resume and Suspend, closed loop: what does a workflow cost, and how far is it from the floor?';
export const quick = { rounds: 3, seconds: 1, warmSeconds: 0.3, concurrencies: [64], others: false };
export const full = { rounds: 5, seconds: 3, warmSeconds: 1, concurrencies: [1, 16, 64, 256], others: true };

/** What is written beside the workflow, and awaited by nobody. */
const BESIDE = ['appendEvents'];
/** Of the program's housekeeping, not of its workflows. */
const HOUSEKEEPING = [
  'ping',
  'smembers',
  'hscan',
  'lookActor',
  'acquirePlain',
  'renew',
  'expiredWorkers',
  'info',
  'role',
];

/** Node's arguments that put the runtime into the replica. */
export const AT_ONCE = ['--import', new URL('./processes/at-once.mjs', import.meta.url).href];

/** @typedef {{ name: string, address: string, pid: number, floor?: string }} Server floor: the name of what it is compared with */
/** @typedef {{ server: string, concurrency: number, round: number, perSecond: number, p50: number, p99: number, perCpuSecond: number, redisUs: number, serverCores: number, refused: number }} Sample */

/** @param {typeof full & { say: (text: string) => void }} options others: on Node 24 as well */
export async function run({ rounds, seconds, warmSeconds, concurrencies, others, say }) {
  const redis = await startRedis();
  const callers = await startCallers();
  /** @type {(() => Promise<void>)[]} */
  const closers = [];
  try {
    const { servers, plan, sent } = await startServers(redis.url, callers, Math.max(...concurrencies), others, closers);
    /** @type {Sample[]} */
    const samples = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const concurrency of concurrencies) {
        for (const server of servers) {
          if (others && server.name.endsWith('24') && concurrency !== 64) continue;
          say(`round ${round} of ${rounds}, ${concurrency} at once, ${server.name}`);
          const ms = { warm: warmSeconds * 1000, count: seconds * 1000 };
          samples.push({
            ...(await measure(callers, server, redis.pid, concurrency, ms)),
            server: server.name,
            concurrency,
            round,
          });
        }
      }
    }
    return report(samples, servers, plan, sent);
  } finally {
    for (const close of closers.reverse()) await close();
    await callers.close();
    await redis.close();
  }
}

/** @returns {Promise<{ servers: Server[], plan: any, sent: Record<string, number> }>} */
async function startServers(redisUrl, callers, concurrency, others, closers) {
  const runtime = await startChild('runtime.mjs');
  closers.push(() => runtime.end());
  const runtimeAddress = await runtime.ask('address');
  const replica = async (/** @type {string} */ name, options = {}) => {
    const started = await startReplica({ redisUrl, instanceId: name.replaceAll(/\W+/g, '-'), ...options });
    closers.push(() => started.close());
    return started;
  };
  const inside = await replica('runtime inside', { nodeArgs: AT_ONCE });
  await createFleet(redisUrl, { actors: slotsOf(concurrency).flat(), workers: concurrency, runtimeAddress });
  const { plan, sent } = await calibrate(callers, inside.address, redisUrl, concurrency);

  const floor = async (/** @type {string} */ name, args = [], options = {}) => {
    const child = await startChild('floor.mjs', [redisUrl, ...args], options);
    closers.push(() => child.end());
    await child.ask('plan', plan);
    return { name, address: await child.ask('address'), pid: child.pid };
  };
  const server = (/** @type {string} */ name, { address, pid }, /** @type {string} */ floorName) => ({
    name,
    address,
    pid,
    floor: floorName,
  });
  const servers = [
    server('runtime inside', inside, 'floor'),
    await floor('floor'),
    server('runtime over gRPC', await replica('runtime over gRPC'), 'floor over gRPC'),
    await floor('floor over gRPC', [runtimeAddress.replace('dns:///', '')]),
  ];
  if (others && OTHER_NODE !== undefined) {
    const on24 = { node: OTHER_NODE };
    servers.push(
      server('runtime inside, Node 24', await replica('node-24', { ...on24, nodeArgs: AT_ONCE }), 'floor, Node 24'),
      await floor('floor, Node 24', [], on24),
    );
  }
  return { servers, plan, sent };
}

/** Counts what a workflow says and sends, under load, which also warms the replica up. */
async function calibrate(callers, address, redisUrl, concurrency) {
  const messages = await callers.capture(address, 'actor-0');
  const at = Math.min(64, concurrency);
  await callers.load(address, slotsOf(at), { warm: 500, count: 500 });
  let workflows = 0;
  const counts = await sentDuring(redisUrl, async () => {
    const load = await callers.load(address, slotsOf(at), { warm: 0, count: 500 });
    workflows = load.workflows;
  });
  // A Resume acquires and claims, a Suspend acquires and frees: so each kind is half of the acquires.
  const acquired = counts.get('acquire') ?? workflows;
  const sent = Object.fromEntries(
    [...counts].filter(([name]) => !HOUSEKEEPING.includes(name)).map(([name, n]) => [name, n / acquired]),
  );
  const beside = Object.entries(sent).reduce((sum, [name, n]) => sum + (BESIDE.includes(name) ? n : 0), 0);
  const total = Object.values(sent).reduce((sum, n) => sum + n, 0);
  const trips = { awaited: Math.round(total - beside), beside: Math.round(beside) };
  const plan = {
    Resume: { messages: messages.Resume, ...trips },
    Suspend: { messages: messages.Suspend, ...trips },
  };
  return { plan, sent };
}

/** @param {Server} server */
async function measure(callers, server, redisPid, concurrency, ms) {
  const before = { server: 0, redis: 0 };
  const used = { server: 0, redis: 0 };
  const load = await callers.load(server.address, slotsOf(concurrency), ms, {
    begin() {
      before.server = cpuSeconds(server.pid);
      before.redis = cpuSeconds(redisPid);
    },
    end() {
      used.server = cpuSeconds(server.pid) - before.server;
      used.redis = cpuSeconds(redisPid) - before.redis;
    },
  });
  const { latencies } = load;
  return {
    perSecond: load.perSecond,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    perCpuSecond: load.workflows / used.server,
    redisUs: (used.redis / load.workflows) * 1e6,
    refused: load.refused,
    serverCores: (used.server / ms.count) * 1000,
  };
}

/** @param {Sample[]} samples @param {Server[]} servers */
function report(samples, servers, plan, sent) {
  const of = (/** @type {string} */ name, /** @type {number} */ concurrency) =>
    samples.filter((sample) => sample.server === name && sample.concurrency === concurrency);
  const mid = (/** @type {Sample[]} */ some, /** @type {keyof Sample} */ key) =>
    median(some.map((sample) => Number(sample[key])));
  /** Of the same round, then the median of those. */
  const ratio = (/** @type {Server} */ { name, floor = '' }, concurrency, /** @type {keyof Sample} */ key) => {
    const floors = of(floor, concurrency);
    return median(of(name, concurrency).map((sample, i) => Number(sample[key]) / Number(floors[i][key])));
  };
  const concurrencies = [...new Set(samples.map(({ concurrency }) => concurrency))];
  const rows = concurrencies.flatMap((concurrency) =>
    servers
      .filter(({ name }) => of(name, concurrency).length > 0)
      .map((server) => {
        const some = of(server.name, concurrency);
        const compared = server.floor !== undefined;
        return {
          'at once': concurrency,
          server: server.name,
          'workflows/s': Math.round(mid(some, 'perSecond')),
          'p50 ms': mid(some, 'p50'),
          'p99 ms': mid(some, 'p99'),
          'per CPU-s of server': Math.round(mid(some, 'perCpuSecond')),
          'server cores': mid(some, 'serverCores'),
          refused: some.reduce((sum, { refused }) => sum + refused, 0),
          'Redis us each': Math.round(mid(some, 'redisUs')),
          'rate / floor': compared ? ratio(server, concurrency, 'perSecond') : '',
          'per CPU-s / floor': compared ? ratio(server, concurrency, 'perCpuSecond') : '',
          'p99 / floor': compared ? ratio(server, concurrency, 'p99') : '',
        };
      }),
  );
  const at64 = (/** @type {string} */ name) => {
    const server = /** @type {Server} */ (servers.find((one) => one.name === name));
    return { server, rate: ratio(server, 64, 'perSecond'), p99: ratio(server, 64, 'p99') };
  };
  const [inside, overGrpc] = [at64('runtime inside'), at64('runtime over gRPC')];
  return {
    tables: [
      { title: 'Resume + Suspend, closed loop (a workflow: one of either)', rows },
      {
        title: 'Sent to Redis per workflow',
        rows: [{ ...sent, ...plan.Resume, messages: plan.Resume.messages.length }],
      },
    ],
    targets: [
      { what: 'at 64, runtime inside: rate / floor', got: inside.rate, want: 0.7 },
      {
        what: 'at 64, runtime inside: workflows per CPU-second of the server',
        got: mid(of('runtime inside', 64), 'perCpuSecond'),
        want: 2000,
      },
      { what: 'at 64, runtime inside: p99 / floor', got: inside.p99, most: 3 },
      { what: 'at 64, runtime over gRPC: rate / floor', got: overGrpc.rate, want: 0.6 },
    ],
    plot: {
      title: 'Workflows per second, closed loop',
      lines: {
        xLabel: 'callers at once',
        series: servers
          .filter(({ name }) => !name.endsWith('24'))
          .map(({ name }) => ({
            label: name,
            points: concurrencies.map((concurrency) => [concurrency, mid(of(name, concurrency), 'perSecond')]),
          })),
      },
    },
    samples,
  };
}
