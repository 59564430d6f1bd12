// The gRPC server of a node: one service, NodeRuntime, on one or more addresses.
// Guarantees: all addresses are bound or none; a socket file that a killed node
// left is replaced, one that somebody serves is not; calls of a coordinator that
// vanished without a word are cancelled within the keepalive times.

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { NodeRuntime } from '../runtime/node-runtime.js';
import type { CallDeps } from './call.js';
import { nodeRuntimeService } from './node-runtime-service.js';
import { nodeRuntimeDefinition } from './proto.js';

export interface NodeServer {
  /** As they were bound: with the port that the system chose for port 0. */
  readonly addresses: readonly string[];
  /** Waits `limitMs` at most for the calls under way to end; they have been told by `deps.closing`. */
  close(limitMs: number): Promise<void>;
}

const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/**
 * @param listen `host:port` or `unix:///path` each
 * @throws an Error that names the address which cannot be bound
 */
export async function startNodeServer(
  listen: readonly string[],
  runtime: NodeRuntime,
  deps: CallDeps,
): Promise<NodeServer> {
  const server = new Server({
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  });
  server.addService(nodeRuntimeDefinition, nodeRuntimeService(runtime, deps));
  const addresses: string[] = [];
  try {
    for (const address of listen) addresses.push(await bind(server, address));
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  return {
    addresses,
    close: (limitMs) =>
      new Promise((resolve) => {
        const cancel = deps.clock.setTimer(limitMs, () => {
          server.forceShutdown();
          resolve();
        });
        server.tryShutdown(() => {
          cancel();
          resolve();
        });
      }),
  };
}

async function bind(server: Server, address: string): Promise<string> {
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
  if (path !== undefined) await removeStaleSocket(path);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`--listen ${address}: ${error.message}`, { cause: error }));
    });
  });
  if (path === undefined) return address.replace(/:\d+$/, `:${String(port)}`);
  // The umask decided until now: whoever can connect can run commands here.
  await chmod(path, 0o600);
  return address;
}

/** A socket file outlives the process that made it; only a connection tells whether somebody still serves it. */
async function removeStaleSocket(path: string): Promise<void> {
  // Anything else stays, and binding says that it is in the way. A connection to a plain file is refused as well.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return;
  const code = await new Promise<string>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve('EADDRINUSE');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
  if (code === 'ECONNREFUSED') await rm(path, { force: true });
}
