// Original file: proto/actorworkflow/v1/registry.proto

import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from '../../actorworkflow/v1/WorkerRef.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { WorkerStatus as _actorworkflow_v1_WorkerStatus, WorkerStatus__Output as _actorworkflow_v1_WorkerStatus__Output } from '../../actorworkflow/v1/WorkerStatus.js';

export interface RegisterWorkerRequest {
  'worker'?: (_actorworkflow_v1_WorkerRef | null);
  'runtime_address'?: (string);
  'node'?: (string);
  /**
   * Unless it registers again within this time, the worker is taken out of
   * service; its actor is CRASHED once its runtime has not answered either.
   * Unset: it stays until it is deregistered.
   */
  'ttl'?: (_google_protobuf_Duration | null);
  /**
   * What the worker runs, as its runtime knows it. A worker that says so and
   * runs something else than its claim is put right.
   */
  'status'?: (_actorworkflow_v1_WorkerStatus | null);
}

export interface RegisterWorkerRequest__Output {
  'worker': (_actorworkflow_v1_WorkerRef__Output | null);
  'runtime_address': (string);
  'node': (string);
  /**
   * Unless it registers again within this time, the worker is taken out of
   * service; its actor is CRASHED once its runtime has not answered either.
   * Unset: it stays until it is deregistered.
   */
  'ttl': (_google_protobuf_Duration__Output | null);
  /**
   * What the worker runs, as its runtime knows it. A worker that says so and
   * runs something else than its claim is put right.
   */
  'status': (_actorworkflow_v1_WorkerStatus__Output | null);
}
