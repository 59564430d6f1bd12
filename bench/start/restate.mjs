// Restate's server from npm, in a fresh directory, with the service registered.
// Its SDK needs Node 22 or newer: the service runs on the Node of
// bench/node_modules where this one is older.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../measure/time.mjs';
import { startChild } from './child.mjs';
import { spawnGuarded } from './guard.mjs';
import { nodeAtLeast } from './other-node.mjs';
import { freePort } from './redis.mjs';

const READY_WITHIN_MS = 60_000;

/** Its server's program, where there is one for this system and it is installed. */
function findServer() {
  const name = `restate-server-${process.platform}-${process.arch}`;
  const path = new URL(`../node_modules/@restatedev/${name}/bin/restate-server`, import.meta.url).pathname;
  return existsSync(path) ? path : undefined;
}

/**
 * @returns {Promise<{ address: string, pids: number[], close: () => Promise<void> } | string>} a string: why it cannot run here
 */
export async function startRestate() {
  const [server, node] = [findServer(), nodeAtLeast(22)];
  if (server === undefined)
    return "Restate's server is not installed (quick runs leave it out), or not made for this system";
  if (node === undefined) return `Restate's SDK needs Node 22 or newer, this is ${process.versions.node}`;
  const directory = await mkdtemp(join(tmpdir(), 'bench-restate-'));
  const [ingress, admin, fabric, service] = await Promise.all(Array.from({ length: 4 }, freePort));
  const child = spawnGuarded(server, ['--no-logo'], {
    stdio: ['ignore', 'ignore'],
    env: {
      ...process.env,
      RESTATE_BASE_DIR: directory,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(fabric),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_LOG_FILTER: 'warn',
    },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const handler = await startChild('restate-service.mjs', [String(service)], { node });
  const close = async () => {
    child.kill('SIGKILL');
    await Promise.all([ended, handler.end()]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilAnswers(`http://127.0.0.1:${admin}/health`);
    const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${service}` }),
    });
    if (!registered.ok) throw new Error(`Restate refused the service: ${await registered.text()}`);
    await untilAnswers(`http://127.0.0.1:${ingress}/Actor/warm-up/resume`, { method: 'POST' });
    return { address: `127.0.0.1:${ingress}`, pids: [child.pid ?? 0, handler.pid], close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param {string} url @param {RequestInit} [request] */
async function untilAnswers(url, request) {
  const untilMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answers = await fetch(url, request).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return;
    if (performance.now() > untilMs) throw new Error(`${url} did not answer within ${READY_WITHIN_MS} ms`);
    await pause(50);
  }
}
