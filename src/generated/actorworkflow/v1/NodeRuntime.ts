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
export interface NodeRuntimeClient extends grpc.Client {
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free. A call
   * that fails or is cancelled leaves every earlier snapshot as it was, and no
   * new one that could be restored. NOT_FOUND says that the worker does not run
   * the actor, and that the snapshot is not there either.
   * 
   * A LOCAL snapshot is the actor itself, memory and all, kept on its node and
   * off its worker: restored on any worker of the node, it goes on where it
   * stood, and that uses the snapshot up. A runtime that cannot keep one refuses
   * with UNIMPLEMENTED. What it has kept is found under whichever worker is
   * named, and can be written to a DURABLE snapshot while another actor has the
   * worker.
   */
  Checkpoint(argument: _actorworkflow_v1_CheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  Checkpoint(argument: _actorworkflow_v1_CheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free. A call
   * that fails or is cancelled leaves every earlier snapshot as it was, and no
   * new one that could be restored. NOT_FOUND says that the worker does not run
   * the actor, and that the snapshot is not there either.
   * 
   * A LOCAL snapshot is the actor itself, memory and all, kept on its node and
   * off its worker: restored on any worker of the node, it goes on where it
   * stood, and that uses the snapshot up. A runtime that cannot keep one refuses
   * with UNIMPLEMENTED. What it has kept is found under whichever worker is
   * named, and can be written to a DURABLE snapshot while another actor has the
   * worker.
   */
  checkpoint(argument: _actorworkflow_v1_CheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  checkpoint(argument: _actorworkflow_v1_CheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_CheckpointEvent__Output>;
  
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   * Without a snapshot it boots from spec. What the worker runs of the actor from
   * another snapshot or spec is replaced. A snapshot that is missing, or not
   * whole, is DATA_LOSS, and nothing starts.
   */
  Restore(argument: _actorworkflow_v1_RestoreRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  Restore(argument: _actorworkflow_v1_RestoreRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   * Without a snapshot it boots from spec. What the worker runs of the actor from
   * another snapshot or spec is replaced. A snapshot that is missing, or not
   * whole, is DATA_LOSS, and nothing starts.
   */
  restore(argument: _actorworkflow_v1_RestoreRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  restore(argument: _actorworkflow_v1_RestoreRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_RestoreEvent__Output>;
  
  /**
   * Stops whatever the worker runs of the actor, without a snapshot, and ends a
   * Restore with the same token that is under way. OK where nothing is left to
   * stop.
   */
  Stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  Stop(argument: _actorworkflow_v1_StopRequest, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Stops whatever the worker runs of the actor, without a snapshot, and ends a
   * Restore with the same token that is under way. OK where nothing is left to
   * stop.
   */
  stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  stop(argument: _actorworkflow_v1_StopRequest, callback: grpc.requestCallback<_actorworkflow_v1_StopResponse__Output>): grpc.ClientUnaryCall;
  
}

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
export interface NodeRuntimeHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Writes a snapshot, then stops the actor, so that the worker is free. A call
   * that fails or is cancelled leaves every earlier snapshot as it was, and no
   * new one that could be restored. NOT_FOUND says that the worker does not run
   * the actor, and that the snapshot is not there either.
   * 
   * A LOCAL snapshot is the actor itself, memory and all, kept on its node and
   * off its worker: restored on any worker of the node, it goes on where it
   * stood, and that uses the snapshot up. A runtime that cannot keep one refuses
   * with UNIMPLEMENTED. What it has kept is found under whichever worker is
   * named, and can be written to a DURABLE snapshot while another actor has the
   * worker.
   */
  Checkpoint: grpc.handleServerStreamingCall<_actorworkflow_v1_CheckpointRequest__Output, _actorworkflow_v1_CheckpointEvent>;
  
  /**
   * Starts the actor on the worker, and answers once it is ready to serve.
   * Without a snapshot it boots from spec. What the worker runs of the actor from
   * another snapshot or spec is replaced. A snapshot that is missing, or not
   * whole, is DATA_LOSS, and nothing starts.
   */
  Restore: grpc.handleServerStreamingCall<_actorworkflow_v1_RestoreRequest__Output, _actorworkflow_v1_RestoreEvent>;
  
  /**
   * Stops whatever the worker runs of the actor, without a snapshot, and ends a
   * Restore with the same token that is under way. OK where nothing is left to
   * stop.
   */
  Stop: grpc.handleUnaryCall<_actorworkflow_v1_StopRequest__Output, _actorworkflow_v1_StopResponse>;
  
}

export interface NodeRuntimeDefinition extends grpc.ServiceDefinition {
  Checkpoint: MethodDefinition<_actorworkflow_v1_CheckpointRequest, _actorworkflow_v1_CheckpointEvent, _actorworkflow_v1_CheckpointRequest__Output, _actorworkflow_v1_CheckpointEvent__Output>
  Restore: MethodDefinition<_actorworkflow_v1_RestoreRequest, _actorworkflow_v1_RestoreEvent, _actorworkflow_v1_RestoreRequest__Output, _actorworkflow_v1_RestoreEvent__Output>
  Stop: MethodDefinition<_actorworkflow_v1_StopRequest, _actorworkflow_v1_StopResponse, _actorworkflow_v1_StopRequest__Output, _actorworkflow_v1_StopResponse__Output>
}
