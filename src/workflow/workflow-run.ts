// One workflow under way: what its steps know, learn and write with. Every
// write is guarded by the clock before it is sent and by the lease in Redis
// when it arrives, so that a workflow which has lost its lease changes nothing.

import { formatRef, type Actor, type ClaimedWorker, type WorkflowKind } from '../actor/actor.js';
import type { Transition } from '../actor/transition.js';
import type { Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import type { Lease } from '../lease/lease.js';
import type { NodeRuntime, RuntimeAt, RuntimeCall } from '../runtime/node-runtime.js';
import type { WorkflowStore } from '../store/workflow-store.js';
import type { Wakeups } from '../store/wakeups.js';
import { queueFor, type Answer } from './queue-for.js';
import type { Step } from './run-steps.js';

/** A step of an actor's workflow, and what is left in the record when it surely failed. */
export interface WorkflowStep extends Step<WorkflowRun> {
  /** Default: the record stays as it is, but for the failure. */
  readonly rollBack?: (run: WorkflowRun, failure: NonNullable<Actor['lastFailure']>) => Transition;
}

/** Killing what stands still takes no time; a boot must not wait for long for a node that is gone. */
const STOP_FORGOTTEN_WITHIN_MS = 2000;

export class WorkflowRun {
  readonly workflowId: string;
  readonly kind: WorkflowKind;
  /** Resume only: ignore every snapshot. */
  readonly boot: boolean;
  readonly snapshotLocation: string;
  readonly lease: Lease;
  readonly clock: Clock;
  /** A workflow before this one may have started the actor, on the worker that the record names. */
  readonly foundResuming: boolean;
  readonly #store: WorkflowStore;
  readonly #wakeups: Wakeups;
  readonly #workerWaitMs: number;
  readonly #runtimeAt: RuntimeAt;
  #actor: Actor;
  #released = false;
  /** Claimed by this workflow and perhaps not in the record yet. */
  claimed: ClaimedWorker | undefined;
  /** The actor's worker is not registered any more, or says that it does not run the actor. */
  workerGone = false;
  /** What the runtime said when its call ended well. */
  address = '';
  snapshotSizeBytes = 0;

  constructor(given: {
    workflowId: string;
    kind: WorkflowKind;
    boot: boolean;
    snapshotLocation: string;
    lease: Lease;
    clock: Clock;
    store: WorkflowStore;
    wakeups: Wakeups;
    workerWaitMs: number;
    runtimeAt: RuntimeAt;
    actor: Actor;
  }) {
    this.workflowId = given.workflowId;
    this.kind = given.kind;
    this.boot = given.boot;
    this.snapshotLocation = given.snapshotLocation;
    this.lease = given.lease;
    this.clock = given.clock;
    this.#store = given.store;
    this.#wakeups = given.wakeups;
    this.#workerWaitMs = given.workerWaitMs;
    this.#runtimeAt = given.runtimeAt;
    this.#actor = given.actor;
    this.foundResuming = given.actor.state === 'RESUMING';
  }

  /** The record as last read or written. */
  get actor(): Actor {
    return this.#actor;
  }

  /** Whether the last write has released the lease. */
  get released(): boolean {
    return this.#released;
  }

  /** @throws LEASE_LOST once the lease cannot be proved to be held, unless this workflow has released it itself */
  readonly guard = (): void => {
    if (!this.#released) this.lease.ensureHeld();
  };

  async write(transition: Transition): Promise<void> {
    this.guard();
    this.#actor = await this.#store.transition(this.#actor.ref, this.lease, this.workflowId, transition, false);
  }

  /** Writes the last transition and releases the lease with it, after the heartbeat has stopped. */
  async writeAndRelease(transition: Transition): Promise<void> {
    await this.lease.stopRenewing();
    this.guard();
    this.#actor = await this.#store.transition(this.#actor.ref, this.lease, this.workflowId, transition, true);
    this.#released = true;
    this.lease.end();
  }

  /** Claims a worker, and queues for one where none is free, as long as the caller wants to wait. */
  async claimWorker(preferredNode: string | undefined, signal: AbortSignal): Promise<ClaimedWorker> {
    const { ref, pool } = this.#actor;
    this.claimed = await queueFor({
      id: formatRef(ref),
      // Whoever can use one node only would hold up everybody behind it.
      waitMs: preferredNode === undefined ? this.#workerWaitMs : 0,
      wakeups: this.#wakeups,
      clock: this.clock,
      signal,
      leave: () => this.#store.leaveWorkerQueue(ref, pool),
      ask: async (wait): Promise<Answer<ClaimedWorker>> => {
        this.guard();
        const { fencingToken } = this.lease;
        try {
          const value = await this.#store.claim({
            actor: ref,
            pool,
            fencingToken,
            ...(preferredNode !== undefined && { preferredNode }),
            ...(wait !== undefined && { wait }),
          });
          return { type: 'granted', value };
        } catch (error) {
          if (!(error instanceof CoordinatorError) || error.reason !== 'NO_FREE_WORKER') throw error;
          return { type: 'refused', error, askAgainInMs: Infinity };
        }
      },
    });
    return this.claimed;
  }

  /** Whether no worker of the actor's pool is registered on that node any more. */
  async isNodeGone(node: string): Promise<boolean> {
    return !(await this.#store.hasWorkersOn(this.#actor.pool, node));
  }

  /** After the record has stopped naming the worker, never before: it may run another actor at once. */
  async freeWorker(): Promise<void> {
    await this.#store.free(this.#actor.ref, this.#actor.pool, this.lease.fencingToken);
    this.claimed = undefined;
  }

  /**
   * Stops what was frozen of the actor before a boot that did without it: no record will name it. Best effort, since its
   * node may be gone; what stays there makes way for the next Restore of the actor on that node.
   */
  async stopForgotten(signal: AbortSignal): Promise<void> {
    const { pausedOn, latestSnapshot, ref, worker } = this.#actor;
    if (pausedOn === undefined || latestSnapshot?.location === 'LOCAL') return;
    // There, the call that follows does it, and might be repeated after it has started the actor.
    if (pausedOn.node === (this.claimed ?? worker)?.node) return;
    this.guard();
    const { fencingToken } = this.lease;
    const call = { actor: ref, worker: pausedOn, fencingToken, workflowId: this.workflowId };
    const limit = new AbortController();
    const end = (): void => {
      limit.abort(new CoordinatorError('RUNTIME_UNAVAILABLE', 'it does not answer'));
    };
    const cancelTimer = this.clock.setTimer(STOP_FORGOTTEN_WITHIN_MS, end);
    signal.addEventListener('abort', end, { once: true });
    await this.#runtimeAt(pausedOn.runtimeAddress)
      .stop(call, limit.signal)
      .catch(() => undefined);
    signal.removeEventListener('abort', end);
    cancelTimer();
    signal.throwIfAborted();
  }

  /**
   * Calls the runtime of the actor's worker. One that cannot be reached may
   * have moved, so its address is looked up again for the next attempt.
   * @throws RUNTIME_UNAVAILABLE, surely not done, with `workerGone` set, if it is not registered any more
   */
  async callRuntime<T>(call: (runtime: NodeRuntime, to: RuntimeCall) => Promise<T>): Promise<T> {
    const worker = this.claimed ?? this.#actor.worker;
    if (worker === undefined) throw new Error(`actor ${formatRef(this.#actor.ref)} names no worker`);
    this.guard();
    try {
      return await call(this.#runtimeAt(worker.runtimeAddress), {
        actor: this.#actor.ref,
        worker,
        fencingToken: this.lease.fencingToken,
        workflowId: this.workflowId,
      });
    } catch (error) {
      if (!(error instanceof CoordinatorError) || error.reason !== 'RUNTIME_UNAVAILABLE') throw error;
      // A look-up that fails says nothing new: the runtime's error stands, and the work may have been done.
      const registered = await this.#store.findWorker(worker.pool, worker.name).catch(() => worker);
      if (registered !== undefined) {
        this.claimed = registered;
        throw error;
      }
      this.workerGone = true;
      throw new CoordinatorError(
        'RUNTIME_UNAVAILABLE',
        `worker ${worker.pool}/${worker.name} is not registered any more; the actor is CRASHED, and Resume restores its latest snapshot on another one`,
        { cause: error, retryAfterMs: 1 },
      );
    }
  }
}
