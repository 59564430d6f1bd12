// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { WorkflowOptions as _actorworkflow_v1_WorkflowOptions, WorkflowOptions__Output as _actorworkflow_v1_WorkflowOptions__Output } from '../../actorworkflow/v1/WorkflowOptions.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

export interface ResumeRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  /**
   * Boot from the workload spec and ignore every snapshot.
   */
  'boot'?: (boolean);
  'options'?: (_actorworkflow_v1_WorkflowOptions | null);
  /**
   * How long to queue, first come first served, for a free worker. Unset: not
   * at all, and the call ends with RESOURCE_EXHAUSTED at once.
   */
  'worker_wait'?: (_google_protobuf_Duration | null);
}

export interface ResumeRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  /**
   * Boot from the workload spec and ignore every snapshot.
   */
  'boot': (boolean);
  'options': (_actorworkflow_v1_WorkflowOptions__Output | null);
  /**
   * How long to queue, first come first served, for a free worker. Unset: not
   * at all, and the call ends with RESOURCE_EXHAUSTED at once.
   */
  'worker_wait': (_google_protobuf_Duration__Output | null);
}
