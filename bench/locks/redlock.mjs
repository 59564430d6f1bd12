// redlock 5: `using`, which extends the lock 500 ms before it expires and aborts
// a signal when it cannot. (Version 4 has no heartbeat at all.)

import { Redis } from 'ioredis';
import Redlock from 'redlock';
import { usingLocks } from './using.mjs';

export const name = 'redlock';

export const redisKey = (/** @type {string} */ key) => key;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  const client = new Redis(redisUrl);
  client.on('error', () => undefined);
  const redlock = new Redlock([client]);
  return usingLocks(client, (key, routine) => redlock.using([key], ttlMs, routine));
}
