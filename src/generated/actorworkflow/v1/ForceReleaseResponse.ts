// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorLease as _actorworkflow_v1_ActorLease, ActorLease__Output as _actorworkflow_v1_ActorLease__Output } from '../../actorworkflow/v1/ActorLease.js';

export interface ForceReleaseResponse {
  /**
   * Unset: nobody held it.
   */
  'broken'?: (_actorworkflow_v1_ActorLease | null);
}

export interface ForceReleaseResponse__Output {
  /**
   * Unset: nobody held it.
   */
  'broken': (_actorworkflow_v1_ActorLease__Output | null);
}
