// A node runtime over real gRPC that does what the benchmark says at once: it
// answers or hangs. It keeps nothing and fences nothing, so that what is
// measured is the coordinator and the wire.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { nodeRuntimeDefinition } from '../../dist/rpc/proto.js';

/** What a call does: `false` hangs until it is cancelled, a number answers after that many progress events. */
/** @typedef {(call: 'Restore' | 'Checkpoint', actor: string) => false | number} Behaviour */

/**
 * @param {Behaviour} behaviour
 * @returns {Promise<{ address: string, close: () => void }>} address: a gRPC target, as a worker registers it
 */
export async function startNodeRuntime(behaviour) {
  const server = new Server();
  const handler = (/** @type {'Restore' | 'Checkpoint'} */ name, /** @type {object} */ last) => (call) => {
    const progress = behaviour(name, call.request.actor.name);
    if (progress === false) return;
    for (let done = 1; done <= progress; done += 1) {
      call.write({ progress: { phase: 'work', done, total: progress, unit: 'parts', message: '' } });
    }
    call.write(last);
    call.end();
  };
  server.addService(nodeRuntimeDefinition, {
    Restore: handler('Restore', { restored: { address: '127.0.0.1:8080' } }),
    Checkpoint: handler('Checkpoint', { checkpointed: { size_bytes: 1 } }),
    Stop: (_call, callback) => callback(null, { stopped: true }),
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { address: `dns:///127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
