// Original file: proto/actorworkflow/v1/node_runtime.proto

import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from '../../actorworkflow/v1/ActorRef.js';
import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';
import type { Long } from '@grpc/proto-loader';

export interface StopRequest {
  'actor'?: (_actorworkflow_v1_ActorRef | null);
  'worker'?: (_actorworkflow_v1_WorkerRef | null);
  'fencing_token'?: (number | string | Long);
  'workflow_id'?: (string);
}

export interface StopRequest__Output {
  'actor': (_actorworkflow_v1_ActorRef__Output | null);
  'worker': (_actorworkflow_v1_WorkerRef__Output | null);
  'fencing_token': (string);
  'workflow_id': (string);
}
