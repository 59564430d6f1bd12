// Original file: proto/actorworkflow/v1/node_runtime.proto

import type { RuntimeProgress as _actorworkflow_v1_RuntimeProgress, RuntimeProgress__Output as _actorworkflow_v1_RuntimeProgress__Output } from '../../actorworkflow/v1/RuntimeProgress.js';
import type { Restored as _actorworkflow_v1_Restored, Restored__Output as _actorworkflow_v1_Restored__Output } from '../../actorworkflow/v1/Restored.js';

export interface RestoreEvent {
  'progress'?: (_actorworkflow_v1_RuntimeProgress | null);
  /**
   * The last event of a call that ends with OK.
   */
  'restored'?: (_actorworkflow_v1_Restored | null);
  'event'?: "progress"|"restored";
}

export interface RestoreEvent__Output {
  'progress'?: (_actorworkflow_v1_RuntimeProgress__Output | null);
  /**
   * The last event of a call that ends with OK.
   */
  'restored'?: (_actorworkflow_v1_Restored__Output | null);
  'event'?: "progress"|"restored";
}
