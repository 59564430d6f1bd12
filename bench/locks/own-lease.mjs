// This project's lease without gRPC and without a workflow around it, as its
// own code uses it: the stores, the heartbeat and Lease of dist/.

import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { systemClock as clock } from '../../dist/clock.js';
import { Heartbeat } from '../../dist/lease/heartbeat.js';
import { Lease } from '../../dist/lease/lease.js';
import { leaseTimings } from '../../dist/lease/timings.js';
import { openStores } from '../../dist/store/redis/open.js';
import { parseRedisUrl } from '../../dist/store/redis-url.js';
import { each } from '../start/each.mjs';

/** @typedef {Awaited<ReturnType<typeof openOwn>>} Own */

/** @param {{ redisUrl: string, ttlMs: number }} options */
export async function openOwn({ redisUrl, ttlMs }) {
  const timings = leaseTimings({ ttlMs });
  const life = randomUUID();
  /** @type {(ready: boolean) => void} */
  let onReady = () => undefined;
  const ready = new Promise((resolve) => (onReady = resolve));
  const stores = openStores({
    target: parseRedisUrl(redisUrl),
    keyPrefix: 'actorworkflow:',
    allowEviction: false,
    name: 'bench',
    life,
    renewTimeoutMs: timings.renewIntervalMs,
    clock,
    logger: pino({ level: 'silent' }),
    onReady,
    onRefused(why) {
      throw new Error(why);
    },
  });
  await ready;
  const heartbeat = new Heartbeat(stores.leases, timings, clock);
  /** What each way of acquiring says about itself. */
  const request = () => ({
    workflowId: randomUUID(),
    holder: 'bench',
    life,
    acquireTimeMs: clock.wallMs(),
    ttlMs,
  });
  return {
    stores,
    heartbeat,
    timings,
    life,
    request,
    /** @param {(given: ReturnType<typeof request>) => Promise<any>} acquire what it resolves with grants the lease, or is undefined */
    async take(acquire) {
      const requestedAtMs = clock.nowMs();
      const granted = await acquire(request());
      if (granted === undefined) throw new Error('the lease is held by somebody else');
      const grant = { ...granted, requestedAtMs, answeredAtMs: clock.nowMs() };
      return new Lease(grant, { store: stores.leases, heartbeat, timings, clock });
    },
    createActors: (/** @type {string[]} */ keys) =>
      each(keys, (key) =>
        stores.actors.create({
          ref: { namespace: 'bench', name: key },
          pool: 'default',
          spec: { command: [], env: {}, image: '' },
        }),
      ),
  };
}

/**
 * @param {Own} own @param {(key: string) => Promise<Lease>} take
 * @returns {import('./lock.mjs').Locks}
 */
export function ownLocks(own, take) {
  return {
    async hold(key, onTold) {
      const lease = await take(key);
      lease.signal.addEventListener('abort', () => onTold(lease.signal.reason.reason));
      return () => lease.release();
    },
    async cycle(key) {
      const lease = await take(key);
      await lease.release();
    },
    async close() {
      own.stores.close();
    },
  };
}
