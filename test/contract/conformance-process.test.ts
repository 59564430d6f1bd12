// The process runtime, as `actor-coordinator node` serves it, keeps the contract.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startNode } from '../../src/cli/node.js';
import { ACTOR_COMMAND } from '../../src/conformance/actor-program.js';
import { describeConformance, type ServedRuntime } from '../conformance.js';
import { logger } from './node-runtime-process.js';

async function open(): Promise<ServedRuntime> {
  const directory = await mkdtemp(join(tmpdir(), 'node-'));
  const start = (): ReturnType<typeof startNode> =>
    startNode({
      listen: ['127.0.0.1:0'],
      dataDir: join(directory, 'data'),
      pool: 'default',
      workers: 2,
      nodeName: 'here',
      // Nobody is there: a node serves all the same.
      coordinator: '127.0.0.1:1',
      stopGraceMs: 5_000,
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
    // Not by its name: whoever runs the tests may have another node on the PATH, or none.
    spec: { command: [process.execPath, ...ACTOR_COMMAND.slice(1)], env: {}, image: '' },
    snapshotLocation: pathToFileURL(join(directory, 'snapshots')).href,
    paceMs: 500,
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

describeConformance('the process runtime', open);
