// The gRPC server of a node: one service, NodeRuntime, on one or more addresses.

import type { NodeRuntime } from '../runtime/node-runtime.js';
import type { CallDeps } from './call.js';
import { nodeRuntimeService } from './node-runtime-service.js';
import { MAX_REQUEST_BYTES } from './limits.js';
import { nodeRuntimeDefinition } from './proto.js';
import { startServer, type RunningServer } from './server.js';

/** Whoever can connect can run commands: the owner alone. */
const SOCKET_MODE = 0o600;

/** One for each of the workers that a node may have at most, and as many again that end. */
const MAX_CALLS = 2000;

/** A Restore has, besides the spec that its CreateActor came with, where the snapshot is and whose it is. */
const MAX_RESTORE_BYTES = MAX_REQUEST_BYTES + 16 * 1024;

/**
 * @param listen `host:port` or `unix:///path` each
 * @throws an Error that names the address which cannot be bound
 */
export function startNodeServer(
  listen: readonly string[],
  runtime: NodeRuntime,
  deps: CallDeps,
): Promise<RunningServer> {
  const services = [{ definition: nodeRuntimeDefinition, handlers: nodeRuntimeService(runtime, deps) }];
  return startServer({
    listen,
    services,
    socketMode: SOCKET_MODE,
    clock: deps.clock,
    maxWork: MAX_CALLS,
    maxRequestBytes: MAX_RESTORE_BYTES,
  });
}
