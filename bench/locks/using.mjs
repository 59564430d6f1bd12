// The libraries that run a routine under a lock and hand it an AbortSignal.

import { untilGranted } from './lock.mjs';

/**
 * @param {import('ioredis').Redis} client
 * @param {(key: string, routine: (signal: AbortSignal) => Promise<void>) => Promise<unknown>} using
 * @returns {import('./lock.mjs').Locks}
 */
export function usingLocks(client, using) {
  return {
    hold: (key, onTold) =>
      untilGranted(
        () =>
          new Promise((resolve, reject) => {
            let held = false;
            const routine = (/** @type {AbortSignal} */ signal) =>
              new Promise((/** @type {(value: void) => void} */ end) => {
                held = true;
                signal.addEventListener('abort', () => onTold('aborts its signal'));
                resolve(async () => {
                  end();
                  await over;
                });
              });
            const over = using(key, routine).catch((error) => {
              if (held) onTold(`rejects with ${error.name}`);
              else reject(error);
            });
          }),
      ),
    async cycle(key) {
      await using(key, async () => undefined);
    },
    async close() {
      client.disconnect();
    },
  };
}
