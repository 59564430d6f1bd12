// Runs workflows, each from its lease to its last event, and counts them.
// Guarantees: no more than --max-workflows at once; a workflow ends when its
// lease is lost, its deadline passes, its caller goes or the replica drains;
// by the time that its stream ends the lease is released, unless its last step
// did not come back, in which case the lease is left to run out.

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { formatRef, type ActorRef } from '../actor/actor.js';
import type { Clock } from '../clock.js';
import { CoordinatorError, leaseHeld } from '../errors.js';
import type { Heartbeat } from '../lease/heartbeat.js';
import { Lease } from '../lease/lease.js';
import type { LeaseStore } from '../lease/lease-store.js';
import type { LeaseTimings } from '../lease/timings.js';
import type { RuntimeAt } from '../runtime/node-runtime.js';
import type { AcquireResult, WorkflowStore } from '../store/workflow-store.js';
import type { WorkflowEvent, WorkflowFact } from './event.js';
import { EventQueue } from './event-queue.js';
import { GOAL, planSteps } from './plan.js';
import type { ResumeRequest, WorkflowRequest, WorkflowService, WorkflowStream } from './request.js';
import { runSteps } from './run-steps.js';
import { settle } from './settle.js';
import { WorkflowRun } from './workflow-run.js';

export interface WorkflowSettings {
  /** This replica's name, which its leases carry. */
  readonly instanceId: string;
  readonly timings: LeaseTimings;
  readonly workflowDeadlineMs: number;
  readonly unwindGraceMs: number;
  readonly maxWorkflows: number;
  /** A URI under which snapshots are named; without a slash at its end. */
  readonly snapshotLocation: string;
}

export interface WorkflowParts {
  readonly store: WorkflowStore;
  readonly leaseStore: LeaseStore;
  readonly heartbeat: Heartbeat;
  readonly runtimeAt: RuntimeAt;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long before the caller's own deadline a workflow ends, so that the reason still reaches the caller. */
const CALLER_DEADLINE_MARGIN_MS = 50;

/** How soon another replica may be tried when this one is full or leaving. */
const OTHER_REPLICA_RETRY_MS = 1000;

export class Workflows implements WorkflowService {
  readonly #settings: WorkflowSettings;
  readonly #parts: WorkflowParts;
  /** The controllers of the workflows under way. */
  readonly #running = new Set<AbortController>();
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(settings: WorkflowSettings, parts: WorkflowParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** How many workflows run. */
  get running(): number {
    return this.#running.size;
  }

  resume(request: ResumeRequest, signal: AbortSignal): WorkflowStream {
    return this.#start('RESUME', request, request.boot, signal);
  }

  suspend(request: WorkflowRequest, signal: AbortSignal): WorkflowStream {
    return this.#start('SUSPEND', request, false, signal);
  }

  /**
   * Refuses new workflows with DRAINING, lets those that run finish within
   * `timeoutMs`, then aborts the rest; resolves when none is left.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    if (this.#running.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const cancel = this.#parts.clock.setTimer(timeoutMs, () => {
      for (const controller of this.#running) controller.abort(draining('this replica was shut down under way'));
    });
    await idle;
    cancel();
  }

  #start(kind: 'RESUME' | 'SUSPEND', request: WorkflowRequest, boot: boolean, signal: AbortSignal): WorkflowStream {
    if (this.#draining) throw draining('this replica is shutting down');
    if (this.#running.size >= this.#settings.maxWorkflows) {
      throw new CoordinatorError(
        'OVERLOADED',
        `this replica runs ${String(this.#running.size)} workflows, the most that --max-workflows allows`,
        { retryAfterMs: OTHER_REPLICA_RETRY_MS },
      );
    }
    const controller = new AbortController();
    const onCallerGone = (): void => {
      controller.abort(signal.reason);
    };
    if (signal.aborted) onCallerGone();
    else signal.addEventListener('abort', onCallerGone, { once: true });
    const queue = new EventQueue(() => {
      controller.abort(
        new CoordinatorError('OVERLOADED', 'the caller does not read its events, and too many wait for it', {
          maybeDone: true,
        }),
      );
    });
    this.#running.add(controller);
    const ended = this.#run(kind, request, boot, controller, queue)
      .then(
        () => {
          queue.end();
        },
        (error: unknown) => {
          queue.end(error);
        },
      )
      .finally(() => {
        signal.removeEventListener('abort', onCallerGone);
        this.#running.delete(controller);
        if (this.#running.size === 0) this.#onIdle?.();
      });
    return { ended, [Symbol.asyncIterator]: () => read(queue, controller, ended) };
  }

  /** Runs one workflow, and throws what its stream ends with. */
  async #run(
    kind: 'RESUME' | 'SUSPEND',
    request: WorkflowRequest,
    boot: boolean,
    controller: AbortController,
    queue: EventQueue,
  ): Promise<void> {
    const { clock, store } = this.#parts;
    const workflowId = randomUUID();
    let sequence = 0;
    let step = '';
    const tell = (fact: WorkflowFact): void => {
      if (fact.type === 'step_started') step = fact.step;
      if (fact.type === 'step_completed') step = '';
      sequence += 1;
      queue.push({ workflowId, sequence, timeMs: clock.wallMs(), fact });
    };

    const requestedAtMs = clock.nowMs();
    const deadline = this.#deadline(request, requestedAtMs);
    const acquired = await store.acquire({
      actor: request.actor,
      workflowId,
      kind,
      holder: this.#settings.instanceId,
      ttlMs: this.#settings.timings.ttlMs,
      ...(kind === 'RESUME' && { idleState: GOAL.RESUME }),
    });
    if (acquired.type === 'not_found') throw notFound(request.actor);
    if (acquired.type === 'held') throw leaseHeld(formatRef(request.actor), acquired.by);

    const steps = planSteps(kind, acquired.actor.state);
    const started = {
      type: 'started',
      kind,
      actor: request.actor,
      steps: steps.map(({ name }) => name),
      deadlineMs: clock.wallMs() + deadline.atMs - clock.nowMs(),
    } as const;
    if (acquired.type === 'idle') {
      tell(started);
      for (const { name } of steps) tell({ type: 'step_completed', step: name, skipped: true, durationMs: 0 });
      tell({ type: 'completed', actor: acquired.actor, durationMs: clock.nowMs() - requestedAtMs });
      return;
    }

    const run = this.#begin(acquired, kind, boot, workflowId, requestedAtMs, (renewals, heldForMs) => {
      if (request.leaseEvents) tell({ type: 'lease_renewed', renewals, expireTimeMs: clock.wallMs() + heldForMs });
    });
    run.lease.signal.addEventListener('abort', () => {
      controller.abort(run.lease.signal.reason);
    });
    const cancelDeadline = clock.setTimer(deadline.atMs - clock.nowMs(), () => {
      controller.abort(deadline.error());
    });
    const log = this.#parts.logger.child({ workflow_id: workflowId, actor: formatRef(request.actor), kind });
    log.info({ fencing_token: run.lease.fencingToken, state: run.actor.state }, 'workflow started');
    try {
      tell({
        ...started,
        lease: {
          holder: this.#settings.instanceId,
          fencingToken: run.lease.fencingToken,
          ttlMs: this.#settings.timings.ttlMs,
          acquireTimeMs: clock.wallMs(),
        },
      });
      const outcome = await runSteps(steps, run, {
        clock,
        signal: controller.signal,
        guard: run.guard,
        tell,
        unwindGraceMs: this.#settings.unwindGraceMs,
      });
      const durationMs = clock.nowMs() - requestedAtMs;
      if (outcome.ok) {
        if (!run.released) await run.lease.release();
        log.info({ duration_ms: Math.round(durationMs), state: run.actor.state }, 'workflow completed');
        tell({ type: 'completed', actor: run.actor, durationMs });
        return;
      }
      const error = await settle(run, steps, outcome, controller.signal, log);
      log.warn(
        { duration_ms: Math.round(durationMs), state: run.actor.state, step, reason: error.reason, err: error },
        'workflow failed',
      );
      tell({
        type: 'failed',
        reason: error.reason,
        ...(error.runtimeCode !== undefined && { runtimeCode: error.runtimeCode }),
        message: error.message,
        step,
      });
      throw error;
    } finally {
      cancelDeadline();
      run.lease.end();
    }
  }

  #begin(
    acquired: Extract<AcquireResult, { type: 'granted' }>,
    kind: 'RESUME' | 'SUSPEND',
    boot: boolean,
    workflowId: string,
    requestedAtMs: number,
    onRenewed: (renewals: number, heldForMs: number) => void,
  ): WorkflowRun {
    const { clock, store, leaseStore, heartbeat, runtimeAt } = this.#parts;
    const { timings, snapshotLocation } = this.#settings;
    const lease = new Lease(
      { ...acquired.lease, requestedAtMs, answeredAtMs: clock.nowMs() },
      { store: leaseStore, heartbeat, timings, clock },
      onRenewed,
    );
    const { actor } = acquired;
    return new WorkflowRun({ workflowId, kind, boot, snapshotLocation, lease, clock, store, runtimeAt, actor });
  }

  #deadline(request: WorkflowRequest, fromMs: number): { atMs: number; error: () => CoordinatorError } {
    const limitMs = request.deadlineMs ?? this.#settings.workflowDeadlineMs;
    const callerAtMs = (request.callerDeadlineAtMs ?? Infinity) - CALLER_DEADLINE_MARGIN_MS;
    const callerFirst = callerAtMs < fromMs + limitMs;
    const what = callerFirst ? "the caller's own deadline" : `the workflow deadline of ${String(limitMs)} ms`;
    return {
      atMs: callerFirst ? callerAtMs : fromMs + limitMs,
      error: () => new CoordinatorError('WORKFLOW_DEADLINE', `${what} has passed`, { maybeDone: true }),
    };
  }
}

async function* read(
  queue: EventQueue,
  controller: AbortController,
  ended: Promise<void>,
): AsyncGenerator<WorkflowEvent, void, undefined> {
  try {
    yield* queue;
  } finally {
    // A reader that leaves early is a caller that is gone; a workflow that has ended does not notice.
    controller.abort(new CoordinatorError('CANCELLED', 'the caller went away', { maybeDone: true }));
    await ended;
  }
}

function notFound(actor: ActorRef): CoordinatorError {
  return new CoordinatorError(
    'ACTOR_NOT_FOUND',
    `no actor ${formatRef(actor)}; ActorRegistry.CreateActor creates it`,
  );
}

function draining(message: string): CoordinatorError {
  return new CoordinatorError('DRAINING', `${message}; another one will serve`, {
    retryAfterMs: OTHER_REPLICA_RETRY_MS,
    maybeDone: true,
  });
}
