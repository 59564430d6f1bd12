// A node: a runtime, served over gRPC, whose workers are registered with a
// coordinator. `runNode` is what `actor-coordinator node` does; `startNode` is
// the same inside another process, as `serve --dev` wants it. What becomes of
// the actors when it closes is the runtime's to say: processes are stopped after
// they have saved, and what they saved is kept for the next start.

import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { isDnsLabel } from '../actor/actor.js';
import { CoordinatorClient } from '../client/coordinator-client.js';
import { systemClock } from '../clock.js';
import { CoordinatorError, invalidArgument, quote } from '../errors.js';
import { startNodeServer } from '../rpc/node-server.js';
import { openProcesses, type OpenRuntime } from './open-runtime.js';
import { keepRegistered } from './registration.js';

export interface NodeOptions {
  /** `host:port` or `unix:///path` each; port 0 lets the system choose. */
  readonly listen: readonly string[];
  readonly dataDir: string;
  /** DNS-1123 label. */
  readonly pool: string;
  /** How many actors can run at once. */
  readonly workers: number;
  /** DNS-1123 labels, in place of names of the node's and of `workers`. */
  readonly workerNames?: readonly string[];
  /** Names the node, and its workers `<name>-<n>`. Default: the machine's name, as a DNS label. */
  readonly nodeName?: string;
  /** The gRPC target of the coordinator. */
  readonly coordinator: string;
  /** The gRPC target at which the coordinator reaches this node. Default: the first address of `listen`. */
  readonly advertise?: string;
  /** See PlacedRuntimeOptions. */
  readonly stopGraceMs?: number;
  /** Default: processes. */
  readonly openRuntime?: OpenRuntime;
  readonly logger: Logger;
}

export interface RunningNode {
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** More processes than this want more than one machine, and each registration is a call of its own. */
const MAX_WORKERS = 1_000;
/** So that the label of a worker, with its number, stays within 63 characters. */
const MAX_NODE_NAME_LENGTH = 59;
const REGISTER_TIMEOUT_MS = 5_000;
/** Three registrations in a row may fail before the workers are taken out of service. */
const WORKER_TTL = { seconds: 30 };
/** The runtime has ended all calls by then; what may take time is a caller that does not read. */
const CLOSE_SERVER_MS = 2_000;

/** @throws INVALID_ARGUMENT naming the flag, or an Error when an address or the data directory cannot be used */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger } = options;
  const clock = systemClock;
  const nodeName = checkOptions(options);
  const numbered = Array.from({ length: options.workers }, (_, index) => `${nodeName}-${String(index)}`);
  const workers = (options.workerNames ?? numbered).map((name) => ({ pool: options.pool, name }));
  const { openRuntime = openProcesses } = options;
  const runtime = await openRuntime({
    dataDir: resolve(options.dataDir),
    workers,
    logger,
    clock,
    ...(options.stopGraceMs === undefined ? {} : { stopGraceMs: options.stopGraceMs }),
  });
  const closing = new AbortController();
  // One listener for each open stream.
  setMaxListeners(0, closing.signal);
  const onUnexpected = (error: unknown, path: string): void => {
    logger.error({ err: error, path }, 'internal error');
  };
  const server = await startNodeServer(options.listen, runtime, { clock, onUnexpected, closing: closing.signal }).catch(
    async (error: unknown) => {
      await runtime.close();
      throw error;
    },
  );
  const [first = ''] = server.addresses;
  const runtimeAddress = options.advertise ?? reachable(first);
  const coordinator = new CoordinatorClient(options.coordinator);
  const registered = keepRegistered(
    {
      workers,
      register: (worker, signal) => {
        const status = { running_actor: runtime.runningOn(worker) ?? null };
        const request = { worker, runtime_address: runtimeAddress, node: nodeName, ttl: WORKER_TTL, status };
        return coordinator.registerWorker(request, { signal, timeoutMs: REGISTER_TIMEOUT_MS });
      },
      clock,
      logger,
    },
    closing.signal,
  );
  logger.info({ addresses: server.addresses, runtimeAddress, node: nodeName }, 'node serves');

  const close = async (): Promise<void> => {
    // The runtime first, if only by a moment: its calls then end with its own reason, and bring no actor back up.
    const stopped = runtime.close();
    closing.abort(new CoordinatorError('DRAINING', 'the node is shutting down'));
    await Promise.all([stopped, registered]);
    coordinator.close();
    await server.close(CLOSE_SERVER_MS);
    logger.info('node stopped');
  };
  let closed: Promise<void> | undefined;
  return { addresses: server.addresses, close: () => (closed ??= close()) };
}

/** Serves until SIGTERM or SIGINT. Resolves with the exit code. */
export async function runNode(options: NodeOptions): Promise<number> {
  const stop = new Promise<string>((settle) => {
    for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => settle(name));
  });
  const node = await startNode(options);
  options.logger.info({ signal: await stop }, 'node stops');
  await node.close();
  return 0;
}

/** The machine's name as a DNS label, as far as it has one in it. */
export function defaultNodeName(machine = hostname()): string {
  const label = machine
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NODE_NAME_LENGTH)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'node' : label;
}

function checkOptions(options: NodeOptions): string {
  const { listen, pool, workers, nodeName = defaultNodeName() } = options;
  if (listen.length === 0) throw invalidArgument('--listen', undefined, 'host:port or unix:///path');
  if (!isDnsLabel(pool)) throw invalidArgument('--pool', pool, 'a DNS-1123 label, such as "default"');
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
    throw invalidArgument('--workers', workers, `a whole number from 1 to ${String(MAX_WORKERS)}`);
  }
  const { workerNames: names = [] } = options;
  const wrong = names.find((name, index) => !isDnsLabel(name) || names.indexOf(name) !== index);
  if (wrong !== undefined) throw invalidArgument('--ateom', wrong, 'uids, which are DNS-1123 labels, each once');
  if (names.length > MAX_WORKERS) {
    throw invalidArgument('--ateom', `${String(names.length)} of them`, `at most ${String(MAX_WORKERS)}`);
  }
  if (!isDnsLabel(nodeName) || nodeName.length > MAX_NODE_NAME_LENGTH) {
    const expected = `a DNS-1123 label of at most ${String(MAX_NODE_NAME_LENGTH)} characters`;
    throw invalidArgument('--node-name', nodeName, expected);
  }
  return nodeName;
}

/** An address that was bound, as a gRPC target: one that is bound on every interface is reached by the machine's name. */
function reachable(address: string): string {
  if (address.startsWith('unix:')) return address;
  const [, name = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (port === '') throw new Error(`--listen: ${quote(address)} has no port`);
  return `dns:///${/^(?:0\.0\.0\.0|\[::\])$/.test(name) ? hostname() : name}:${port}`;
}
