// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from '../../actorworkflow/v1/Actor.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

export interface WorkflowCompleted {
  'actor'?: (_actorworkflow_v1_Actor | null);
  'duration'?: (_google_protobuf_Duration | null);
}

export interface WorkflowCompleted__Output {
  'actor': (_actorworkflow_v1_Actor__Output | null);
  'duration': (_google_protobuf_Duration__Output | null);
}
