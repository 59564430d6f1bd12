// This project, held to what the libraries can do: a caller of a replica, whose
// Resume hangs in the restore. The caller, the replica, and the node runtime
// (in the caller's process) talk over gRPC. The default settings, the TTL aside.

import { startNodeRuntime } from '../start/node-runtime.mjs';
import { startReplica } from '../start/replica.mjs';

export const name = 'actor-coordinator';

export const redisKey = (/** @type {string} */ key) => `actorworkflow:lease:{bench/${key}}`;

/** @type {import('./lock.mjs').Library['open']} */
export async function open({ redisUrl, ttlMs }) {
  /** @type {Map<string, () => void>} */
  const arrived = new Map();
  const runtime = await startNodeRuntime((_, actor) => {
    arrived.get(actor)?.();
    return false;
  });
  const replica = await startReplica({ redisUrl, instanceId: 'bench', flags: ['--lease-ttl', `${ttlMs}ms`] });
  return {
    async hold(key, onTold) {
      const actor = { namespace: 'bench', name: key };
      await replica.client.registerWorker({
        worker: { pool: 'default', name: key },
        runtime_address: runtime.address,
        node: 'bench',
      });
      await replica.client.createActor({ actor });
      const caller = new AbortController();
      const working = new Promise((resolve) => arrived.set(key, () => resolve(undefined)));
      const over = readToEnd(replica.client.resume({ actor }, { signal: caller.signal })).catch((error) => {
        onTold(`ends with ${error.reason}`);
      });
      await working;
      return async () => {
        caller.abort();
        await over;
      };
    },
    cycle: () => Promise.reject(new Error('the lease benchmark measures the lease alone, in one process')),
    async close() {
      await replica.close();
      runtime.close();
    },
  };
}

/** @param {AsyncIterable<unknown>} stream */
async function readToEnd(stream) {
  for await (const event of stream) void event;
}
