// What is sent to Redis, command by command, scripts by their names: MONITOR,
// without what scripts call. It slows Redis down, so it never runs while times
// are measured.

import { Redis } from 'ioredis';
import { scripts } from '../../dist/store/redis/scripts.js';

const NAMES = new Map(Object.entries(scripts).map(([name, { sha1 }]) => [sha1, name]));

/** @param {string} redisUrl @param {() => Promise<void>} work @returns {Promise<Map<string, number>>} */
export async function sentDuring(redisUrl, work) {
  const client = new Redis(redisUrl);
  const monitor = await client.monitor();
  /** @type {Map<string, number>} */
  const sent = new Map();
  monitor.on('monitor', (_time, args, source) => {
    if (source === 'lua') return;
    const name = /^evalsha$/i.test(args[0]) ? (NAMES.get(args[1]) ?? 'other script') : args[0].toLowerCase();
    sent.set(name, (sent.get(name) ?? 0) + 1);
  });
  try {
    await work();
  } finally {
    monitor.disconnect();
    client.disconnect();
  }
  return sent;
}
