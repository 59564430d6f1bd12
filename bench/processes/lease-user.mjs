// One process that uses the locks of one library, and says what that cost it.

import { loadLibrary } from '../locks/lock.mjs';
import { pause } from '../measure/time.mjs';
import { answer } from '../start/child.mjs';

const [library, redisUrl, ttlMs] = process.argv.slice(2);
const { open } = await loadLibrary(library);
const locks = await open({ redisUrl, ttlMs: Number(ttlMs) });
let lost = 0;

answer({
  prepare: (/** @type {string[]} */ keys) => locks.prepare?.(keys),
  /** Acquires and releases, each of so many callers a lock of its own; how often within the time. */
  async cycle({ keys, ms }) {
    const untilMs = performance.now() + ms;
    const before = process.cpuUsage();
    let cycles = 0;
    await Promise.all(
      keys.map(async (key) => {
        while (performance.now() < untilMs) {
          await locks.cycle(key);
          cycles += 1;
        }
      }),
    );
    const { user, system } = process.cpuUsage(before);
    return { cycles, cpuUs: user + system };
  },
  /** Holds all of these from now on, acquired evenly over a time, so that they are not due together. */
  async hold({ keys, spreadMs }) {
    const beganMs = performance.now();
    await Promise.all(
      keys.map(async (key, i) => {
        await pause((i / keys.length) * spreadMs);
        await locks.hold(key, () => (lost += 1));
      }),
    );
    return performance.now() - beganMs;
  },
  cpuUs() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  lost: () => lost,
});
