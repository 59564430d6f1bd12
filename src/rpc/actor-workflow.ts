// The ActorWorkflow service: checks the request, and streams what the workflow
// tells.

import type { ActorWorkflowHandlers } from '../generated/actorworkflow/v1/ActorWorkflow.js';
import type { WorkflowService } from '../workflow/request.js';
import type { CallDeps } from './call.js';
import { encodeEvent } from './encode.js';
import { actorWorkflowDefinition } from './proto.js';
import { serverStream } from './stream.js';
import { resumeRequest, suspendRequest, watchRequest } from './validate-workflow.js';

const { Resume, Suspend, Pause } = actorWorkflowDefinition;

/** The methods, as `/package.Service/Method`, that start a workflow. */
export const STARTS_WORKFLOW: ReadonlySet<string> = new Set([Resume.path, Suspend.path, Pause.path]);

export function actorWorkflowService(
  workflows: WorkflowService,
  workflowDeadlineMs: number,
  deps: CallDeps,
): ActorWorkflowHandlers {
  return {
    Resume: serverStream(
      {
        open: (request, context) =>
          workflows.resume(resumeRequest(request, context, workflowDeadlineMs), context.signal),
        encode: encodeEvent,
      },
      deps,
    ),
    Suspend: serverStream(
      {
        open: (request, context) =>
          workflows.suspend(suspendRequest(request, context, workflowDeadlineMs), context.signal),
        encode: encodeEvent,
      },
      deps,
    ),
    Pause: serverStream(
      {
        open: (request, context) =>
          workflows.pause(suspendRequest(request, context, workflowDeadlineMs), context.signal),
        encode: encodeEvent,
      },
      deps,
    ),
    Watch: serverStream(
      {
        open: (request, context) => workflows.watch(watchRequest(request), context.signal),
        encode: encodeEvent,
      },
      deps,
    ),
  };
}
