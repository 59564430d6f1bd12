// Original file: proto/atelet/atelet.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckpointRequest as _atelet_CheckpointRequest, CheckpointRequest__Output as _atelet_CheckpointRequest__Output } from '../atelet/CheckpointRequest.js';
import type { CheckpointResponse as _atelet_CheckpointResponse, CheckpointResponse__Output as _atelet_CheckpointResponse__Output } from '../atelet/CheckpointResponse.js';
import type { RestoreRequest as _atelet_RestoreRequest, RestoreRequest__Output as _atelet_RestoreRequest__Output } from '../atelet/RestoreRequest.js';
import type { RestoreResponse as _atelet_RestoreResponse, RestoreResponse__Output as _atelet_RestoreResponse__Output } from '../atelet/RestoreResponse.js';
import type { RunRequest as _atelet_RunRequest, RunRequest__Output as _atelet_RunRequest__Output } from '../atelet/RunRequest.js';
import type { RunResponse as _atelet_RunResponse, RunResponse__Output as _atelet_RunResponse__Output } from '../atelet/RunResponse.js';

/**
 * What of Agent Substrate's node agent this project calls, in our own words and
 * in its layout of June 2026. Later versions have renumbered fields: these
 * numbers are the one place to change. Numbers that are left out are fields
 * that are not used here.
 */
export interface AteomHerderClient extends grpc.Client {
  /**
   * Writes a snapshot and takes the actor off its worker.
   */
  Checkpoint(argument: _atelet_CheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  Checkpoint(argument: _atelet_CheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  Checkpoint(argument: _atelet_CheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  Checkpoint(argument: _atelet_CheckpointRequest, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Writes a snapshot and takes the actor off its worker.
   */
  checkpoint(argument: _atelet_CheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  checkpoint(argument: _atelet_CheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  checkpoint(argument: _atelet_CheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  checkpoint(argument: _atelet_CheckpointRequest, callback: grpc.requestCallback<_atelet_CheckpointResponse__Output>): grpc.ClientUnaryCall;
  
  Restore(argument: _atelet_RestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  Restore(argument: _atelet_RestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  Restore(argument: _atelet_RestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  Restore(argument: _atelet_RestoreRequest, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  restore(argument: _atelet_RestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  restore(argument: _atelet_RestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  restore(argument: _atelet_RestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  restore(argument: _atelet_RestoreRequest, callback: grpc.requestCallback<_atelet_RestoreResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Boots an actor on a worker.
   */
  Run(argument: _atelet_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  Run(argument: _atelet_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  Run(argument: _atelet_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  Run(argument: _atelet_RunRequest, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Boots an actor on a worker.
   */
  run(argument: _atelet_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  run(argument: _atelet_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  run(argument: _atelet_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  run(argument: _atelet_RunRequest, callback: grpc.requestCallback<_atelet_RunResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * What of Agent Substrate's node agent this project calls, in our own words and
 * in its layout of June 2026. Later versions have renumbered fields: these
 * numbers are the one place to change. Numbers that are left out are fields
 * that are not used here.
 */
export interface AteomHerderHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Writes a snapshot and takes the actor off its worker.
   */
  Checkpoint: grpc.handleUnaryCall<_atelet_CheckpointRequest__Output, _atelet_CheckpointResponse>;
  
  Restore: grpc.handleUnaryCall<_atelet_RestoreRequest__Output, _atelet_RestoreResponse>;
  
  /**
   * Boots an actor on a worker.
   */
  Run: grpc.handleUnaryCall<_atelet_RunRequest__Output, _atelet_RunResponse>;
  
}

export interface AteomHerderDefinition extends grpc.ServiceDefinition {
  Checkpoint: MethodDefinition<_atelet_CheckpointRequest, _atelet_CheckpointResponse, _atelet_CheckpointRequest__Output, _atelet_CheckpointResponse__Output>
  Restore: MethodDefinition<_atelet_RestoreRequest, _atelet_RestoreResponse, _atelet_RestoreRequest__Output, _atelet_RestoreResponse__Output>
  Run: MethodDefinition<_atelet_RunRequest, _atelet_RunResponse, _atelet_RunRequest__Output, _atelet_RunResponse__Output>
}
