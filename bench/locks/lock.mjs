// What every lock that is compared can do, and where to find each. Each is used
// as its own documentation says, with its default settings and its own
// heartbeat on, over ioredis with its default settings, since that is what a
// user gets. The TTL alone is given, to all of them the same.

/**
 * @typedef {object} Locks
 * @property {(key: string, onTold: (how: string) => void) => Promise<() => Promise<void>>} hold
 *   Waits until the lock is free, however often the library gives up; holds it with its heartbeat on until the returned
 *   function is called. `onTold`: the holder is told that it lost the lock.
 * @property {(key: string) => Promise<void>} cycle Acquires a free lock and releases it.
 * @property {(keys: string[]) => Promise<void>} [prepare] Makes what these are locks on.
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Library
 * @property {string} name
 * @property {(options: { redisUrl: string, ttlMs: number }) => Promise<Locks>} open
 * @property {(key: string) => string} redisKey
 */

export const PEERS = ['redlock', 'sesamecare-redlock', 'redis-semaphore', 'redlock-universal'];

/** @param {string} name @returns {Promise<Library>} */
export function loadLibrary(name) {
  return import(`./${name}.mjs`);
}

/** Asks again until it is granted. @template T @param {() => Promise<T>} attempt @returns {Promise<T>} */
export async function untilGranted(attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch {
      // The library has given up, after its own retries and delays.
    }
  }
}
