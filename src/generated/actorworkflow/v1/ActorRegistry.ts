// Original file: proto/actorworkflow/v1/registry.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from '../../actorworkflow/v1/Actor.js';
import type { CreateActorRequest as _actorworkflow_v1_CreateActorRequest, CreateActorRequest__Output as _actorworkflow_v1_CreateActorRequest__Output } from '../../actorworkflow/v1/CreateActorRequest.js';
import type { DeleteActorRequest as _actorworkflow_v1_DeleteActorRequest, DeleteActorRequest__Output as _actorworkflow_v1_DeleteActorRequest__Output } from '../../actorworkflow/v1/DeleteActorRequest.js';
import type { Empty as _google_protobuf_Empty, Empty__Output as _google_protobuf_Empty__Output } from '../../google/protobuf/Empty.js';
import type { ForceReleaseRequest as _actorworkflow_v1_ForceReleaseRequest, ForceReleaseRequest__Output as _actorworkflow_v1_ForceReleaseRequest__Output } from '../../actorworkflow/v1/ForceReleaseRequest.js';
import type { ForceReleaseResponse as _actorworkflow_v1_ForceReleaseResponse, ForceReleaseResponse__Output as _actorworkflow_v1_ForceReleaseResponse__Output } from '../../actorworkflow/v1/ForceReleaseResponse.js';
import type { GetActorRequest as _actorworkflow_v1_GetActorRequest, GetActorRequest__Output as _actorworkflow_v1_GetActorRequest__Output } from '../../actorworkflow/v1/GetActorRequest.js';
import type { ListActorsRequest as _actorworkflow_v1_ListActorsRequest, ListActorsRequest__Output as _actorworkflow_v1_ListActorsRequest__Output } from '../../actorworkflow/v1/ListActorsRequest.js';
import type { ListActorsResponse as _actorworkflow_v1_ListActorsResponse, ListActorsResponse__Output as _actorworkflow_v1_ListActorsResponse__Output } from '../../actorworkflow/v1/ListActorsResponse.js';

/**
 * ActorRegistry keeps the actors that ActorWorkflow works on.
 */
export interface ActorRegistryClient extends grpc.Client {
  /**
   * ALREADY_EXISTS where the name is taken.
   */
  CreateActor(argument: _actorworkflow_v1_CreateActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  CreateActor(argument: _actorworkflow_v1_CreateActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  CreateActor(argument: _actorworkflow_v1_CreateActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  CreateActor(argument: _actorworkflow_v1_CreateActorRequest, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  /**
   * ALREADY_EXISTS where the name is taken.
   */
  createActor(argument: _actorworkflow_v1_CreateActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  createActor(argument: _actorworkflow_v1_CreateActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  createActor(argument: _actorworkflow_v1_CreateActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  createActor(argument: _actorworkflow_v1_CreateActorRequest, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  
  /**
   * FAILED_PRECONDITION unless SUSPENDED, PAUSED or CRASHED; ABORTED while a
   * workflow holds the actor's lease. With force, from every state.
   */
  DeleteActor(argument: _actorworkflow_v1_DeleteActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeleteActor(argument: _actorworkflow_v1_DeleteActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeleteActor(argument: _actorworkflow_v1_DeleteActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  DeleteActor(argument: _actorworkflow_v1_DeleteActorRequest, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  /**
   * FAILED_PRECONDITION unless SUSPENDED, PAUSED or CRASHED; ABORTED while a
   * workflow holds the actor's lease. With force, from every state.
   */
  deleteActor(argument: _actorworkflow_v1_DeleteActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deleteActor(argument: _actorworkflow_v1_DeleteActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deleteActor(argument: _actorworkflow_v1_DeleteActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  deleteActor(argument: _actorworkflow_v1_DeleteActorRequest, callback: grpc.requestCallback<_google_protobuf_Empty__Output>): grpc.ClientUnaryCall;
  
  /**
   * Breaks the actor's lease, whoever holds it: for people, when a workflow
   * hangs. Its stream ends with ABORTED and the reason given here; fencing keeps
   * it from changing anything afterwards.
   */
  ForceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  ForceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  ForceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  ForceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Breaks the actor's lease, whoever holds it: for people, when a workflow
   * hangs. Its stream ends with ABORTED and the reason given here; fencing keeps
   * it from changing anything afterwards.
   */
  forceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  forceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  forceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  forceRelease(argument: _actorworkflow_v1_ForceReleaseRequest, callback: grpc.requestCallback<_actorworkflow_v1_ForceReleaseResponse__Output>): grpc.ClientUnaryCall;
  
  GetActor(argument: _actorworkflow_v1_GetActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  GetActor(argument: _actorworkflow_v1_GetActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  GetActor(argument: _actorworkflow_v1_GetActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  GetActor(argument: _actorworkflow_v1_GetActorRequest, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  getActor(argument: _actorworkflow_v1_GetActorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  getActor(argument: _actorworkflow_v1_GetActorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  getActor(argument: _actorworkflow_v1_GetActorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  getActor(argument: _actorworkflow_v1_GetActorRequest, callback: grpc.requestCallback<_actorworkflow_v1_Actor__Output>): grpc.ClientUnaryCall;
  
  /**
   * In the order of their names; a page is never empty before the last one.
   */
  ListActors(argument: _actorworkflow_v1_ListActorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  ListActors(argument: _actorworkflow_v1_ListActorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  ListActors(argument: _actorworkflow_v1_ListActorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  ListActors(argument: _actorworkflow_v1_ListActorsRequest, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * In the order of their names; a page is never empty before the last one.
   */
  listActors(argument: _actorworkflow_v1_ListActorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  listActors(argument: _actorworkflow_v1_ListActorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  listActors(argument: _actorworkflow_v1_ListActorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  listActors(argument: _actorworkflow_v1_ListActorsRequest, callback: grpc.requestCallback<_actorworkflow_v1_ListActorsResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * ActorRegistry keeps the actors that ActorWorkflow works on.
 */
export interface ActorRegistryHandlers extends grpc.UntypedServiceImplementation {
  /**
   * ALREADY_EXISTS where the name is taken.
   */
  CreateActor: grpc.handleUnaryCall<_actorworkflow_v1_CreateActorRequest__Output, _actorworkflow_v1_Actor>;
  
  /**
   * FAILED_PRECONDITION unless SUSPENDED, PAUSED or CRASHED; ABORTED while a
   * workflow holds the actor's lease. With force, from every state.
   */
  DeleteActor: grpc.handleUnaryCall<_actorworkflow_v1_DeleteActorRequest__Output, _google_protobuf_Empty>;
  
  /**
   * Breaks the actor's lease, whoever holds it: for people, when a workflow
   * hangs. Its stream ends with ABORTED and the reason given here; fencing keeps
   * it from changing anything afterwards.
   */
  ForceRelease: grpc.handleUnaryCall<_actorworkflow_v1_ForceReleaseRequest__Output, _actorworkflow_v1_ForceReleaseResponse>;
  
  GetActor: grpc.handleUnaryCall<_actorworkflow_v1_GetActorRequest__Output, _actorworkflow_v1_Actor>;
  
  /**
   * In the order of their names; a page is never empty before the last one.
   */
  ListActors: grpc.handleUnaryCall<_actorworkflow_v1_ListActorsRequest__Output, _actorworkflow_v1_ListActorsResponse>;
  
}

export interface ActorRegistryDefinition extends grpc.ServiceDefinition {
  CreateActor: MethodDefinition<_actorworkflow_v1_CreateActorRequest, _actorworkflow_v1_Actor, _actorworkflow_v1_CreateActorRequest__Output, _actorworkflow_v1_Actor__Output>
  DeleteActor: MethodDefinition<_actorworkflow_v1_DeleteActorRequest, _google_protobuf_Empty, _actorworkflow_v1_DeleteActorRequest__Output, _google_protobuf_Empty__Output>
  ForceRelease: MethodDefinition<_actorworkflow_v1_ForceReleaseRequest, _actorworkflow_v1_ForceReleaseResponse, _actorworkflow_v1_ForceReleaseRequest__Output, _actorworkflow_v1_ForceReleaseResponse__Output>
  GetActor: MethodDefinition<_actorworkflow_v1_GetActorRequest, _actorworkflow_v1_Actor, _actorworkflow_v1_GetActorRequest__Output, _actorworkflow_v1_Actor__Output>
  ListActors: MethodDefinition<_actorworkflow_v1_ListActorsRequest, _actorworkflow_v1_ListActorsResponse, _actorworkflow_v1_ListActorsRequest__Output, _actorworkflow_v1_ListActorsResponse__Output>
}
