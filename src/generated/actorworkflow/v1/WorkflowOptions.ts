// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { DisconnectPolicy as _actorworkflow_v1_DisconnectPolicy, DisconnectPolicy__Output as _actorworkflow_v1_DisconnectPolicy__Output } from '../../actorworkflow/v1/DisconnectPolicy.js';

export interface WorkflowOptions {
  /**
   * Bounds this workflow from lease acquisition to its last step. Unset: the
   * server's --actor-workflow-deadline, which is also the most it can be. The
   * caller's own gRPC deadline applies as well: the sooner one wins.
   */
  'deadline'?: (_google_protobuf_Duration | null);
  /**
   * How long to queue for a lease that another workflow holds. Unset: not at
   * all, and the call ends with ABORTED at once.
   */
  'lease_wait'?: (_google_protobuf_Duration | null);
  /**
   * Whether the workflow outlives its caller's stream.
   */
  'on_disconnect'?: (_actorworkflow_v1_DisconnectPolicy);
  /**
   * Follow a workflow of the same kind that already runs on this actor, on any
   * replica, in place of ABORTED.
   */
  'join'?: (boolean);
  /**
   * Also stream a LeaseRenewed for every renewal of the lease.
   */
  'lease_events'?: (boolean);
}

export interface WorkflowOptions__Output {
  /**
   * Bounds this workflow from lease acquisition to its last step. Unset: the
   * server's --actor-workflow-deadline, which is also the most it can be. The
   * caller's own gRPC deadline applies as well: the sooner one wins.
   */
  'deadline': (_google_protobuf_Duration__Output | null);
  /**
   * How long to queue for a lease that another workflow holds. Unset: not at
   * all, and the call ends with ABORTED at once.
   */
  'lease_wait': (_google_protobuf_Duration__Output | null);
  /**
   * Whether the workflow outlives its caller's stream.
   */
  'on_disconnect': (_actorworkflow_v1_DisconnectPolicy__Output);
  /**
   * Follow a workflow of the same kind that already runs on this actor, on any
   * replica, in place of ABORTED.
   */
  'join': (boolean);
  /**
   * Also stream a LeaseRenewed for every renewal of the lease.
   */
  'lease_events': (boolean);
}
