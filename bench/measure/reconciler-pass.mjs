// How long one pass of the reconciler takes, and what it costs: the program's
// own, on its own stores, in this process. A pass begins with the list of pools
// and ends with the expired workers of the last one. Nothing may hold its lease.

import { pino } from 'pino';
import { systemClock as clock } from '../../dist/clock.js';
import { Reconciler } from '../../dist/workflow/reconciler.js';
import { openOwn } from '../locks/own-lease.mjs';

/** It begins a turn every quarter of this. */
const TTL_MS = 2000;

/**
 * @param {string} redisUrl @param {number} passes
 * @returns {Promise<{ ms: number, cpuMs: number, recovered: number }[]>}
 */
export async function reconcilerPasses(redisUrl, passes) {
  const { stores, heartbeat, timings, life } = await openOwn({ redisUrl, ttlMs: TTL_MS });
  const ending = new AbortController();
  const settings = {
    instanceId: 'bench-reconciler',
    life,
    timings,
    workflowDeadlineMs: 60_000,
    unwindGraceMs: 1000,
    maxWorkflows: 100,
    snapshotLocation: 'file:///bench',
  };
  /** @type {{ ms: number, cpuMs: number, recovered: number }[]} */
  const measured = [];
  let recovered = 0;
  let beganMs = 0;
  let before = process.cpuUsage();
  const reconciler = new Reconciler(3, settings, {
    store: stores.workflows,
    leaseStore: stores.leases,
    eventLog: stores.eventLog,
    wakeups: stores.wakeups,
    heartbeat,
    runtimeAt: () => {
      throw new Error('a pass over actors in order calls no node runtime');
    },
    clock,
    logger: pino({ level: 'silent' }),
    actors: stores.actors,
    workers: stores.workers,
    workflows: {
      recover: async () => {
        recovered += 1;
      },
    },
    answers: async () => true,
    claims: {
      pools: () => {
        beganMs = performance.now();
        before = process.cpuUsage();
        return stores.claims.pools();
      },
      claims: (pool) => stores.claims.claims(pool),
      freeClaim: (claim) => stores.claims.freeClaim(claim),
      expiredWorkers: async (pool) => {
        const expired = await stores.claims.expiredWorkers(pool);
        const { user, system } = process.cpuUsage(before);
        measured.push({ ms: performance.now() - beganMs, cpuMs: (user + system) / 1000, recovered });
        if (measured.length === passes) ending.abort(new Error('that was the last one'));
        return expired;
      },
    },
  });
  await reconciler.run(ending.signal);
  stores.close();
  return measured;
}
