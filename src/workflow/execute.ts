// One workflow, from its lease to its last event. Guarantees: it ends when its
// lease is lost, its deadline passes or its controller is aborted; by the time
// that it has told its ending the lease is released, unless its last step did
// not come back, in which case the lease is left to run out.

import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { formatRef, type WorkflowKind } from '../actor/actor.js';
import type { Clock } from '../clock.js';
import { actorNotFound, CoordinatorError, leaseHeld } from '../errors.js';
import type { Heartbeat } from '../lease/heartbeat.js';
import { Lease } from '../lease/lease.js';
import type { LeaseStore } from '../lease/lease-store.js';
import type { LeaseTimings } from '../lease/timings.js';
import type { RuntimeAt } from '../runtime/node-runtime.js';
import type { EventLogStore } from '../store/event-log.js';
import type { Wakeups } from '../store/wakeups.js';
import type { AcquireResult, HeldLease, WorkflowStore } from '../store/workflow-store.js';
import type { WorkflowEvent, WorkflowFact } from './event.js';
import { EventWriter } from './event-writer.js';
import { GOAL, planSteps } from './plan.js';
import { queueFor, type Answer } from './queue-for.js';
import { countRecovery } from './recovery.js';
import type { WorkflowRequest } from './request.js';
import { runSteps } from './run-steps.js';
import { settle } from './settle.js';
import { WorkflowRun } from './workflow-run.js';

export interface WorkflowSettings {
  /** This replica's name, which its leases carry. */
  readonly instanceId: string;
  /** Names this life of the replica: leases of a former one are taken back at once. */
  readonly life: string;
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
  readonly eventLog: EventLogStore;
  readonly wakeups: Wakeups;
  readonly heartbeat: Heartbeat;
  readonly runtimeAt: RuntimeAt;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Execution extends WorkflowRequest {
  readonly kind: WorkflowKind;
  readonly boot: boolean;
  readonly workerWaitMs: number;
  /** Set where it finishes what a dead replica has left, which is counted in the record: the version that was found abandoned. */
  readonly abandonedVersion?: number;
}

export interface Reader {
  push(event: WorkflowEvent): void;
  /** The workflow is over, and its last events are still being written to its log. */
  onWriting(written: Promise<void>): void;
}

/** How long before the caller's own deadline a workflow ends, so that the reason still reaches the caller. */
const CALLER_DEADLINE_MARGIN_MS = 50;

/** Another workflow that the caller may follow instead: its lease is held for the same kind. */
export class JoinInstead {
  readonly workflowId: string;
  constructor(workflowId: string) {
    this.workflowId = workflowId;
  }
}

type Acquired = Extract<AcquireResult, { type: 'granted' | 'idle' }> & { readonly requestedAtMs: number };

/** @returns what to join in place of a workflow of its own. @throws what the stream ends with */
export async function execute(
  execution: Execution,
  controller: AbortController,
  reader: Reader,
  settings: WorkflowSettings,
  parts: WorkflowParts,
): Promise<JoinInstead | undefined> {
  const { clock, logger } = parts;
  const { kind, actor: ref } = execution;
  const workflowId = randomUUID();
  const acquired = await acquire(execution, workflowId, controller.signal, settings, parts);
  if (acquired instanceof JoinInstead) return acquired;
  const { abandonedVersion } = execution;
  const isRecovery = abandonedVersion !== undefined;
  if (isRecovery && acquired.type === 'granted' && acquired.actor.version !== abandonedVersion) {
    // A caller has been there meanwhile: to finish what it found would undo what it wanted.
    await parts.leaseStore.release(acquired.lease).catch(() => false);
    return undefined;
  }

  const { requestedAtMs } = acquired;
  const deadline = toDeadline(execution, requestedAtMs, settings);
  const planned = planSteps(kind, acquired.actor);
  const steps = isRecovery ? [countRecovery, ...planned] : planned;
  let sequence = 0;
  let step = '';
  const writer =
    acquired.type === 'granted'
      ? new EventWriter(parts.eventLog, clock, { actor: ref, workflowId, fencingToken: acquired.lease.fencingToken })
      : undefined;
  const tell = (fact: WorkflowFact): void => {
    if (fact.type === 'step_started') step = fact.step;
    if (fact.type === 'step_completed') step = '';
    sequence += 1;
    const event = { workflowId, sequence, timeMs: clock.wallMs(), fact };
    reader.push(event);
    writer?.push(event);
  };
  const started = {
    type: 'started',
    kind,
    actor: ref,
    steps: steps.map(({ name }) => name),
    deadlineMs: clock.wallMs() + deadline.atMs - clock.nowMs(),
  } as const;
  if (acquired.type === 'idle') {
    tell(started);
    for (const { name } of steps) tell({ type: 'step_completed', step: name, skipped: true, durationMs: 0 });
    tell({ type: 'completed', actor: acquired.actor, durationMs: clock.nowMs() - requestedAtMs });
    return undefined;
  }

  const { fencingToken } = acquired.lease;
  const lease = new Lease(
    { ...acquired.lease, requestedAtMs, answeredAtMs: clock.nowMs() },
    { store: parts.leaseStore, heartbeat: parts.heartbeat, timings: settings.timings, clock },
    (renewals, heldForMs) => {
      if (execution.leaseEvents) tell({ type: 'lease_renewed', renewals, expireTimeMs: clock.wallMs() + heldForMs });
    },
  );
  const run = new WorkflowRun({ ...execution, ...parts, ...settings, workflowId, lease, actor: acquired.actor });
  lease.signal.addEventListener('abort', () => {
    controller.abort(lease.signal.reason);
  });
  const cancelDeadline = clock.setTimer(deadline.atMs - clock.nowMs(), () => {
    controller.abort(deadline.error());
  });
  // Only ForceRelease wakes a workflow that holds its lease.
  const stopListening = parts.wakeups.onTurn(workflowId, () => {
    parts.heartbeat.renewSoon(lease);
  });
  const about = {
    workflow_id: workflowId,
    actor: formatRef(ref),
    kind,
    recovery: isRecovery,
    fencing_token: fencingToken,
  };
  // One line a workflow by default: while it runs, its lease and its events say so.
  logger.debug({ ...about, state: run.actor.state }, 'workflow started');
  try {
    tell({
      ...started,
      lease: {
        holder: settings.instanceId,
        fencingToken,
        ttlMs: settings.timings.ttlMs,
        acquireTimeMs: clock.wallMs(),
      },
    });
    const outcome = await runSteps(steps, run, {
      clock,
      signal: controller.signal,
      guard: run.guard,
      tell,
      unwindGraceMs: settings.unwindGraceMs,
    });
    const durationMs = clock.nowMs() - requestedAtMs;
    if (outcome.ok) {
      if (!run.released) await lease.release();
      logger.info({ ...about, duration_ms: Math.round(durationMs), state: run.actor.state }, 'workflow completed');
      tell({ type: 'completed', actor: run.actor, durationMs });
      return undefined;
    }
    const log = logger.child(about);
    const error = await settle(run, steps, outcome, controller.signal, log);
    log.warn(
      { duration_ms: Math.round(durationMs), state: run.actor.state, step, reason: error.reason, err: error },
      'workflow failed',
    );
    tell(toFailed(error, step));
    throw error;
  } finally {
    cancelDeadline();
    stopListening();
    lease.end();
    if (writer !== undefined) {
      writer.end();
      reader.onWriting(writer.written);
    }
  }
}

function acquire(
  execution: Execution,
  workflowId: string,
  signal: AbortSignal,
  { instanceId, life, timings, workflowDeadlineMs }: WorkflowSettings,
  { store, wakeups, clock }: WorkflowParts,
): Promise<Acquired | JoinInstead> {
  const { kind, actor, join } = execution;
  const name = formatRef(actor);
  const callerLeftMs = (execution.callerDeadlineAtMs ?? Infinity) - CALLER_DEADLINE_MARGIN_MS - clock.nowMs();
  const waitMs = Math.min(execution.leaseWaitMs, execution.deadlineMs ?? workflowDeadlineMs, callerLeftMs);
  return queueFor<Acquired | JoinInstead>({
    id: workflowId,
    waitMs,
    wakeups,
    clock,
    signal,
    leave: () => store.leaveLeaseQueue(actor, workflowId),
    ask: async (wait): Promise<Answer<Acquired | JoinInstead>> => {
      const requestedAtMs = clock.nowMs();
      const result = await store.acquire({
        actor,
        workflowId,
        kind,
        holder: instanceId,
        life,
        ttlMs: timings.ttlMs,
        acquireTimeMs: clock.wallMs(),
        ...(wait !== undefined && { wait }),
        // Without a lease nothing can be told to be done, so a recovery always takes it.
        ...(kind === 'RESUME' && execution.abandonedVersion === undefined && { idleState: GOAL.RESUME }),
      });
      switch (result.type) {
        case 'not_found':
          throw actorNotFound(name);
        case 'held':
          if (join && result.by.kind === kind) {
            // Its place would keep those behind it from their turn.
            if (wait !== undefined) await store.leaveLeaseQueue(actor, workflowId).catch(() => undefined);
            return granted(new JoinInstead(result.by.workflowId));
          }
          // One millisecond on: Redis lets a key expire with its clock's next one.
          return { type: 'refused', error: leaseHeld(name, result.by), askAgainInMs: result.by.expiresInMs + 1 };
        case 'queued':
          return { type: 'refused', error: queued(name, result.inFront), askAgainInMs: QUEUED_RETRY_MS };
        default:
          return granted({ ...result, requestedAtMs });
      }
    },
  });
}

function granted<T>(value: T): Answer<T> {
  return { type: 'granted', value };
}

/** Its turn is taken within a round trip or two, or passes when its waiter is found dead. */
const QUEUED_RETRY_MS = 250;

function queued(actor: string, inFront: number): CoordinatorError {
  const nobody: HeldLease = { holder: '', workflowId: '', kind: '', fencingToken: 0, acquireTimeMs: 0, expiresInMs: 0 };
  const { metadata } = leaseHeld(actor, nobody);
  return new CoordinatorError(
    'LEASE_HELD',
    `${String(inFront)} workflows wait for the lease on actor ${actor} already; lease_wait queues for it`,
    { metadata, retryAfterMs: QUEUED_RETRY_MS },
  );
}

function toDeadline(
  execution: Execution,
  fromMs: number,
  settings: WorkflowSettings,
): { readonly atMs: number; readonly error: () => CoordinatorError } {
  const limitMs = execution.deadlineMs ?? settings.workflowDeadlineMs;
  // The caller of a workflow that outlives it is gone at its deadline, and that is all.
  const callerDeadlineAtMs = execution.outlivesCaller ? Infinity : (execution.callerDeadlineAtMs ?? Infinity);
  const callerAtMs = callerDeadlineAtMs - CALLER_DEADLINE_MARGIN_MS;
  const callerFirst = callerAtMs < fromMs + limitMs;
  const what = callerFirst ? "the caller's own deadline" : `the workflow deadline of ${String(limitMs)} ms`;
  return {
    atMs: callerFirst ? callerAtMs : fromMs + limitMs,
    error: () => new CoordinatorError('WORKFLOW_DEADLINE', `${what} has passed`, { maybeDone: true }),
  };
}

function toFailed(error: CoordinatorError, step: string): WorkflowFact {
  return {
    type: 'failed',
    reason: error.reason,
    message: error.message,
    step,
    metadata: error.metadata,
    ...(error.runtimeCode !== undefined && { runtimeCode: error.runtimeCode }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}
