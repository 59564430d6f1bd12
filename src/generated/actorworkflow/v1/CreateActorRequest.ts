// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { WorkloadSpec as _actorworkflow_v1_WorkloadSpec, WorkloadSpec__Output as _actorworkflow_v1_WorkloadSpec__Output } from '../../actorworkflow/v1/WorkloadSpec.js';
import type { Snapshot as _actorworkflow_v1_Snapshot, Snapshot__Output as _actorworkflow_v1_Snapshot__Output } from '../../actorworkflow/v1/Snapshot.js';

export interface CreateActorRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  'spec'?: (_actorworkflow_v1_WorkloadSpec | null);
  'pool'?: (string);
  /**
   * Start from this snapshot in place of a boot: a golden snapshot.
   */
  'snapshot'?: (_actorworkflow_v1_Snapshot | null);
}

export interface CreateActorRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  'spec': (_actorworkflow_v1_WorkloadSpec__Output | null);
  'pool': (string);
  /**
   * Start from this snapshot in place of a boot: a golden snapshot.
   */
  'snapshot': (_actorworkflow_v1_Snapshot__Output | null);
}
