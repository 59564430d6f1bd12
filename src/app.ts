// The composition root: from a Config to a replica that serves. Everything that
// implements a port is chosen here and nowhere else. Closing goes in the order
// that loses nothing: refuse new work, let what runs finish, abort and release
// what does not, then let go of connections.

import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { formatRef } from './actor/actor.js';
import { systemClock } from './clock.js';
import type { Config } from './config.js';
import { CoordinatorError } from './errors.js';
import { Heartbeat } from './lease/heartbeat.js';
import { newLife } from './lease/life.js';
import { actorWorkflowService, STARTS_WORKFLOW } from './rpc/actor-workflow.js';
import { Health } from './rpc/health.js';
import { startProbes } from './rpc/probes.js';
import { actorRegistryDefinition, actorWorkflowDefinition, workerRegistryDefinition } from './rpc/proto.js';
import { addReflection } from './rpc/reflection.js';
import {
  actorRegistryService,
  workerRegistryService,
  type ActorOperations,
  type OnStatus,
} from './rpc/registry-services.js';
import { startServer } from './rpc/server.js';
import { GrpcRuntimes } from './runtime/grpc/grpc-runtimes.js';
import { openStores } from './store/redis/open.js';
import type { RedisTarget } from './store/redis-url.js';
import { LoopDelay } from './telemetry/loop-delay.js';
import { deleteActor } from './workflow/delete-actor.js';
import type { WorkflowParts, WorkflowSettings } from './workflow/execute.js';
import { Reconciler } from './workflow/reconciler.js';
import { putRight } from './workflow/worker-status.js';
import { Workflows } from './workflow/workflows.js';

/** What the configuration leaves open with --dev. */
export interface Surroundings {
  readonly redis: RedisTarget;
  readonly snapshotLocation: string;
}

export interface App {
  /** Where gRPC is served, as bound. */
  readonly addresses: readonly string[];
  /** Resolves when Redis has answered for the first time. */
  readonly ready: Promise<void>;
  /** Drains and stops; within the drain timeout, the unwind grace and a few seconds. */
  close(): Promise<void>;
}

const SERVICES = [
  'actorworkflow.v1.ActorWorkflow',
  'actorworkflow.v1.ActorRegistry',
  'actorworkflow.v1.WorkerRegistry',
] as const;

/** Group members may call, others may not. */
const SOCKET_MODE = 0o660;

/** For the last statuses to reach their callers, once no workflow is left. */
const CLOSE_SERVER_MS = 2000;

/** A runtime call outlives the workflow's deadline by this much at most, should its cancel be lost. */
const CALL_MARGIN_MS = 10_000;

/**
 * Serves at once, ready or not: a Redis that is not there yet is waited for.
 * @param onRefused called when Redis answers and must not be used
 * @throws an Error that names the address which cannot be bound
 */
export async function start(
  config: Config,
  surroundings: Surroundings,
  logger: Logger,
  onRefused: (why: string) => void,
): Promise<App> {
  const clock = systemClock;
  const health = new Health(SERVICES);
  let addresses: readonly string[] = [];
  let draining = false;
  let storeReady = false;
  const isReady = (): boolean => storeReady;
  let onFirstReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (onFirstReady = resolve));
  const probes =
    config.httpListen === undefined ? undefined : await startProbes(config.httpListen, () => storeReady && !draining);

  const life = newLife(clock.wallMs());
  const stores = openStores({
    target: surroundings.redis,
    tls: config.redisTls,
    keyPrefix: config.redisKeyPrefix,
    allowEviction: config.redisAllowEviction,
    name: config.instanceId,
    life,
    renewTimeoutMs: config.lease.renewIntervalMs,
    clock,
    logger,
    onReady: (answers) => {
      storeReady = answers;
      if (draining) return;
      health.setReady(answers);
      // Not before it serves: whoever waits for this line is about to call.
      if (addresses.length > 0) logger.info({ addresses }, answers ? 'ready' : 'not ready');
      if (answers) onFirstReady();
    },
    onRefused,
  });
  const heartbeat = new Heartbeat(stores.leases, config.lease, clock);
  const runtimes = new GrpcRuntimes({ callTimeoutMs: config.workflowDeadlineMs + CALL_MARGIN_MS, clock });
  const settings: WorkflowSettings = {
    instanceId: config.instanceId,
    life,
    timings: config.lease,
    workflowDeadlineMs: config.workflowDeadlineMs,
    unwindGraceMs: config.unwindGraceMs,
    maxWorkflows: config.maxWorkflows,
    snapshotLocation: surroundings.snapshotLocation,
  };
  const parts: WorkflowParts = {
    store: stores.workflows,
    leaseStore: stores.leases,
    eventLog: stores.eventLog,
    wakeups: stores.wakeups,
    heartbeat,
    runtimeAt: runtimes.at,
    clock,
    logger,
  };
  const loopDelay = new LoopDelay({ clock, logger, renewIntervalMs: config.lease.renewIntervalMs });
  const workflows = new Workflows(settings, parts, () => loopDelay.isBlocked);
  const operations: ActorOperations = {
    deleteActor: (ref, force) => deleteActor(ref, force, stores.actors, settings, parts),
    async forceRelease(ref, reason) {
      const broken = await stores.actors.forceRelease(ref, reason);
      logger.warn({ actor: formatRef(ref), reason, broken }, 'lease broken by force');
      return broken;
    },
  };

  const onStatus: OnStatus = (worker, running) => putRight(worker, running, stores.actors, settings, parts);

  const reconciling = new AbortController();
  // One listener for each recovery.
  setMaxListeners(0, reconciling.signal);
  const reconciler = new Reconciler(config.recoveryAttempts, settings, {
    ...parts,
    claims: stores.claims,
    actors: stores.actors,
    workers: stores.workers,
    workflows,
    answers: runtimes.answers,
  });
  const reconciled = config.recoveryAttempts === 0 ? Promise.resolve() : reconciler.run(reconciling.signal);

  const closing = new AbortController();
  // One listener for each open stream; --max-workflows bounds them.
  setMaxListeners(0, closing.signal);
  const onUnexpected = (error: unknown, path: string): void => {
    logger.error({ err: error, path }, 'internal error');
  };
  const deps = { clock, onUnexpected, closing: closing.signal };
  const release = async (): Promise<void> => {
    // Its own lease is released, so that another replica goes on at once.
    reconciling.abort(new CoordinatorError('DRAINING', 'this replica is shutting down; another one will recover'));
    await reconciled;
    loopDelay.close();
    stores.close();
    runtimes.close();
    await probes?.close();
  };
  const server = await startServer({
    listen: config.listen,
    services: [
      {
        definition: actorWorkflowDefinition,
        handlers: actorWorkflowService(workflows, config.workflowDeadlineMs, deps),
      },
      { definition: actorRegistryDefinition, handlers: actorRegistryService(stores.actors, operations, deps) },
      { definition: workerRegistryDefinition, handlers: workerRegistryService(stores.workers, onStatus, deps) },
    ],
    extend: (grpcServer) => {
      health.addTo(grpcServer);
      addReflection(grpcServer, SERVICES);
    },
    socketMode: SOCKET_MODE,
    clock,
    maxWork: config.maxWorkflows,
    refusal: (path) => (STARTS_WORKFLOW.has(path) ? workflows.refusal : undefined),
    ...(config.tls !== undefined && { tls: config.tls }),
  }).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  addresses = server.addresses;
  logger.info({ addresses }, 'serving');
  if (isReady()) logger.info({ addresses }, 'ready');

  const close = async (): Promise<void> => {
    draining = true;
    health.setReady(false);
    logger.info({ workflows: workflows.running }, 'draining');
    reconciling.abort(new CoordinatorError('DRAINING', 'this replica is shutting down; another one will recover'));
    await workflows.drain(config.drainTimeoutMs);
    // Every workflow has ended; what is left are streams that nobody reads, and health watches.
    closing.abort(new CoordinatorError('DRAINING', 'this replica is shutting down; another one will serve'));
    await server.close(CLOSE_SERVER_MS);
    await release();
    logger.info('stopped');
  };
  let closed: Promise<void> | undefined;
  return { addresses, ready, close: () => (closed ??= close()) };
}
