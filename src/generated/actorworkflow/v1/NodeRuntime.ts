// Original file: proto/actorworkflow/v1/node_runtime.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckpointEvent as _actorworkflow_v1_CheckpointEvent, CheckpointEvent__Output as _actorworkflow_v1_CheckpointEvent__Output } from '../../actorworkflow/v1/CheckpointEvent.js';
import type { CheckpointRequest as _actorworkflow_v1_CheckpointRequest, CheckpointRequest__Output as _actorworkflow_v1_CheckpointRequest__Output } from '../../actorworkflow/v1/CheckpointRequest.js';
import type { RestoreEvent as _actorworkflow_v1_RestoreEvent, RestoreEvent__Output as _actorworkflow_v1_RestoreEvent__Output } from '../../actorworkflow/v1/RestoreEvent.js';
import type { RestoreRequest as _actorworkflow_v1_RestoreRequest, RestoreRequest__Output as _actorworkflow_v1_RestoreRequest__Output } from '../../actorworkflow/v1/RestoreRequest.js';
import type { StopRequest as _actorworkflow_v1_StopRequest, StopRequest__Output as _actorworkflow_v1_StopRequest__Output } from '../../actorworkflow/v1/StopRequest.js';
import type { StopResponse as _actorworkflow_v1_StopResponse, StopResponse__Output as _actorworkflow_v1_StopResponse__Output } from '../../actorworkflow/v1/StopResponse.js';

/**
 * NodeRuntime is what a node agent implements and the coordinator calls: it
 * starts and snapshots actors on its workers.
 * 
 * Every call carries the fencing token of the lease that it is made under. A
 * runtime remembers the highest token that it has seen for each actor and
 * refuses a lower one with FAILED_PRECONDITION, so that a coordinator which
 * has lost its lease without knowing it changes nothing. A call that repeats
 * work already done succeeds at once. When a call is cancelled, the runtime
 * stops the work and leaves the actor as it was before.
 */
export interface NodeRuntimeClient extends grpc.Client {
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free.
   */
  Checkpoint(argument: _actorworkflow_v1_CheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  Checkpoint(argument: _actorworkflow_v1_CheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free.
   */
  checkpoint(argument: _actorworkflow_v1_CheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  checkpoint(argument: _actorworkflow_v1_CheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   */
  Restore(argument: _actorworkflow_v1_RestoreRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  Restore(argument: _actorworkflow_v1_RestoreRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   */
  restore(argument: _actorworkflow_v1_RestoreRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  restore(argument: _actorworkflow_v1_RestoreRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  
  /**
   * Stops whatever the worker runs of the actor, without a snapshot. OK where
   * nothing is left to stop.
   */
  Stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Stops whatever the worker runs of the actor, without a snapshot. OK where
   * nothing is left to stop.
   */
  stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * NodeRuntime is what a node agent implements and the coordinator calls: it
 * starts and snapshots actors on its workers.
 * 
 * Every call carries the fencing token of the lease that it is made under. A
 * runtime remembers the highest token that it has seen for each actor and
 * refuses a lower one with FAILED_PRECONDITION, so that a coordinator which
 * has lost its lease without knowing it changes nothing. A call that repeats
 * work already done succeeds at once. When a call is cancelled, the runtime
 * stops the work and leaves the actor as it was before.
 */
export interface NodeRuntimeHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free.
   */
  Checkpoint: grpc.handleServerStreamingCall<_actorworkflow_v1_CheckpointRequest__Output, _actorworkflow_v1_CheckpointEvent>;
  
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   */
  Restore: grpc.handleServerStreamingCall<_actorworkflow_v1_RestoreRequest__Output, _actorworkflow_v1_RestoreEvent>;
  
  /**
   * Stops whatever the worker runs of the actor, without a snapshot. OK where
   * nothing is left to stop.
   */
  Stop: grpc.handleUnaryCall<_actorworkflow_v1_StopRequest__Output, _actorworkflow_v1_StopResponse>;
  
}

export interface NodeRuntimeDefinition extends grpc.ServiceDefinition {
  Checkpoint: MethodDefinition<_actorworkflow_v1_CheckpointRequest, _actorworkflow_v1_CheckpointEvent, _actorworkflow_v1_CheckpointRequest__Output, _actorworkflow_v1_CheckpointEvent__Output>
  Restore: MethodDefinition<_actorworkflow_v1_RestoreRequest, _actorworkflow_v1_RestoreEvent, _actorworkflow_v1_RestoreRequest__Output, _actorworkflow_v1_RestoreEvent__Output>
  Stop: MethodDefinition<_actorworkflow_v1_StopRequest, _actorworkflow_v1_StopResponse, _actorworkflow_v1_StopRequest__Output, _actorworkflow_v1_StopResponse__Output>
}
