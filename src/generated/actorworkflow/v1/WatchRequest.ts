// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { Long } from '@grpc/proto-loader';

export interface WatchRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  /**
   * Only events whose sequence is greater.
   */
  'after_sequence'?: (number | string | Long);
}

export interface WatchRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  /**
   * Only events whose sequence is greater.
   */
  'after_sequence': (string);
}
