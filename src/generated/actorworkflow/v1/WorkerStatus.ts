// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';

export interface WorkerStatus {
  /**
   * Unset: it runs nothing.
   */
  'running_actor'?: (_actorworkflow_v1_ActorRef | null);
}

export interface WorkerStatus__Output {
  /**
   * Unset: it runs nothing.
   */
  'running_actor': (_actorworkflow_v1_ActorRef__Output | null);
}
