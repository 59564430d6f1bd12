// Original file: proto/actorworkflow/v1/registry.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DeregisterWorkerRequest as _actorworkflow_v1_DeregisterWorkerRequest, DeregisterWorkerRequest__Output as _actorworkflow_v1_DeregisterWorkerRequest__Output } from '../../actorworkflow/v1/DeregisterWorkerRequest.js';
import type { Empty as _google_protobuf_Empty, Empty__Output as _google_protobuf_Empty__Output } from '../../google/protobuf/Empty.js';
import type { ListWorkersRequest as _actorworkflow_v1_ListWorkersRequest, ListWorkersRequest__Output as _actorworkflow_v1_ListWorkersRequest__Output } from '../../actorworkflow/v1/ListWorkersRequest.js';
import type { ListWorkersResponse as _actorworkflow_v1_ListWorkersResponse, ListWorkersResponse__Output as _actorworkflow_v1_ListWorkersResponse__Output } from '../../actorworkflow/v1/ListWorkersResponse.js';
import type { RegisterWorkerRequest as _actorworkflow_v1_RegisterWorkerRequest, RegisterWorkerRequest__Output as _actorworkflow_v1_RegisterWorkerRequest__Output } from '../../actorworkflow/v1/RegisterWorkerRequest.js';
import type { Worker as _actorworkflow_v1_Worker, Worker__Output as _actorworkflow_v1_Worker__Output } from '../../actorworkflow/v1/Worker.js';

/**
 * WorkerRegistry keeps the workers that actors run on. A worker holds at most
 * one actor.
 */
export interface WorkerRegistryClient extends grpc.Client {
  /**
   * Takes a worker out of service. FAILED_PRECONDITION while it holds an actor,
   * unless force, which marks that actor CRASHED.
   */
  DeregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  /**
   * Takes a worker out of service. FAILED_PRECONDITION while it holds an actor,
   * unless force, which marks that actor CRASHED.
   */
  deregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deregisterWorker(argument: _actorworkflow_v1_DeregisterWorkerRequest, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  
  ListWorkers(argument: _actorworkflow_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _actorworkflow_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _actorworkflow_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _actorworkflow_v1_ListWorkersRequest, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _actorworkflow_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _actorworkflow_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _actorworkflow_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _actorworkflow_v1_ListWorkersRequest, callback: grpc.requestCallback<_actorworkflow_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Creates a worker or updates its address and node; a node agent calls it
   * when it starts, and again for as long as it lives.
   */
  RegisterWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  /**
   * Creates a worker or updates its address and node; a node agent calls it
   * when it starts, and again for as long as it lives.
   */
  registerWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _actorworkflow_v1_RegisterWorkerRequest, callback: grpc.requestCallback<_actorworkflow_v1_Worker__Output>): grpc.ClientUnaryCall;
  
}

/**
 * WorkerRegistry keeps the workers that actors run on. A worker holds at most
 * one actor.
 */
export interface WorkerRegistryHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Takes a worker out of service. FAILED_PRECONDITION while it holds an actor,
   * unless force, which marks that actor CRASHED.
   */
  DeregisterWorker: grpc.handleUnaryCall<_actorworkflow_v1_DeregisterWorkerRequest__Output, _google_protobuf_Empty>;
  
  ListWorkers: grpc.handleUnaryCall<_actorworkflow_v1_ListWorkersRequest__Output, _actorworkflow_v1_ListWorkersResponse>;
  
  /**
   * Creates a worker or updates its address and node; a node agent calls it
   * when it starts, and again for as long as it lives.
   */
  RegisterWorker: grpc.handleUnaryCall<_actorworkflow_v1_RegisterWorkerRequest__Output, _actorworkflow_v1_Worker>;
  
}

export interface WorkerRegistryDefinition extends grpc.ServiceDefinition {
  DeregisterWorker: MethodDefinition<_actorworkflow_v1_DeregisterWorkerRequest, _google_protobuf_Empty, _actorworkflow_v1_DeregisterWorkerRequest__Output, _google_protobuf_Empty__Output>
  ListWorkers: MethodDefinition<_actorworkflow_v1_ListWorkersRequest, _actorworkflow_v1_ListWorkersResponse, _actorworkflow_v1_ListWorkersRequest__Output, _actorworkflow_v1_ListWorkersResponse__Output>
  RegisterWorker: MethodDefinition<_actorworkflow_v1_RegisterWorkerRequest, _actorworkflow_v1_Worker, _actorworkflow_v1_RegisterWorkerRequest__Output, _actorworkflow_v1_Worker__Output>
}
