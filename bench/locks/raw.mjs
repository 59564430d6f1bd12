// What one writes without a library: SET NX PX, and compare-and-set scripts to
// renew and release, with a timer for each lock every third of the TTL. No
// fencing token, and nobody is told of a loss.

import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

export const name = 'SET NX + Lua by hand';

export const redisKey = (/** @type {string} */ key) => key;

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  const client = new Redis(redisUrl);
  const [renew, release] = await Promise.all([RENEW, RELEASE].map((source) => client.script('LOAD', source)));
  const take = async (/** @type {string} */ key) => {
    const value = randomUUID();
    if ((await client.set(key, value, 'PX', ttlMs, 'NX')) === null) throw new Error(`${key} is held`);
    /** @type {NodeJS.Timeout} */
    let timer;
    const wait = () => {
      timer = setTimeout(() => void client.evalsha(String(renew), 1, key, value, ttlMs).then(wait), ttlMs / 3);
    };
    wait();
    return async () => {
      clearTimeout(timer);
      await client.evalsha(String(release), 1, key, value);
    };
  };
  return {
    hold: take,
    cycle: async (key) => (await take(key))(),
    async close() {
      client.disconnect();
    },
  };
}
