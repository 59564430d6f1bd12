// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';

export interface DeleteActorRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  /**
   * Break the lease, stop what runs, free the worker, then delete.
   */
  'force'?: (boolean);
}

export interface DeleteActorRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  /**
   * Break the lease, stop what runs, free the worker, then delete.
   */
  'force': (boolean);
}
