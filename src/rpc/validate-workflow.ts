// ResumeRequest, SuspendRequest, PauseRequest and WatchRequest from the wire to
// the domain. Guarantees: a duration that makes no sense, or a policy that this
// version does not know, is refused by name, never ignored.

import type { ResumeRequest, WatchRequest, WorkflowRequest } from '../workflow/request.js';
import type { Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { ResumeRequest__Output } from '../generated/actorworkflow/v1/ResumeRequest.js';
import type { WatchRequest__Output } from '../generated/actorworkflow/v1/WatchRequest.js';
import type { SuspendRequest__Output } from '../generated/actorworkflow/v1/SuspendRequest.js';
import type { WorkflowOptions__Output } from '../generated/actorworkflow/v1/WorkflowOptions.js';
import type { CallContext } from './call.js';
import { formatDuration, fromDuration } from './time.js';
import { actorRef, safeInteger, validate, type Violations } from './validate.js';

type Context = Pick<CallContext, 'deadlineAtMs'>;

/** @param maxDeadlineMs the replica's --actor-workflow-deadline */
export function resumeRequest(request: ResumeRequest__Output, context: Context, maxDeadlineMs: number): ResumeRequest {
  return validate((violations) => ({
    ...workflowRequest(violations, request, context, maxDeadlineMs),
    boot: request.boot,
    workerWaitMs: wait(violations, 'worker_wait', request.worker_wait),
  }));
}

/** Of a SuspendRequest and of a PauseRequest alike. */
export function suspendRequest(
  request: SuspendRequest__Output,
  context: Context,
  maxDeadlineMs: number,
): WorkflowRequest {
  return validate((violations) => workflowRequest(violations, request, context, maxDeadlineMs));
}

export function watchRequest(request: WatchRequest__Output): WatchRequest {
  return validate((violations) => ({
    actor: actorRef(violations, 'actor', request.actor),
    afterSequence: safeInteger(violations, 'after_sequence', request.after_sequence),
  }));
}

function workflowRequest(
  violations: Violations,
  request: SuspendRequest__Output,
  context: Context,
  maxDeadlineMs: number,
): WorkflowRequest {
  const { options } = request;
  const callerDeadlineAtMs = context.deadlineAtMs;
  const deadline = options?.deadline ?? null;
  return {
    actor: actorRef(violations, 'actor', request.actor),
    leaseEvents: options?.lease_events ?? false,
    join: options?.join ?? false,
    outlivesCaller: outlivesCaller(violations, options),
    leaseWaitMs: wait(violations, 'options.lease_wait', options?.lease_wait ?? null),
    ...(callerDeadlineAtMs === undefined ? {} : { callerDeadlineAtMs }),
    ...(deadline === null ? {} : { deadlineMs: workflowDeadline(violations, deadline, maxDeadlineMs) }),
  };
}

function workflowDeadline(violations: Violations, got: Duration__Output, maxDeadlineMs: number): number {
  const deadlineMs = fromDuration(got);
  if (deadlineMs === undefined || deadlineMs <= 0 || deadlineMs > maxDeadlineMs) {
    const most = formatDuration(maxDeadlineMs);
    violations.add(
      'options.deadline',
      showDuration(got),
      `a duration above 0s and at most ${most}, this replica's limit`,
    );
  }
  return deadlineMs ?? 0;
}

/** A caller that would wait for longer than this can as well ask again. */
const MAX_WAIT_MS = 24 * 3_600_000;

/** 0 where it is unset. */
function wait(violations: Violations, field: string, got: Duration__Output | null): number {
  if (got === null) return 0;
  const waitMs = fromDuration(got);
  if (waitMs === undefined || waitMs < 0 || waitMs > MAX_WAIT_MS) {
    violations.add(field, showDuration(got), 'a duration from 0s to 24h');
  }
  return waitMs ?? 0;
}

function outlivesCaller(violations: Violations, options: WorkflowOptions__Output | null): boolean {
  switch (options?.on_disconnect) {
    case undefined:
    case 'DISCONNECT_POLICY_UNSPECIFIED':
    case 'DISCONNECT_POLICY_CANCEL':
      return false;
    case 'DISCONNECT_POLICY_CONTINUE':
      return true;
    default:
      // A number that the enum does not know arrives as that number.
      violations.add(
        'options.on_disconnect',
        options?.on_disconnect,
        'DISCONNECT_POLICY_CANCEL or _CONTINUE, or unset',
      );
      return false;
  }
}

/** As protobuf's JSON has it, or both parts where that form cannot show what is wrong. */
function showDuration(got: Duration__Output): string {
  const durationMs = fromDuration(got);
  return durationMs === undefined
    ? `${got.seconds}s and ${String(got.nanos)} nanos`
    : `${String(Number(got.seconds) + got.nanos / 1e9)}s`;
}
