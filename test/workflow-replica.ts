// A replica's workflows and reconciler inside the test's process, on the suite's
// Redis, with a runtime that does as it is told. Any of its parts can be
// replaced, and its clock can be moved on as for a process that was stopped.

import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import type { ActorRef, ActorState } from '../src/actor/actor.js';
import { systemClock, type Clock } from '../src/clock.js';
import { CoordinatorError } from '../src/errors.js';
import { Heartbeat } from '../src/lease/heartbeat.js';
import { leaseTimings } from '../src/lease/timings.js';
import { RedisWakeups } from '../src/store/redis/wakeups.js';
import type { WorkflowEvent } from '../src/workflow/event.js';
import type { WorkflowParts, WorkflowSettings } from '../src/workflow/execute.js';
import { Reconciler, type ReconcilerParts } from '../src/workflow/reconciler.js';
import type { WorkflowRequest, WorkflowStream } from '../src/workflow/request.js';
import { Workflows } from '../src/workflow/workflows.js';
import { RedisStores, TEST_ACTOR } from './redis-stores.js';
import { ScriptedRuntime } from './scripted-runtime.js';

/** The system's clock, which a test can move on; timers stay where they are, and so are late. */
export class MovableClock implements Clock {
  #aheadMs = 0;
  readonly nowMs = (): number => systemClock.nowMs() + this.#aheadMs;
  readonly wallMs = (): number => systemClock.wallMs();
  readonly setTimer: Clock['setTimer'] = (...args) => systemClock.setTimer(...args);

  jump(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** `target` with some of its methods in other hands, which are given the ones that they stand in for. */
export function meddle<T extends object>(
  target: T,
  hands: { readonly [Name in keyof T]?: (original: T[Name]) => T[Name] },
): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target);
      const original: unknown = typeof value === 'function' ? value.bind(target) : value;
      const hand = (hands as Record<string | symbol, ((original: unknown) => unknown) | undefined>)[name];
      return hand === undefined ? original : hand(original);
    },
  });
}

export type ReplicaOptions = Partial<WorkflowSettings> &
  Partial<ReconcilerParts> & { readonly ttlMs?: number; readonly renewIntervalMs?: number; readonly attempts?: number };

export interface Ending {
  readonly facts: readonly WorkflowEvent['fact'][];
  readonly error: CoordinatorError | undefined;
}

export class WorkflowReplica {
  readonly stores: RedisStores;
  readonly runtime: ScriptedRuntime;
  readonly clock: Clock;
  readonly settings: WorkflowSettings;
  readonly parts: WorkflowParts;
  readonly heartbeat: Heartbeat;
  readonly workflows: Workflows;
  readonly reconciler: Reconciler;
  readonly #subscriber;
  #reconciling: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(stores: RedisStores, runtime: ScriptedRuntime, options: ReplicaOptions = {}) {
    this.stores = stores;
    this.runtime = runtime;
    this.clock = options.clock ?? systemClock;
    const timings = leaseTimings({ ttlMs: options.ttlMs ?? 30_000, renewIntervalMs: options.renewIntervalMs });
    const leaseStore = options.leaseStore ?? stores.leases;
    this.heartbeat = new Heartbeat(leaseStore, timings, this.clock);
    this.#subscriber = stores.redis.duplicate();
    this.settings = {
      instanceId: 'replica-a',
      life: randomUUID(),
      timings,
      workflowDeadlineMs: 300_000,
      unwindGraceMs: 5000,
      maxWorkflows: 100,
      snapshotLocation: 'file:///snapshots',
      ...options,
    };
    this.parts = {
      store: stores.workflows,
      leaseStore,
      eventLog: stores.eventLog,
      wakeups: new RedisWakeups(this.#subscriber, stores.keys, this.settings.life),
      heartbeat: this.heartbeat,
      runtimeAt: runtime.at,
      logger: pino({ level: 'silent' }),
      ...options,
      clock: this.clock,
    };
    this.workflows = new Workflows(this.settings, this.parts);
    this.reconciler = new Reconciler(options.attempts ?? 3, this.settings, {
      claims: stores.claims,
      actors: stores.actors,
      workers: stores.workers,
      answers: () => Promise.resolve(false),
      workflows: this.workflows,
      ...options,
      ...this.parts,
    });
  }

  resume(
    request: Partial<WorkflowRequest> & { readonly boot?: boolean; readonly workerWaitMs?: number } = {},
    signal = NEVER,
  ): WorkflowStream {
    return this.workflows.resume({ ...PLAIN, boot: false, workerWaitMs: 0, ...request }, signal);
  }

  suspend(request: Partial<WorkflowRequest> = {}, signal = NEVER): WorkflowStream {
    return this.workflows.suspend({ ...PLAIN, ...request }, signal);
  }

  pause(request: Partial<WorkflowRequest> = {}, signal = NEVER): WorkflowStream {
    return this.workflows.pause({ ...PLAIN, ...request }, signal);
  }

  /** Starts its reconciler. */
  reconcile(): void {
    const stop = new AbortController();
    // One listener for each recovery.
    setMaxListeners(0, stop.signal);
    this.#reconciling = { stop, ended: this.reconciler.run(stop.signal) };
  }

  /** Resolves when its reconciler has stopped. */
  async stopReconciling(): Promise<void> {
    this.#reconciling?.stop.abort(new CoordinatorError('DRAINING', 'stopped'));
    await this.#reconciling?.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopReconciling();
    await this.workflows.drain(0);
    this.#subscriber.disconnect();
  }
}

const NEVER = new AbortController().signal;
const PLAIN = { actor: TEST_ACTOR, leaseEvents: false, leaseWaitMs: 0, join: false, outlivesCaller: false };

/** Reads a stream to its end; `watch` sees each event as it comes. */
export async function readAll(stream: WorkflowStream, watch?: (event: WorkflowEvent) => void): Promise<Ending> {
  const facts: WorkflowEvent['fact'][] = [];
  try {
    for await (const event of stream) {
      facts.push(event.fact);
      watch?.(event);
    }
    return { facts, error: undefined };
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return { facts, error };
  }
}

/** Leaves an actor as a replica does whose caller went away while the runtime was at work. */
export async function abandon(
  replica: WorkflowReplica,
  during: 'restore' | 'checkpoint' | 'freeze',
  actor: ActorRef = TEST_ACTOR,
): Promise<void> {
  if (during !== 'restore') await replica.resume({ actor }).ended;
  const caller = new AbortController();
  replica.runtime.next(during === 'restore' ? 'restore' : 'checkpoint', (_call, signal) => {
    const hanging = new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    return hanging;
  });
  const abandoned = { restore: 'resume', checkpoint: 'suspend', freeze: 'pause' } as const;
  await replica[abandoned[during]]({ actor }, caller.signal).ended;
  const states: Readonly<Record<typeof during, ActorState>> = {
    restore: 'RESUMING',
    checkpoint: 'SUSPENDING',
    freeze: 'PAUSING',
  };
  const { state } = (await replica.stores.actors.look(actor)).actor;
  if (state !== states[during]) throw new Error(`the actor is ${state}, not ${states[during]}`);
}
