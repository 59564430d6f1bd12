// redis-semaphore: a Mutex, which refreshes itself every 0.8 TTL and calls
// `onLockLost` when it finds another holder. Without that callback it throws
// where nobody can catch, so it is given one.

import { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { untilGranted } from './lock.mjs';

export const name = 'redis-semaphore';

export const redisKey = (/** @type {string} */ key) => `mutex:${key}`;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  const client = new Redis(redisUrl);
  client.on('error', () => undefined);
  return {
    hold: (key, onTold) =>
      untilGranted(async () => {
        const mutex = new Mutex(client, key, {
          lockTimeout: ttlMs,
          onLockLost: () => onTold('calls onLockLost'),
        });
        await mutex.acquire();
        return () => mutex.release();
      }),
    async cycle(key) {
      const mutex = new Mutex(client, key, { lockTimeout: ttlMs });
      await mutex.acquire();
      await mutex.release();
    },
    async close() {
      client.disconnect();
    },
  };
}
