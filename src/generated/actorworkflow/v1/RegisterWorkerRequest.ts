// Original file: proto/actorworkflow/v1/registry.proto

import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';

export interface RegisterWorkerRequest {
  'worker'?: (_actorworkflow_v1_WorkerRef | null);
  'runtime_address'?: (string);
  'node'?: (string);
}

export interface RegisterWorkerRequest__Output {
  'worker': (_actorworkflow_v1_WorkerRef__Output | null);
  'runtime_address': (string);
  'node': (string);
}
