// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { ErrorReason as _actorworkflow_v1_ErrorReason, ErrorReason__Output as _actorworkflow_v1_ErrorReason__Output } from '../../actorworkflow/v1/ErrorReason.js';

export interface WorkflowFailed {
  /**
   * The gRPC status code that the stream ends with.
   */
  'code'?: (number);
  'reason'?: (_actorworkflow_v1_ErrorReason);
  'message'?: (string);
  /**
   * The step that was running; empty before the first and after the last.
   */
  'step'?: (string);
}

export interface WorkflowFailed__Output {
  /**
   * The gRPC status code that the stream ends with.
   */
  'code': (number);
  'reason': (_actorworkflow_v1_ErrorReason__Output);
  'message': (string);
  /**
   * The step that was running; empty before the first and after the last.
   */
  'step': (string);
}
