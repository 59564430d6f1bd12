// ResumeRequest and SuspendRequest from the wire to the domain. Guarantees: an
// option that is not supported yet is refused by name, never ignored, since a
// caller that asked for `join` and did not get it would do the wrong thing.

import type { ResumeRequest, WorkflowRequest } from '../workflow/request.js';
import type { Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { ResumeRequest__Output } from '../generated/actorworkflow/v1/ResumeRequest.js';
import type { SuspendRequest__Output } from '../generated/actorworkflow/v1/SuspendRequest.js';
import type { WorkflowOptions__Output } from '../generated/actorworkflow/v1/WorkflowOptions.js';
import type { CallContext } from './call.js';
import { formatDuration, fromDuration } from './time.js';
import { actorRef, validate, type Violations } from './validate.js';

/** @param maxDeadlineMs the replica's --actor-workflow-deadline */
export function resumeRequest(
  request: ResumeRequest__Output,
  context: Pick<CallContext, 'deadlineAtMs'>,
  maxDeadlineMs: number,
): ResumeRequest {
  return validate((violations) => {
    if (request.worker_wait !== null) {
      violations.add(
        'worker_wait',
        showDuration(request.worker_wait),
        'it unset: waiting for a worker is not supported yet',
      );
    }
    return { ...workflowRequest(violations, request, context, maxDeadlineMs), boot: request.boot };
  });
}

export function suspendRequest(
  request: SuspendRequest__Output,
  context: Pick<CallContext, 'deadlineAtMs'>,
  maxDeadlineMs: number,
): WorkflowRequest {
  return validate((violations) => workflowRequest(violations, request, context, maxDeadlineMs));
}

function workflowRequest(
  violations: Violations,
  request: SuspendRequest__Output,
  context: Pick<CallContext, 'deadlineAtMs'>,
  maxDeadlineMs: number,
): WorkflowRequest {
  const actor = actorRef(violations, 'actor', request.actor);
  const { options } = request;
  const callerDeadlineAtMs = context.deadlineAtMs;
  const deadline = options?.deadline ?? null;
  if (options !== null) refuseUnsupported(violations, options);
  return {
    actor,
    leaseEvents: options?.lease_events ?? false,
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

function refuseUnsupported(violations: Violations, options: WorkflowOptions__Output): void {
  if (options.lease_wait !== null) {
    const expected = 'it unset: waiting for a lease is not supported yet';
    violations.add('options.lease_wait', showDuration(options.lease_wait), expected);
  }
  if (options.join) violations.add('options.join', true, 'false: joining a workflow is not supported yet');
  switch (options.on_disconnect) {
    case 'DISCONNECT_POLICY_UNSPECIFIED':
    case 'DISCONNECT_POLICY_CANCEL':
      break;
    default: {
      // A number that the enum does not know arrives as that number.
      const expected = 'DISCONNECT_POLICY_CANCEL or unset; DISCONNECT_POLICY_CONTINUE is not supported yet';
      violations.add('options.on_disconnect', options.on_disconnect, expected);
    }
  }
}

/** As protobuf's JSON has it, or both parts where that form cannot show what is wrong. */
function showDuration(got: Duration__Output): string {
  const durationMs = fromDuration(got);
  return durationMs === undefined
    ? `${got.seconds}s and ${String(got.nanos)} nanos`
    : `${String(Number(got.seconds) + got.nanos / 1e9)}s`;
}
