// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';

export interface ForceReleaseRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  /**
   * Why, for the log and for the holder's caller; at most 200 characters.
   */
  'reason'?: (string);
}

export interface ForceReleaseRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  /**
   * Why, for the log and for the holder's caller; at most 200 characters.
   */
  'reason': (string);
}
