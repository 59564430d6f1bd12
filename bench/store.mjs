// Whether what waits costs anything: the same calls on replicas whose Redis has
// from ten to a million actors and from ten to a hundred thousand workers, half
// of them claimed by actors that run. All are up at the same time, and measured
// in turn. The node runtime is put into the replica (at-once.mjs).

import { encodePageToken } from '../dist/rpc/page.js';
import { beginResume, finishResume } from '../dist/actor/transition.js';
import { AT_ONCE } from './cycle.mjs';
import { openOwn } from './locks/own-lease.mjs';
import { median, quantile } from './measure/quantiles.mjs';
import { reconcilerPasses } from './measure/reconciler-pass.mjs';
import { startCallers } from './start/callers.mjs';
import { each } from './start/each.mjs';
import { createActors, createFleet } from './start/fleet.mjs';
import { startRedis } from './start/redis.mjs';
import { startReplica } from './start/replica.mjs';

/** Actors that the caller goes round, taken evenly from all. */
const VISITED = 500;
const PAGES = 30;
const PAGE_SIZE = 100;
const PASSES = 3;

export const about = 'a million actors stored: do calls, listings and the reconciler notice?';
export const quick = {
  rounds: 3,
  seconds: 0.5,
  sizes: [
    { actors: 1000, workers: 10 },
    { actors: 20_000, workers: 2000 },
  ],
};
export const full = {
  rounds: 7,
  seconds: 3,
  sizes: [
    { actors: 10, workers: 10 },
    { actors: 1000, workers: 10 },
    { actors: 100_000, workers: 10_000 },
    { actors: 1_000_000, workers: 100_000 },
  ],
};

/** @typedef {{ size: { actors: number, workers: number }, bytesEach: number, claimed: number, redis: import('./start/redis.mjs').BenchRedis, replica: import('./start/replica.mjs').Replica, names: string[] }} Store */
/** @typedef {{ resumeP50: number, resumeP99: number, suspendP50: number, pageMs: number }} Round */

/** @param {typeof full & { say: (text: string) => void }} options */
export async function run({ rounds, seconds, sizes, say }) {
  const callers = await startCallers();
  /** @type {Store[]} */
  const stores = [];
  try {
    for (const size of sizes) {
      say(`creating ${size.actors} actors and ${size.workers} workers`);
      stores.push(await fill(size));
    }
    /** @type {Map<Store, Round[]>} */
    const measured = new Map(stores.map((store) => [store, []]));
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const store of stores) {
        say(`round ${round} of ${rounds}, ${store.size.actors} actors`);
        const { byKind } = await callers.load(store.replica.address, [store.names], {
          warm: 200,
          count: seconds * 1000,
        });
        const pageMs = await measurePages(store);
        if (round === 0) continue;
        measured.get(store)?.push({
          resumeP50: quantile(byKind.Resume, 0.5),
          resumeP99: quantile(byKind.Resume, 0.99),
          suspendP50: quantile(byKind.Suspend, 0.5),
          pageMs,
        });
      }
    }
    const passes = [];
    for (const store of stores) {
      say(`reconciler, ${store.claimed} claims`);
      // Its lease is the replica's, until that is gone.
      await store.replica.close();
      await store.redis.client.del('actorworkflow:lease:{_reconciler}');
      passes.push(await reconcilerPasses(store.redis.url, PASSES));
    }
    return report(stores, measured, passes);
  } finally {
    await callers.close();
    for (const { replica, redis } of stores) {
      await replica.close();
      await redis.close();
    }
  }
}

/** @param {Store['size']} size @returns {Promise<Store>} */
async function fill(size) {
  const redis = await startRedis();
  const own = await openOwn({ redisUrl: redis.url, ttlMs: 30_000 });
  const claimed = size.workers / 2;
  await createFleet(redis.url, { actors: [], workers: size.workers, runtimeAddress: '127.0.0.1:1' });
  const running = Array.from({ length: claimed }, (_, i) => `running-${i}`);
  await createActors(own.stores, running);
  await each(running, (name) => resume(own, { namespace: 'bench', name }));

  const bytes = async () => Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1]);
  const before = await bytes();
  // Not by one array of all names: there may be millions.
  const portion = 100_000;
  for (let from = 0; from < size.actors; from += portion) {
    const count = Math.min(portion, size.actors - from);
    await createActors(
      own.stores,
      Array.from({ length: count }, (_, i) => actorName(from + i)),
    );
  }
  const bytesEach = ((await bytes()) - before) / size.actors;
  own.stores.close();
  const replica = await startReplica({ redisUrl: redis.url, instanceId: 'bench', nodeArgs: AT_ONCE });
  const visited = Math.min(VISITED, size.actors);
  const names = Array.from({ length: visited }, (_, i) => actorName(Math.floor((i * size.actors) / visited)));
  return { size, bytesEach, claimed, redis, replica, names };
}

/** Of equal length, so that the order of names is that of numbers. @param {number} index */
function actorName(index) {
  return `actor-${String(index).padStart(8, '0')}`;
}

/** What a Resume writes, without a node runtime. */
async function resume({ stores, request }, ref) {
  const { workflows } = stores;
  const asked = request();
  const acquired = await workflows.acquire({ ...asked, actor: ref, kind: 'RESUME' });
  if (acquired.type !== 'granted') throw new Error(`the lease on ${ref.name}: ${acquired.type}`);
  const { lease, actor } = acquired;
  const worker = await workflows.claim({ actor: ref, pool: actor.pool, fencingToken: lease.fencingToken });
  const begun = await workflows.transition(ref, lease, asked.workflowId, beginResume(actor, worker), false);
  await workflows.transition(ref, lease, asked.workflowId, finishResume(begun, '127.0.0.1:8080'), true);
}

/** The median of pages that begin evenly over all. @param {Store} store */
async function measurePages({ size, replica }) {
  const times = [];
  for (let i = 0; i < PAGES; i += 1) {
    const after = actorName(Math.floor((i * Math.max(0, size.actors - PAGE_SIZE)) / PAGES));
    const beganMs = performance.now();
    await replica.client.listActors({
      namespace: 'bench',
      page_size: PAGE_SIZE,
      page_token: encodePageToken('actors/bench', after),
    });
    times.push(performance.now() - beganMs);
  }
  return median(times);
}

/** @param {Store[]} stores @param {Map<Store, Round[]>} measured @param {Awaited<ReturnType<typeof reconcilerPasses>>[]} passes */
function report(stores, measured, passes) {
  const mid = (/** @type {Store} */ store, /** @type {keyof Round} */ key) =>
    median((measured.get(store) ?? []).map((round) => round[key]));
  const rows = stores.map((store, i) => ({
    actors: store.size.actors,
    workers: store.size.workers,
    claimed: store.claimed,
    'bytes per actor': Math.round(store.bytesEach),
    'Resume p50 ms': mid(store, 'resumeP50'),
    'p99 ms': mid(store, 'resumeP99'),
    'Suspend p50 ms': mid(store, 'suspendP50'),
    [`list ${PAGE_SIZE}, ms`]: mid(store, 'pageMs'),
    'reconciler pass ms': median(passes[i].map(({ ms }) => ms)),
    'its CPU ms': median(passes[i].map(({ cpuMs }) => cpuMs)),
  }));
  const small = stores.find(({ size }) => size.actors === 1000) ?? stores[0];
  const large = /** @type {Store} */ (stores.at(-1));
  const ratios = (measured.get(large) ?? []).map(
    ({ resumeP50 }, i) => resumeP50 / (measured.get(small) ?? [])[i].resumeP50,
  );
  const { actors, workers } = large.size;
  return {
    tables: [{ title: 'What is stored, and what calls and the reconciler take then', rows }],
    targets: [
      {
        what: `Resume p50 at ${actors} actors and ${workers} workers / at ${small.size.actors} and ${small.size.workers}`,
        got: median(ratios),
        most: 1.2,
      },
    ],
    plot: {
      title: 'Resume, p50 ms',
      lines: {
        xLabel: 'actors stored',
        series: [
          { label: 'Resume p50', points: rows.map((row) => [row.actors, Number(row['Resume p50 ms'])]) },
          {
            label: `list of ${PAGE_SIZE}`,
            points: rows.map((row) => [row.actors, Number(row[`list ${PAGE_SIZE}, ms`])]),
          },
        ],
      },
    },
    samples: stores.map((store, i) => ({ ...store.size, rounds: measured.get(store), passes: passes[i] })),
  };
}
