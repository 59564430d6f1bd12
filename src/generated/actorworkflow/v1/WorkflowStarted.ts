// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { WorkflowKind as _actorworkflow_v1_WorkflowKind, WorkflowKind__Output as _actorworkflow_v1_WorkflowKind__Output } from '../../actorworkflow/v1/WorkflowKind.js';
import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { Lease as _actorworkflow_v1_Lease, Lease__Output as _actorworkflow_v1_Lease__Output } from '../../actorworkflow/v1/Lease.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * Sent once the lease is held.
 */
export interface WorkflowStarted {
  'kind'?: (_actorworkflow_v1_WorkflowKind);
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  /**
   * The names of the steps, in their order.
   */
  'steps'?: (string)[];
  'lease'?: (_actorworkflow_v1_Lease | null);
  /**
   * When the workflow is cut off with DEADLINE_EXCEEDED.
   */
  'deadline'?: (_google_protobuf_Timestamp | null);
}

/**
 * Sent once the lease is held.
 */
export interface WorkflowStarted__Output {
  'kind': (_actorworkflow_v1_WorkflowKind__Output);
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  /**
   * The names of the steps, in their order.
   */
  'steps': (string)[];
  'lease': (_actorworkflow_v1_Lease__Output | null);
  /**
   * When the workflow is cut off with DEADLINE_EXCEEDED.
   */
  'deadline': (_google_protobuf_Timestamp__Output | null);
}
