// A Redis of the benchmark's own: the one that the program and its tests find,
// on loopback TCP, keeping nothing on disk. It dies with this process.

import { Redis } from 'ioredis';
import { createServer } from 'node:net';
import { startServerProcess } from '../../dist/store/redis/server-process.js';

/**
 * @typedef {object} BenchRedis
 * @property {string} url @property {number} port @property {number} pid
 * @property {Redis} client for looking at it; not for what is measured
 * @property {(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => void} kill
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<BenchRedis>} */
export async function startRedis() {
  const port = await freePort();
  const server = await startServerProcess({
    args: ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
    address: { host: '127.0.0.1', port },
  });
  const client = new Redis({ port, retryStrategy: () => null });
  // One that was killed on purpose.
  client.on('error', () => undefined);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    client,
    kill: (signal) => server.kill(signal),
    async close() {
      client.disconnect();
      server.kill('SIGKILL');
      await server.ended;
    },
  };
}

/** A port that was free a moment ago. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** How often each command has been called so far, those within scripts included. @param {Redis} client */
export async function commandCalls(client) {
  const stats = await client.info('commandstats');
  return new Map([...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]));
}
