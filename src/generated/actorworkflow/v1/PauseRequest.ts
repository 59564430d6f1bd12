// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { WorkflowOptions as _actorworkflow_v1_WorkflowOptions, WorkflowOptions__Output as _actorworkflow_v1_WorkflowOptions__Output } from '../../actorworkflow/v1/WorkflowOptions.js';

export interface PauseRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  'options'?: (_actorworkflow_v1_WorkflowOptions | null);
}

export interface PauseRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  'options': (_actorworkflow_v1_WorkflowOptions__Output | null);
}
