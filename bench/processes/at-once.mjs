// Puts a node runtime into the replica's own process: `node --import` of this
// file makes `dist/runtime/grpc/grpc-runtimes.js`, and nothing else of the
// program, another one, which answers at once or, for actors named `hold-…`,
// not before it is cancelled. Everything up to the port and all of Redis is the
// real program, so the figure is the coordinator's alone.

import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

const REPLACED = /\/dist\/runtime\/grpc\/grpc-runtimes\.js$/;

const SOURCE = `
const untilCancelled = ({ actor }, signal) =>
  actor.name.startsWith('hold-') &&
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
const runtime = {
  async restore(call, report, signal) {
    await untilCancelled(call, signal);
    return { address: '127.0.0.1:8080' };
  },
  checkpoint: async () => ({ sizeBytes: 1 }),
  stop: async () => ({ stopped: true }),
};
export class GrpcRuntimes {
  channels = 0;
  at = () => runtime;
  answers = async () => true;
  close() {}
}
`;

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (REPLACED.test(url)) return { format: 'module', source: SOURCE, shortCircuit: true };
  return await next(url, context);
}
