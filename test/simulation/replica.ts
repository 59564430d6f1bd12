// One life of one coordinator: what src/app.ts builds, around the production
// workflows, heartbeat, reconciler and Redis adapters, on the clock of a
// simulated process and connections to the simulated Redis. A restart is
// another object with the same name.

import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { ActorRef } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import { newLife } from '../../src/lease/life.js';
import type { LeaseTimings } from '../../src/lease/timings.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { RedisClaims } from '../../src/store/redis/claims.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWakeups } from '../../src/store/redis/wakeups.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { ActorRegistryStore, NewWorker } from '../../src/store/registry.js';
import { deleteActor } from '../../src/workflow/delete-actor.js';
import type { WorkflowParts, WorkflowSettings } from '../../src/workflow/execute.js';
import { Reconciler } from '../../src/workflow/reconciler.js';
import { putRight } from '../../src/workflow/worker-status.js';
import { Workflows } from '../../src/workflow/workflows.js';
import type { Beliefs } from './beliefs.js';
import type { Faults } from './faults.js';
import type { SimulatedNode } from './node.js';
import type { Call } from './places.js';
import { Process } from './process.js';
import { Client } from './redis/client.js';
import type { Command, Server } from './redis/server.js';
import { RuntimeLink } from './runtime-link.js';
import type { World } from './world.js';

export const KEYS = new Keys('');

export interface ReplicaOptions {
  readonly world: World;
  readonly server: Server;
  readonly name: string;
  readonly timings: LeaseTimings;
  readonly workflowDeadlineMs: number;
  readonly unwindGraceMs: number;
  readonly maxWorkflows: number;
  /** 0: it reconciles nothing. */
  readonly recoveryAttempts: number;
  readonly faults: () => Faults;
  readonly nodeAt: (address: string) => SimulatedNode | undefined;
  readonly beliefs: Beliefs;
  readonly onSend: (command: Command) => void;
  readonly onRuntimeCall: (call: Call) => void;
  readonly onStopFailed: (call: Call) => void;
}

/** open.ts: MAX_COMMAND_MS */
const MAX_COMMAND_MS = 5000;

export class Replica {
  readonly name: string;
  readonly process: Process;
  readonly workflows: Workflows;
  readonly actors: ActorRegistryStore;
  readonly workers: RedisWorkerRegistry;
  readonly subscriber: Client;
  readonly #clients: readonly Client[];
  readonly #settings: WorkflowSettings;
  readonly #parts: WorkflowParts;
  readonly #reconciling = new AbortController();
  readonly #reconciled: Promise<void>;
  #isDraining = false;
  #isGone = false;

  /** @param former the life before, if there was one */
  constructor(options: ReplicaOptions, former?: Replica) {
    const { world, name, timings, beliefs, server, faults } = options;
    this.name = name;
    this.process = new Process(world, name, former?.process);
    const { process } = this;
    const life = newLife(process.clock.wallMs());
    const connect = (commandTimeoutMs: number): Client =>
      new Client({
        world,
        process,
        server,
        faults,
        commandTimeoutMs,
        ttlMs: timings.ttlMs,
        onSend: options.onSend,
      });
    const records = connect(Math.min(MAX_COMMAND_MS, timings.renewIntervalMs));
    const leases = connect(timings.renewIntervalMs);
    this.subscriber = connect(Math.min(MAX_COMMAND_MS, timings.renewIntervalMs));
    this.#clients = [records, leases, this.subscriber];
    const leaseStore = new RedisLeaseStore(leases.asRedis, KEYS);
    this.actors = new RedisActorRegistry(records.asRedis, KEYS);
    this.workers = new RedisWorkerRegistry(records.asRedis, KEYS);
    const runtimes = new RuntimeLink({
      world,
      process,
      faults,
      ttlMs: timings.ttlMs,
      nodeAt: options.nodeAt,
      onCall: options.onRuntimeCall,
      onStopFailed: options.onStopFailed,
    });
    this.#settings = { ...options, instanceId: name, life, snapshotLocation: 's3://b' };
    this.#parts = {
      store: new RedisWorkflowStore(records.asRedis, KEYS),
      leaseStore,
      eventLog: new RedisEventLog(records.asRedis, KEYS),
      wakeups: new RedisWakeups(this.subscriber.asRedis, KEYS, life),
      heartbeat: beliefs.heartbeat(leaseStore, timings, process),
      runtimeAt: runtimes.at,
      clock: process.clock,
      logger: logTo(world, name),
    };
    this.workflows = new Workflows(this.#settings, this.#parts);
    setMaxListeners(0, this.#reconciling.signal);
    const reconciler = new Reconciler(options.recoveryAttempts, this.#settings, {
      ...this.#parts,
      claims: new RedisClaims(records.asRedis, KEYS),
      actors: this.actors,
      workers: this.workers,
      workflows: this.workflows,
      answers: runtimes.answers,
    });
    this.#reconciled = options.recoveryAttempts === 0 ? Promise.resolve() : reconciler.run(this.#reconciling.signal);
  }

  /** Whether it takes calls. */
  get serves(): boolean {
    return !this.process.isDead && !this.#isDraining;
  }

  /** Whether it has shut down, in order or not. */
  get isGone(): boolean {
    return this.process.isDead || this.#isGone;
  }

  async registerWorker(worker: NewWorker, running: ActorRef | undefined): Promise<void> {
    const registered = await this.workers.register(worker);
    await putRight(registered, running, this.actors, this.#settings, this.#parts);
  }

  async deleteActor(ref: ActorRef, force: boolean): Promise<void> {
    await deleteActor(ref, force, this.actors, this.#settings, this.#parts);
  }

  /** As src/app.ts closes. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    this.#reconciling.abort(new CoordinatorError('DRAINING', 'this replica is shutting down'));
    await this.workflows.drain(timeoutMs);
    await this.#reconciled;
    this.#isGone = true;
    this.kill();
  }

  /** Like SIGKILL. */
  kill(): void {
    for (const client of this.#clients) client.disconnect();
    this.process.kill();
  }
}

/** Into the trace, if there is one: what happens is told there in the program's own words. */
function logTo(world: World, name: string): Logger {
  const write = (facts: unknown, text: unknown): void =>
    world.note(name, () => `log: ${String(text)} ${JSON.stringify(facts, errorAsText)}`);
  const logger = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: (bound: object) => {
      const writeBound = (facts: object, text: unknown): void => write({ ...bound, ...facts }, text);
      return world.isTraced ? { ...logger, debug: writeBound, info: writeBound, warn: writeBound } : logger;
    },
  };
  return logger as unknown as Logger;
}

function errorAsText(key: string, value: unknown): unknown {
  return key === 'err' ? String(value) : value;
}
