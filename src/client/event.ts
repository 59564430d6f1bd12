// What a workflow tells, as a caller sees it: WorkflowEvent of
// actor_workflow.proto as a union to switch on by `type`, and one type more for
// the place where another run takes over.

import type { Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { WorkflowStarted__Output } from '../generated/actorworkflow/v1/WorkflowStarted.js';
import { isReason, type Reason } from '../errors.js';
import { fromDuration } from '../rpc/time.js';
import { codeName } from '../rpc/status.js';
import { decodeActor, enumName, toDate, type Actor, type ActorRef, type WorkflowKind } from './actor.js';
import type { Told } from './telling.js';

/** Of every event. */
export interface EventOfRun {
  /** Identifies the run across replicas and in logs, traces and snapshots. */
  readonly workflowId: string;
  /** 1 for the first event of a run; greater for each later one. A gap is progress that nobody needed. */
  readonly sequence: number;
  readonly time: Date;
}

export interface Started {
  readonly kind: WorkflowKind;
  readonly actor: ActorRef;
  /** The names of the steps, in their order. */
  readonly steps: readonly string[];
  /** Undefined where there was nothing to do, which takes no lease. */
  readonly lease:
    | { readonly holder: string; readonly fencingToken: number; readonly ttlMs: number; readonly acquireTime: Date }
    | undefined;
  /** When the workflow is cut off. */
  readonly deadline: Date | undefined;
}

export type WorkflowFact =
  | ({ readonly type: 'started' } & Started)
  /** The run before is gone, with its replica or its connection; this one goes on where that was heard of last. */
  | ({ readonly type: 'restarted'; readonly previousWorkflowId: string } & Started)
  | { readonly type: 'step_started'; readonly step: string; readonly attempt: number }
  | {
      readonly type: 'step_progress';
      readonly step: string;
      /** What the runtime is doing, such as "pull" or "unpack". */
      readonly phase: string;
      /** In units; total is 0 while it is not known. */
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      readonly message: string;
    }
  | {
      readonly type: 'step_retrying';
      readonly step: string;
      /** The attempt that failed. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: string;
    }
  | {
      readonly type: 'step_completed';
      readonly step: string;
      /** Its work had been done already, so it did not run. */
      readonly skipped: boolean;
      readonly durationMs: number;
    }
  | { readonly type: 'lease_renewed'; readonly renewals: number; readonly expireTime: Date | undefined }
  /** The last event of a workflow that ends well. */
  | { readonly type: 'completed'; readonly actor: Actor; readonly durationMs: number }
  /** The last event of any other workflow; the CallError that follows says the same. */
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly reason: Reason;
      readonly message: string;
      /** The step that was running; empty before the first and after the last. */
      readonly step: string;
    };

export type WorkflowEvent = EventOfRun & WorkflowFact;

/** @returns undefined for an event of a kind that this version does not know */
export function decodeEvent(told: Told): WorkflowEvent | undefined {
  const { event } = told;
  const fact = decodeFact(told);
  if (fact === undefined) return undefined;
  return {
    workflowId: event.workflow_id,
    sequence: Number(event.sequence),
    time: toDate(event.time) ?? new Date(0),
    ...fact,
  };
}

function decodeFact({ event, takesOver }: Told): WorkflowFact | undefined {
  if (event.started) {
    const started = decodeStarted(event.started);
    return takesOver === undefined
      ? { type: 'started', ...started }
      : { type: 'restarted', previousWorkflowId: takesOver, ...started };
  }
  if (event.step_started) return { type: 'step_started', ...event.step_started };
  if (event.step_progress) {
    const { step, phase, done, total, unit, message } = event.step_progress;
    return { type: 'step_progress', step, phase, done: Number(done), total: Number(total), unit, message };
  }
  if (event.step_retrying) {
    const { step, attempt, delay, error } = event.step_retrying;
    return { type: 'step_retrying', step, attempt, delayMs: toMs(delay), error };
  }
  if (event.step_completed) {
    const { step, skipped, duration } = event.step_completed;
    return { type: 'step_completed', step, skipped, durationMs: toMs(duration) };
  }
  if (event.lease_renewed) {
    const { renewals, expire_time: expireTime } = event.lease_renewed;
    return { type: 'lease_renewed', renewals: Number(renewals), expireTime: toDate(expireTime) };
  }
  if (event.completed?.actor) {
    return { type: 'completed', actor: decodeActor(event.completed.actor), durationMs: toMs(event.completed.duration) };
  }
  if (event.failed) {
    const { code, reason, message, step } = event.failed;
    const name = enumName(reason, 'ERROR_REASON_');
    return { type: 'failed', code: codeName(code), reason: isReason(name) ? name : 'INTERNAL', message, step };
  }
  return undefined;
}

function decodeStarted({ kind, actor, steps, lease, deadline }: WorkflowStarted__Output): Started {
  return {
    kind: enumName(kind, 'WORKFLOW_KIND_') as WorkflowKind,
    actor: { namespace: actor?.namespace ?? '', name: actor?.name ?? '' },
    steps,
    lease:
      lease === null
        ? undefined
        : {
            holder: lease.holder,
            fencingToken: Number(lease.fencing_token),
            ttlMs: toMs(lease.ttl),
            acquireTime: toDate(lease.acquire_time) ?? new Date(0),
          },
    deadline: toDate(deadline),
  };
}

function toMs(duration: Duration__Output | null): number {
  return (duration === null ? undefined : fromDuration(duration)) ?? 0;
}
