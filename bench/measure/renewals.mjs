// When leases are renewed, as Redis tells it: it publishes every change of a
// key's expiry. So the replica needs no hook, and is not slowed down; Redis has
// one small message more per renewal to send.

import { Redis } from 'ioredis';
import { nowMs } from './time.mjs';

/** Two notices of one command. */
const SAME_MS = 20;

/**
 * @param {string} redisUrl @param {string} pattern of the leases' keys, such as `actorworkflow:lease:{bench/hold-*`
 */
export async function watchRenewals(redisUrl, pattern) {
  const admin = new Redis(redisUrl);
  // Keyspace messages of generic commands (expire, del), of strings (set), and of expiries.
  await admin.config('SET', 'notify-keyspace-events', 'Kg$x');
  const subscriber = new Redis(redisUrl);
  /** @type {Map<string, number>} */
  const renewedAtMs = new Map();
  /** @type {number[]} */
  let gapsMs = [];
  let expired = 0;
  subscriber.on('pmessage', (_pattern, key, event) => {
    if (event === 'expired') expired += 1;
    if (event !== 'expire' && event !== 'set') return;
    const atMs = nowMs();
    const before = renewedAtMs.get(key);
    if (before !== undefined && atMs - before < SAME_MS) return;
    if (before !== undefined) gapsMs.push(atMs - before);
    renewedAtMs.set(key, atMs);
  });
  await subscriber.psubscribe(`__keyspace@0__:${pattern}`);
  return {
    /** Counts from here on. */
    begin() {
      gapsMs = [];
      expired = 0;
    },
    /** Times between two renewals of one lease, and how many leases expired. */
    read: () => ({ gapsMs, expired, leases: renewedAtMs.size }),
    close() {
      admin.disconnect();
      subscriber.disconnect();
    },
  };
}
