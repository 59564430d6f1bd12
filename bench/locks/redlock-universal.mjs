// redlock-universal: `using`, which extends the lock on its own and aborts a
// signal when it cannot.

import { Redis } from 'ioredis';
import { createLock, IoredisAdapter } from 'redlock-universal';
import { usingLocks } from './using.mjs';

export const name = 'redlock-universal';

export const redisKey = (/** @type {string} */ key) => key;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  const client = new Redis(redisUrl);
  client.on('error', () => undefined);
  const adapter = new IoredisAdapter(client);
  return usingLocks(client, (key, routine) => createLock({ adapter, key, ttl: ttlMs }).using(routine));
}
