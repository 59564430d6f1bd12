import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from './actorworkflow/v1/Actor.js';
import type { ActorLease as _actorworkflow_v1_ActorLease, ActorLease__Output as _actorworkflow_v1_ActorLease__Output } from './actorworkflow/v1/ActorLease.js';
import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from './actorworkflow/v1/ActorRef.js';
import type { ActorRegistryClient as _actorworkflow_v1_ActorRegistryClient, ActorRegistryDefinition as _actorworkflow_v1_ActorRegistryDefinition } from './actorworkflow/v1/ActorRegistry.js';
import type { CreateActorRequest as _actorworkflow_v1_CreateActorRequest, CreateActorRequest__Output as _actorworkflow_v1_CreateActorRequest__Output } from './actorworkflow/v1/CreateActorRequest.js';
import type { DeleteActorRequest as _actorworkflow_v1_DeleteActorRequest, DeleteActorRequest__Output as _actorworkflow_v1_DeleteActorRequest__Output } from './actorworkflow/v1/DeleteActorRequest.js';
import type { DeregisterWorkerRequest as _actorworkflow_v1_DeregisterWorkerRequest, DeregisterWorkerRequest__Output as _actorworkflow_v1_DeregisterWorkerRequest__Output } from './actorworkflow/v1/DeregisterWorkerRequest.js';
import type { ForceReleaseRequest as _actorworkflow_v1_ForceReleaseRequest, ForceReleaseRequest__Output as _actorworkflow_v1_ForceReleaseRequest__Output } from './actorworkflow/v1/ForceReleaseRequest.js';
import type { ForceReleaseResponse as _actorworkflow_v1_ForceReleaseResponse, ForceReleaseResponse__Output as _actorworkflow_v1_ForceReleaseResponse__Output } from './actorworkflow/v1/ForceReleaseResponse.js';
import type { GetActorRequest as _actorworkflow_v1_GetActorRequest, GetActorRequest__Output as _actorworkflow_v1_GetActorRequest__Output } from './actorworkflow/v1/GetActorRequest.js';
import type { ListActorsRequest as _actorworkflow_v1_ListActorsRequest, ListActorsRequest__Output as _actorworkflow_v1_ListActorsRequest__Output } from './actorworkflow/v1/ListActorsRequest.js';
import type { ListActorsResponse as _actorworkflow_v1_ListActorsResponse, ListActorsResponse__Output as _actorworkflow_v1_ListActorsResponse__Output } from './actorworkflow/v1/ListActorsResponse.js';
import type { ListWorkersRequest as _actorworkflow_v1_ListWorkersRequest, ListWorkersRequest__Output as _actorworkflow_v1_ListWorkersRequest__Output } from './actorworkflow/v1/ListWorkersRequest.js';
import type { ListWorkersResponse as _actorworkflow_v1_ListWorkersResponse, ListWorkersResponse__Output as _actorworkflow_v1_ListWorkersResponse__Output } from './actorworkflow/v1/ListWorkersResponse.js';
import type { RegisterWorkerRequest as _actorworkflow_v1_RegisterWorkerRequest, RegisterWorkerRequest__Output as _actorworkflow_v1_RegisterWorkerRequest__Output } from './actorworkflow/v1/RegisterWorkerRequest.js';
import type { Snapshot as _actorworkflow_v1_Snapshot, Snapshot__Output as _actorworkflow_v1_Snapshot__Output } from './actorworkflow/v1/Snapshot.js';
import type { Worker as _actorworkflow_v1_Worker, Worker__Output as _actorworkflow_v1_Worker__Output } from './actorworkflow/v1/Worker.js';
import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from './actorworkflow/v1/WorkerRef.js';
import type { WorkerRegistryClient as _actorworkflow_v1_WorkerRegistryClient, WorkerRegistryDefinition as _actorworkflow_v1_WorkerRegistryDefinition } from './actorworkflow/v1/WorkerRegistry.js';
import type { WorkerStatus as _actorworkflow_v1_WorkerStatus, WorkerStatus__Output as _actorworkflow_v1_WorkerStatus__Output } from './actorworkflow/v1/WorkerStatus.js';
import type { WorkflowFailure as _actorworkflow_v1_WorkflowFailure, WorkflowFailure__Output as _actorworkflow_v1_WorkflowFailure__Output } from './actorworkflow/v1/WorkflowFailure.js';
import type { WorkloadSpec as _actorworkflow_v1_WorkloadSpec, WorkloadSpec__Output as _actorworkflow_v1_WorkloadSpec__Output } from './actorworkflow/v1/WorkloadSpec.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.js';
import type { Empty as _google_protobuf_Empty, Empty__Output as _google_protobuf_Empty__Output } from './google/protobuf/Empty.js';
import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.js';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  actorworkflow: {
    v1: {
      Actor: MessageTypeDefinition<_actorworkflow_v1_Actor, _actorworkflow_v1_Actor__Output>
      ActorLease: MessageTypeDefinition<_actorworkflow_v1_ActorLease, _actorworkflow_v1_ActorLease__Output>
      ActorRef: MessageTypeDefinition<_actorworkflow_v1_ActorRef, _actorworkflow_v1_ActorRef__Output>
      /**
       * ActorRegistry keeps the actors that ActorWorkflow works on.
       */
      ActorRegistry: SubtypeConstructor<typeof grpc.Client, _actorworkflow_v1_ActorRegistryClient> & { service: _actorworkflow_v1_ActorRegistryDefinition }
      ActorState: EnumTypeDefinition
      CreateActorRequest: MessageTypeDefinition<_actorworkflow_v1_CreateActorRequest, _actorworkflow_v1_CreateActorRequest__Output>
      DeleteActorRequest: MessageTypeDefinition<_actorworkflow_v1_DeleteActorRequest, _actorworkflow_v1_DeleteActorRequest__Output>
      DeregisterWorkerRequest: MessageTypeDefinition<_actorworkflow_v1_DeregisterWorkerRequest, _actorworkflow_v1_DeregisterWorkerRequest__Output>
      ForceReleaseRequest: MessageTypeDefinition<_actorworkflow_v1_ForceReleaseRequest, _actorworkflow_v1_ForceReleaseRequest__Output>
      ForceReleaseResponse: MessageTypeDefinition<_actorworkflow_v1_ForceReleaseResponse, _actorworkflow_v1_ForceReleaseResponse__Output>
      GetActorRequest: MessageTypeDefinition<_actorworkflow_v1_GetActorRequest, _actorworkflow_v1_GetActorRequest__Output>
      ListActorsRequest: MessageTypeDefinition<_actorworkflow_v1_ListActorsRequest, _actorworkflow_v1_ListActorsRequest__Output>
      ListActorsResponse: MessageTypeDefinition<_actorworkflow_v1_ListActorsResponse, _actorworkflow_v1_ListActorsResponse__Output>
      ListWorkersRequest: MessageTypeDefinition<_actorworkflow_v1_ListWorkersRequest, _actorworkflow_v1_ListWorkersRequest__Output>
      ListWorkersResponse: MessageTypeDefinition<_actorworkflow_v1_ListWorkersResponse, _actorworkflow_v1_ListWorkersResponse__Output>
      RegisterWorkerRequest: MessageTypeDefinition<_actorworkflow_v1_RegisterWorkerRequest, _actorworkflow_v1_RegisterWorkerRequest__Output>
      Snapshot: MessageTypeDefinition<_actorworkflow_v1_Snapshot, _actorworkflow_v1_Snapshot__Output>
      SnapshotLocation: EnumTypeDefinition
      Worker: MessageTypeDefinition<_actorworkflow_v1_Worker, _actorworkflow_v1_Worker__Output>
      WorkerRef: MessageTypeDefinition<_actorworkflow_v1_WorkerRef, _actorworkflow_v1_WorkerRef__Output>
      /**
       * WorkerRegistry keeps the workers that actors run on. A worker holds at most
       * one actor.
       */
      WorkerRegistry: SubtypeConstructor<typeof grpc.Client, _actorworkflow_v1_WorkerRegistryClient> & { service: _actorworkflow_v1_WorkerRegistryDefinition }
      WorkerStatus: MessageTypeDefinition<_actorworkflow_v1_WorkerStatus, _actorworkflow_v1_WorkerStatus__Output>
      WorkflowFailure: MessageTypeDefinition<_actorworkflow_v1_WorkflowFailure, _actorworkflow_v1_WorkflowFailure__Output>
      WorkloadSpec: MessageTypeDefinition<_actorworkflow_v1_WorkloadSpec, _actorworkflow_v1_WorkloadSpec__Output>
    }
  }
  google: {
    protobuf: {
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      Empty: MessageTypeDefinition<_google_protobuf_Empty, _google_protobuf_Empty__Output>
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
}

