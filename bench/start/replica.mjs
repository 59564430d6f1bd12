// A replica as users run it: dist/main.js serve, in a process of its own, with
// its default settings but for what is said. Its log goes where a container's
// would, into a pipe that somebody reads, here `cat >/dev/null`: writing it is
// part of what a workflow costs.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CoordinatorClient } from '../../dist/client/coordinator-client.js';
import { spawnGuarded } from './guard.mjs';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

/**
 * @typedef {object} Replica
 * @property {string} address @property {number} pid
 * @property {CoordinatorClient} client
 * @property {(signal: NodeJS.Signals) => void} kill
 * @property {Promise<void>} ended
 * @property {() => Promise<void>} close
 */

/**
 * Resolves when it is ready to serve.
 * @param {{ redisUrl: string, instanceId: string, flags?: readonly string[], node?: string, nodeArgs?: readonly string[] }} options
 * @returns {Promise<Replica>}
 */
export async function startReplica({ redisUrl, instanceId, flags = [], node = process.execPath, nodeArgs = [] }) {
  // Shows the first lines, among them the one that says `ready`, and then none.
  const log = spawn('/bin/sh', ['-c', 'sed -u 20q; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const child = spawnGuarded(
    node,
    [
      ...nodeArgs,
      ...[MAIN, 'serve', '--redis-url', redisUrl, '--instance-id', instanceId, '--listen', '127.0.0.1:0'],
      ...flags,
    ],
    { stdio: ['ignore', log.stdin] },
  );
  // The replica has its own now; with ours open too, the reader would never see its end.
  log.stdin.destroy();
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.once('exit', () => resolve());
  });
  /** @type {string} */
  const address = await new Promise((resolve, reject) => {
    const lines = [];
    createInterface(log.stdout)
      .on('line', (line) => {
        lines.push(line);
        const entry = line.startsWith('{') ? JSON.parse(line) : {};
        if (entry.msg === 'ready') resolve(entry.addresses[0]);
      })
      .on('close', () => {
        reject(new Error(`replica ${instanceId} was not ready after its first lines:\n${lines.join('\n')}`));
      });
  });
  const client = new CoordinatorClient(address);
  return {
    address,
    pid: child.pid ?? 0,
    client,
    kill: (signal) => void child.kill(signal),
    ended,
    async close() {
      client.close();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
