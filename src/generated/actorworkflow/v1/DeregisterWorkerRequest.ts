// Original file: proto/actorworkflow/v1/registry.proto

import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';

export interface DeregisterWorkerRequest {
  'worker'?: (_actorworkflow_v1_WorkerRef | null);
  'force'?: (boolean);
}

export interface DeregisterWorkerRequest__Output {
  'worker': (_actorworkflow_v1_WorkerRef__Output | null);
  'force': (boolean);
}
