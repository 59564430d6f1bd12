// The runtime for containers, as `actor-coordinator node --runtime docker` serves
// it, keeps the contract. Skipped where no engine has the image.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, vi } from 'vitest';
import { startNode } from '../../src/cli/node.js';
import { chooseRuntime } from '../../src/cli/open-runtime.js';
import { ACTOR_COMMAND } from '../../src/conformance/actor-program.js';
import { describeConformance, type ServedRuntime } from '../conformance.js';
import { DOCKER_HOST, IMAGE, missing, VOLUME_ONLY } from './docker-runtime.js';
import { logger } from './node-runtime-process.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

async function open(): Promise<ServedRuntime> {
  const directory = await mkdtemp(join(tmpdir(), 'node-'));
  const start = (): ReturnType<typeof startNode> =>
    startNode({
      listen: ['127.0.0.1:0'],
      dataDir: join(directory, 'data'),
      pool: 'default',
      workers: 2,
      nodeName: 'here',
      coordinator: '127.0.0.1:1',
      stopGraceMs: 5_000,
      openRuntime: chooseRuntime({ runtime: 'docker', dockerHost: DOCKER_HOST, publishIp: '127.0.0.1' }),
      logger,
    });
  let node = await start();
  return {
    get address() {
      return node.addresses[0] ?? '';
    },
    workers: [
      { pool: 'default', name: 'here-0' },
      { pool: 'default', name: 'here-1' },
    ],
    spec: { command: ACTOR_COMMAND, env: {}, image: IMAGE, runtimeOptions: VOLUME_ONLY },
    snapshotLocation: pathToFileURL(join(directory, 'snapshots')).href,
    paceMs: 1_000,
    restart: async () => {
      await node.close();
      node = await start();
      return node.addresses[0] ?? '';
    },
    close: async () => {
      await node.close();
      await rm(directory, { recursive: true });
    },
  };
}

describe.skipIf(missing !== undefined)('with an engine,', () => {
  describeConformance('the runtime for containers', open);
});
