// Original file: proto/actorworkflow/v1/node_runtime.proto

import type { RuntimeProgress as _actorworkflow_v1_RuntimeProgress, RuntimeProgress__Output as _actorworkflow_v1_RuntimeProgress__Output } from '../../actorworkflow/v1/RuntimeProgress.js';
import type { Checkpointed as _actorworkflow_v1_Checkpointed, Checkpointed__Output as _actorworkflow_v1_Checkpointed__Output } from '../../actorworkflow/v1/Checkpointed.js';

export interface CheckpointEvent {
  'progress'?: (_actorworkflow_v1_RuntimeProgress | null);
  /**
   * The last event of a call that ends with OK.
   */
  'checkpointed'?: (_actorworkflow_v1_Checkpointed | null);
  'event'?: "progress"|"checkpointed";
}

export interface CheckpointEvent__Output {
  'progress'?: (_actorworkflow_v1_RuntimeProgress__Output | null);
  /**
   * The last event of a call that ends with OK.
   */
  'checkpointed'?: (_actorworkflow_v1_Checkpointed__Output | null);
  'event'?: "progress"|"checkpointed";
}
