import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from './actorworkflow/v1/Actor.js';
import type { ActorLease as _actorworkflow_v1_ActorLease, ActorLease__Output as _actorworkflow_v1_ActorLease__Output } from './actorworkflow/v1/ActorLease.js';
import type { ActorRef as _actorworkflow_v1_ActorRef, ActorRef__Output as _actorworkflow_v1_ActorRef__Output } from './actorworkflow/v1/ActorRef.js';
import type { CheckpointEvent as _actorworkflow_v1_CheckpointEvent, CheckpointEvent__Output as _actorworkflow_v1_CheckpointEvent__Output } from './actorworkflow/v1/CheckpointEvent.js';
import type { CheckpointRequest as _actorworkflow_v1_CheckpointRequest, CheckpointRequest__Output as _actorworkflow_v1_CheckpointRequest__Output } from './actorworkflow/v1/CheckpointRequest.js';
import type { Checkpointed as _actorworkflow_v1_Checkpointed, Checkpointed__Output as _actorworkflow_v1_Checkpointed__Output } from './actorworkflow/v1/Checkpointed.js';
import type { NodeRuntimeClient as _actorworkflow_v1_NodeRuntimeClient, NodeRuntimeDefinition as _actorworkflow_v1_NodeRuntimeDefinition } from './actorworkflow/v1/NodeRuntime.js';
import type { RestoreEvent as _actorworkflow_v1_RestoreEvent, RestoreEvent__Output as _actorworkflow_v1_RestoreEvent__Output } from './actorworkflow/v1/RestoreEvent.js';
import type { RestoreRequest as _actorworkflow_v1_RestoreRequest, RestoreRequest__Output as _actorworkflow_v1_RestoreRequest__Output } from './actorworkflow/v1/RestoreRequest.js';
import type { Restored as _actorworkflow_v1_Restored, Restored__Output as _actorworkflow_v1_Restored__Output } from './actorworkflow/v1/Restored.js';
import type { RuntimeProgress as _actorworkflow_v1_RuntimeProgress, RuntimeProgress__Output as _actorworkflow_v1_RuntimeProgress__Output } from './actorworkflow/v1/RuntimeProgress.js';
import type { Snapshot as _actorworkflow_v1_Snapshot, Snapshot__Output as _actorworkflow_v1_Snapshot__Output } from './actorworkflow/v1/Snapshot.js';
import type { StopRequest as _actorworkflow_v1_StopRequest, StopRequest__Output as _actorworkflow_v1_StopRequest__Output } from './actorworkflow/v1/StopRequest.js';
import type { StopResponse as _actorworkflow_v1_StopResponse, StopResponse__Output as _actorworkflow_v1_StopResponse__Output } from './actorworkflow/v1/StopResponse.js';
import type { WorkerRef as _actorworkflow_v1_WorkerRef, WorkerRef__Output as _actorworkflow_v1_WorkerRef__Output } from './actorworkflow/v1/WorkerRef.js';
import type { WorkflowFailure as _actorworkflow_v1_WorkflowFailure, WorkflowFailure__Output as _actorworkflow_v1_WorkflowFailure__Output } from './actorworkflow/v1/WorkflowFailure.js';
import type { WorkloadSpec as _actorworkflow_v1_WorkloadSpec, WorkloadSpec__Output as _actorworkflow_v1_WorkloadSpec__Output } from './actorworkflow/v1/WorkloadSpec.js';
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
      CheckpointEvent: MessageTypeDefinition<_actorworkflow_v1_CheckpointEvent, _actorworkflow_v1_CheckpointEvent__Output>
      CheckpointRequest: MessageTypeDefinition<_actorworkflow_v1_CheckpointRequest, _actorworkflow_v1_CheckpointRequest__Output>
      Checkpointed: MessageTypeDefinition<_actorworkflow_v1_Checkpointed, _actorworkflow_v1_Checkpointed__Output>
      /**
       * NodeRuntime is what a node agent implements and the coordinator calls: it
       * starts and snapshots actors on its workers. `actor-coordinator conformance`
       * checks an implementation against what is written here.
       * 
       * Fencing. Every call carries the fencing token of the lease that it is made
       * under. A runtime remembers the highest token that it has seen for each actor,
       * across its restarts too, and refuses a lower one with FAILED_PRECONDITION and
       * the reason STALE_FENCING_TOKEN, so that a coordinator which has lost its lease
       * without knowing it changes nothing. A token counts as seen when its call
       * arrives, whatever becomes of the call. A call with a greater token ends those
       * under way on its actor, with that same refusal, and begins when they have been
       * undone.
       * 
       * Repetition. A call that repeats work already done succeeds at once. A call
       * that repeats one under way joins it, and the work is cancelled only when all
       * who wait for it have gone.
       * 
       * Cancelling. When a call is cancelled, the runtime stops the work and leaves
       * the actor as it was before. A deadline that passes and a connection that
       * breaks cancel a call as well.
       * 
       * Errors. A call that ends with an error has changed nothing, unless its code is
       * UNAVAILABLE, CANCELLED, DEADLINE_EXCEEDED or UNKNOWN, which say that it may
       * have. A request without an actor, a worker or a token is INVALID_ARGUMENT. A
       * worker that the runtime does not have is FAILED_PRECONDITION to Restore and
       * Checkpoint, never NOT_FOUND, which would say that the actor has crashed. A
       * runtime takes what a coordinator lets through: names of 63 characters, specs
       * of 64 KiB as JSON.
       * 
       * Workers. A worker runs one actor at most, and an actor runs once: where it
       * starts on one worker, it ends on every other. Whoever holds the worker with a
       * lower token is left from a claim that is over, and a Restore ends it first.
       * One whose token is not lower stays, and the Restore is refused with
       * FAILED_PRECONDITION.
       * 
       * Progress is told when something has changed, at most 100 times a second. In
       * one phase `done` never goes down, and never beyond a `total` that is known.
       */
      NodeRuntime: SubtypeConstructor<typeof grpc.Client, _actorworkflow_v1_NodeRuntimeClient> & { service: _actorworkflow_v1_NodeRuntimeDefinition }
      RestoreEvent: MessageTypeDefinition<_actorworkflow_v1_RestoreEvent, _actorworkflow_v1_RestoreEvent__Output>
      RestoreRequest: MessageTypeDefinition<_actorworkflow_v1_RestoreRequest, _actorworkflow_v1_RestoreRequest__Output>
      Restored: MessageTypeDefinition<_actorworkflow_v1_Restored, _actorworkflow_v1_Restored__Output>
      RuntimeProgress: MessageTypeDefinition<_actorworkflow_v1_RuntimeProgress, _actorworkflow_v1_RuntimeProgress__Output>
      Snapshot: MessageTypeDefinition<_actorworkflow_v1_Snapshot, _actorworkflow_v1_Snapshot__Output>
      SnapshotLocation: EnumTypeDefinition
      StopRequest: MessageTypeDefinition<_actorworkflow_v1_StopRequest, _actorworkflow_v1_StopRequest__Output>
      StopResponse: MessageTypeDefinition<_actorworkflow_v1_StopResponse, _actorworkflow_v1_StopResponse__Output>
      WorkerRef: MessageTypeDefinition<_actorworkflow_v1_WorkerRef, _actorworkflow_v1_WorkerRef__Output>
      WorkflowFailure: MessageTypeDefinition<_actorworkflow_v1_WorkflowFailure, _actorworkflow_v1_WorkflowFailure__Output>
      WorkloadSpec: MessageTypeDefinition<_actorworkflow_v1_WorkloadSpec, _actorworkflow_v1_WorkloadSpec__Output>
    }
  }
  google: {
    protobuf: {
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
}

