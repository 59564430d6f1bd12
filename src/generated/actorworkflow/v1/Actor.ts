// Original file: proto/actorworkflow/v1/actor.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { ActorState as _actorworkflow_v1_ActorState, ActorState__Output as _actorworkflow_v1_ActorState__Output } from '../../actorworkflow/v1/ActorState.js';
import type { WorkloadSpec as _actorworkflow_v1_WorkloadSpec, WorkloadSpec__Output as _actorworkflow_v1_WorkloadSpec__Output } from '../../actorworkflow/v1/WorkloadSpec.js';
import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';
import type { Snapshot as _actorworkflow_v1_Snapshot, Snapshot__Output as _actorworkflow_v1_Snapshot__Output } from '../../actorworkflow/v1/Snapshot.js';
import type { WorkflowFailure as _actorworkflow_v1_WorkflowFailure, WorkflowFailure__Output as _actorworkflow_v1_WorkflowFailure__Output } from '../../actorworkflow/v1/WorkflowFailure.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { ActorLease as _actorworkflow_v1_ActorLease, ActorLease__Output as _actorworkflow_v1_ActorLease__Output } from '../../actorworkflow/v1/ActorLease.js';
import type { Long } from '@grpc/proto-loader';

export interface Actor {
  'ref'?: (_actorworkflow_v1_ActorRef | null);
  'state'?: (_actorworkflow_v1_ActorState);
  /**
   * One more at every change of the record.
   */
  'version'?: (number | string | Long);
  'spec'?: (_actorworkflow_v1_WorkloadSpec | null);
  /**
   * Which workers may run the actor; "default" where unset at creation.
   */
  'pool'?: (string);
  /**
   * Set from the time that a worker is claimed until it is freed.
   */
  'worker'?: (_actorworkflow_v1_WorkerRef | null);
  /**
   * What the next Resume restores; unset: it boots from spec.
   */
  'latest_snapshot'?: (_actorworkflow_v1_Snapshot | null);
  /**
   * Reserved by a Suspend or Pause that has not finished. Never restored.
   */
  'pending_snapshot'?: (_actorworkflow_v1_Snapshot | null);
  /**
   * The fencing token of the last lease granted on this actor.
   */
  'fencing_token'?: (number | string | Long);
  /**
   * Why the last workflow that failed did; unset after one that succeeded.
   */
  'last_failure'?: (_actorworkflow_v1_WorkflowFailure | null);
  'create_time'?: (_google_protobuf_Timestamp | null);
  'update_time'?: (_google_protobuf_Timestamp | null);
  /**
   * While RUNNING: where the actor serves, as its node runtime said; may be
   * empty.
   */
  'address'?: (string);
  /**
   * Who works on the actor now; unset: nobody. Only GetActor tells.
   */
  'lease'?: (_actorworkflow_v1_ActorLease | null);
}

export interface Actor__Output {
  'ref': (_actorworkflow_v1_ActorRef__Output | null);
  'state': (_actorworkflow_v1_ActorState__Output);
  /**
   * One more at every change of the record.
   */
  'version': (string);
  'spec': (_actorworkflow_v1_WorkloadSpec__Output | null);
  /**
   * Which workers may run the actor; "default" where unset at creation.
   */
  'pool': (string);
  /**
   * Set from the time that a worker is claimed until it is freed.
   */
  'worker': (_actorworkflow_v1_WorkerRef__Output | null);
  /**
   * What the next Resume restores; unset: it boots from spec.
   */
  'latest_snapshot': (_actorworkflow_v1_Snapshot__Output | null);
  /**
   * Reserved by a Suspend or Pause that has not finished. Never restored.
   */
  'pending_snapshot': (_actorworkflow_v1_Snapshot__Output | null);
  /**
   * The fencing token of the last lease granted on this actor.
   */
  'fencing_token': (string);
  /**
   * Why the last workflow that failed did; unset after one that succeeded.
   */
  'last_failure': (_actorworkflow_v1_WorkflowFailure__Output | null);
  'create_time': (_google_protobuf_Timestamp__Output | null);
  'update_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * While RUNNING: where the actor serves, as its node runtime said; may be
   * empty.
   */
  'address': (string);
  /**
   * Who works on the actor now; unset: nobody. Only GetActor tells.
   */
  'lease': (_actorworkflow_v1_ActorLease__Output | null);
}
