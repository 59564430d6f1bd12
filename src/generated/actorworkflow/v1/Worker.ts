// Original file: proto/actorworkflow/v1/registry.proto

import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';
import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Worker {
  'ref'?: (_actorworkflow_v1_WorkerRef | null);
  /**
   * Where its NodeRuntime listens, as a gRPC target: "dns:///host:port" or
   * "unix:///path".
   */
  'runtime_address'?: (string);
  /**
   * The machine it is on: LOCAL snapshots are restored on the same node only.
   */
  'node'?: (string);
  /**
   * The actor that holds it, and the fencing token it was claimed with.
   */
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  'fencing_token'?: (number | string | Long);
  /**
   * When it is taken out of service unless it registers again; unset: never.
   */
  'expire_time'?: (_google_protobuf_Timestamp | null);
}

export interface Worker__Output {
  'ref': (_actorworkflow_v1_WorkerRef__Output | null);
  /**
   * Where its NodeRuntime listens, as a gRPC target: "dns:///host:port" or
   * "unix:///path".
   */
  'runtime_address': (string);
  /**
   * The machine it is on: LOCAL snapshots are restored on the same node only.
   */
  'node': (string);
  /**
   * The actor that holds it, and the fencing token it was claimed with.
   */
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  'fencing_token': (string);
  /**
   * When it is taken out of service unless it registers again; unset: never.
   */
  'expire_time': (_google_protobuf_Timestamp__Output | null);
}
