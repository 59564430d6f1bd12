import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from './actorworkflow/v1/Actor.js';
import type { ActorLease as _actorworkflow_v1_ActorLease, ActorLease__Output as _actorworkflow_v1_ActorLease__Output } from './actorworkflow/v1/ActorLease.js';
import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from './actorworkflow/v1/ActorRef.js';
import type { ActorWorkflowClient as _actorworkflow_v1_ActorWorkflowClient, ActorWorkflowDefinition as _actorworkflow_v1_ActorWorkflowDefinition } from './actorworkflow/v1/ActorWorkflow.js';
import type { Lease as _actorworkflow_v1_Lease, Lease__Output as _actorworkflow_v1_Lease__Output } from './actorworkflow/v1/Lease.js';
import type { LeaseRenewed as _actorworkflow_v1_LeaseRenewed, LeaseRenewed__Output as _actorworkflow_v1_LeaseRenewed__Output } from './actorworkflow/v1/LeaseRenewed.js';
import type { PauseRequest as _actorworkflow_v1_PauseRequest, PauseRequest__Output as _actorworkflow_v1_PauseRequest__Output } from './actorworkflow/v1/PauseRequest.js';
import type { ResumeRequest as _actorworkflow_v1_ResumeRequest, ResumeRequest__Output as _actorworkflow_v1_ResumeRequest__Output } from './actorworkflow/v1/ResumeRequest.js';
import type { Snapshot as _actorworkflow_v1_Snapshot, Snapshot__Output as _actorworkflow_v1_Snapshot__Output } from './actorworkflow/v1/Snapshot.js';
import type { StepCompleted as _actorworkflow_v1_StepCompleted, StepCompleted__Output as _actorworkflow_v1_StepCompleted__Output } from './actorworkflow/v1/StepCompleted.js';
import type { StepProgress as _actorworkflow_v1_StepProgress, StepProgress__Output as _actorworkflow_v1_StepProgress__Output } from './actorworkflow/v1/StepProgress.js';
import type { StepRetrying as _actorworkflow_v1_StepRetrying, StepRetrying__Output as _actorworkflow_v1_StepRetrying__Output } from './actorworkflow/v1/StepRetrying.js';
import type { StepStarted as _actorworkflow_v1_StepStarted, StepStarted__Output as _actorworkflow_v1_StepStarted__Output } from './actorworkflow/v1/StepStarted.js';
import type { SuspendRequest as _actorworkflow_v1_SuspendRequest, SuspendRequest__Output as _actorworkflow_v1_SuspendRequest__Output } from './actorworkflow/v1/SuspendRequest.js';
import type { WatchRequest as _actorworkflow_v1_WatchRequest, WatchRequest__Output as _actorworkflow_v1_WatchRequest__Output } from './actorworkflow/v1/WatchRequest.js';
import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from './actorworkflow/v1/WorkerRef.js';
import type { WorkflowCompleted as _actorworkflow_v1_WorkflowCompleted, WorkflowCompleted__Output as _actorworkflow_v1_WorkflowCompleted__Output } from './actorworkflow/v1/WorkflowCompleted.js';
import type { WorkflowEvent as _actorworkflow_v1_WorkflowEvent, WorkflowEvent__Output as _actorworkflow_v1_WorkflowEvent__Output } from './actorworkflow/v1/WorkflowEvent.js';
import type { WorkflowFailed as _actorworkflow_v1_WorkflowFailed, WorkflowFailed__Output as _actorworkflow_v1_WorkflowFailed__Output } from './actorworkflow/v1/WorkflowFailed.js';
import type { WorkflowFailure as _actorworkflow_v1_WorkflowFailure, WorkflowFailure__Output as _actorworkflow_v1_WorkflowFailure__Output } from './actorworkflow/v1/WorkflowFailure.js';
import type { WorkflowOptions as _actorworkflow_v1_WorkflowOptions, WorkflowOptions__Output as _actorworkflow_v1_WorkflowOptions__Output } from './actorworkflow/v1/WorkflowOptions.js';
import type { WorkflowStarted as _actorworkflow_v1_WorkflowStarted, WorkflowStarted__Output as _actorworkflow_v1_WorkflowStarted__Output } from './actorworkflow/v1/WorkflowStarted.js';
import type { WorkloadSpec as _actorworkflow_v1_WorkloadSpec, WorkloadSpec__Output as _actorworkflow_v1_WorkloadSpec__Output } from './actorworkflow/v1/WorkloadSpec.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.js';
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
      ActorState: EnumTypeDefinition
      /**
       * ActorWorkflow moves one actor at a time between its states.
       * 
       * Every call holds the actor's lease for as long as its workflow runs, streams
       * the workflow's events, and ends with exactly one gRPC status. A status other
       * than OK carries a google.rpc.ErrorInfo whose reason is an ErrorReason name
       * and whose domain is "actorworkflow.v1", and, where a retry can help, a
       * google.rpc.RetryInfo.
       */
      ActorWorkflow: SubtypeConstructor<typeof grpc.Client, _actorworkflow_v1_ActorWorkflowClient> & { service: _actorworkflow_v1_ActorWorkflowDefinition }
      DisconnectPolicy: EnumTypeDefinition
      ErrorReason: EnumTypeDefinition
      Lease: MessageTypeDefinition<_actorworkflow_v1_Lease, _actorworkflow_v1_Lease__Output>
      LeaseRenewed: MessageTypeDefinition<_actorworkflow_v1_LeaseRenewed, _actorworkflow_v1_LeaseRenewed__Output>
      PauseRequest: MessageTypeDefinition<_actorworkflow_v1_PauseRequest, _actorworkflow_v1_PauseRequest__Output>
      ResumeRequest: MessageTypeDefinition<_actorworkflow_v1_ResumeRequest, _actorworkflow_v1_ResumeRequest__Output>
      Snapshot: MessageTypeDefinition<_actorworkflow_v1_Snapshot, _actorworkflow_v1_Snapshot__Output>
      SnapshotLocation: EnumTypeDefinition
      StepCompleted: MessageTypeDefinition<_actorworkflow_v1_StepCompleted, _actorworkflow_v1_StepCompleted__Output>
      StepProgress: MessageTypeDefinition<_actorworkflow_v1_StepProgress, _actorworkflow_v1_StepProgress__Output>
      StepRetrying: MessageTypeDefinition<_actorworkflow_v1_StepRetrying, _actorworkflow_v1_StepRetrying__Output>
      StepStarted: MessageTypeDefinition<_actorworkflow_v1_StepStarted, _actorworkflow_v1_StepStarted__Output>
      SuspendRequest: MessageTypeDefinition<_actorworkflow_v1_SuspendRequest, _actorworkflow_v1_SuspendRequest__Output>
      WatchRequest: MessageTypeDefinition<_actorworkflow_v1_WatchRequest, _actorworkflow_v1_WatchRequest__Output>
      WorkerRef: MessageTypeDefinition<_actorworkflow_v1_WorkerRef, _actorworkflow_v1_WorkerRef__Output>
      WorkflowCompleted: MessageTypeDefinition<_actorworkflow_v1_WorkflowCompleted, _actorworkflow_v1_WorkflowCompleted__Output>
      WorkflowEvent: MessageTypeDefinition<_actorworkflow_v1_WorkflowEvent, _actorworkflow_v1_WorkflowEvent__Output>
      WorkflowFailed: MessageTypeDefinition<_actorworkflow_v1_WorkflowFailed, _actorworkflow_v1_WorkflowFailed__Output>
      WorkflowFailure: MessageTypeDefinition<_actorworkflow_v1_WorkflowFailure, _actorworkflow_v1_WorkflowFailure__Output>
      WorkflowKind: EnumTypeDefinition
      WorkflowOptions: MessageTypeDefinition<_actorworkflow_v1_WorkflowOptions, _actorworkflow_v1_WorkflowOptions__Output>
      WorkflowStarted: MessageTypeDefinition<_actorworkflow_v1_WorkflowStarted, _actorworkflow_v1_WorkflowStarted__Output>
      WorkloadSpec: MessageTypeDefinition<_actorworkflow_v1_WorkloadSpec, _actorworkflow_v1_WorkloadSpec__Output>
    }
  }
  google: {
    protobuf: {
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
}

