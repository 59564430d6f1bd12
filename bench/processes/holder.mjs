// Holds locks of one library, and notes when it is told that they are lost.

import { loadLibrary } from '../locks/lock.mjs';
import { answer } from '../start/child.mjs';
import { nowMs, pause } from '../measure/time.mjs';

const [library, redisUrl, ttlMs] = process.argv.slice(2);
const { open } = await loadLibrary(library);
const locks = await open({ redisUrl, ttlMs: Number(ttlMs) });

/** @type {Map<string, { how: string, atMs: number } | undefined>} */
const told = new Map();
const tell = (/** @type {string} */ key, /** @type {string} */ how) => {
  if (told.get(key) === undefined) told.set(key, { how, atMs: nowMs() });
};
// It would end a process that has no such handler, and so everything that it holds.
process.on('unhandledRejection', (error) => {
  for (const key of told.keys()) tell(key, `unhandled rejection: ${/** @type {Error} */ (error).name}`);
});

answer({
  /** Resolves when all are held, each acquired at a random time of its own. */
  hold: ({ keys, spreadMs }) =>
    Promise.all(
      keys.map(async (key) => {
        await pause(Math.random() * spreadMs);
        told.set(key, undefined);
        await locks.hold(key, (how) => tell(key, how));
      }),
    ).then(() => undefined),
  /** When each of these was granted to a process that waits for it. */
  waitFor: (keys) =>
    Promise.all(
      keys.map(async (key) => {
        await locks.hold(key, () => undefined);
        return { key, atMs: nowMs() };
      }),
    ),
  /** What was told, and when. */
  told: () => Object.fromEntries(told),
});
