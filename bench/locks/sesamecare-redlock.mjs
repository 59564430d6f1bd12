// @sesamecare-oss/redlock: a rewrite of redlock 5 with the same interface.

import { Redlock } from '@sesamecare-oss/redlock';
import { Redis } from 'ioredis';
import { usingLocks } from './using.mjs';

export const name = '@sesamecare-oss/redlock';

export const redisKey = (/** @type {string} */ key) => key;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  const client = new Redis(redisUrl);
  client.on('error', () => undefined);
  const redlock = new Redlock([client]);
  return usingLocks(client, (key, routine) => redlock.using([key], ttlMs, routine));
}
