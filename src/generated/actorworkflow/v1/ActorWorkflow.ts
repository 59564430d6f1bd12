// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { PauseRequest as _actorworkflow_v1_PauseRequest, PauseRequest__Output as _actorworkflow_v1_PauseRequest__Output } from '../../actorworkflow/v1/PauseRequest.js';
import type { ResumeRequest as _actorworkflow_v1_ResumeRequest, ResumeRequest__Output as _actorworkflow_v1_ResumeRequest__Output } from '../../actorworkflow/v1/ResumeRequest.js';
import type { SuspendRequest as _actorworkflow_v1_SuspendRequest, SuspendRequest__Output as _actorworkflow_v1_SuspendRequest__Output } from '../../actorworkflow/v1/SuspendRequest.js';
import type { WatchRequest as _actorworkflow_v1_WatchRequest, WatchRequest__Output as _actorworkflow_v1_WatchRequest__Output } from '../../actorworkflow/v1/WatchRequest.js';
import type { WorkflowEvent as _actorworkflow_v1_WorkflowEvent, WorkflowEvent__Output as _actorworkflow_v1_WorkflowEvent__Output } from '../../actorworkflow/v1/WorkflowEvent.js';

/**
 * ActorWorkflow moves one actor at a time between its states.
 * 
 * Every call holds the actor's lease for as long as its workflow runs, streams
 * the workflow's events, and ends with exactly one gRPC status. A status other
 * than OK carries a google.rpc.ErrorInfo whose reason is an ErrorReason name
 * and whose domain is "actorworkflow.v1", and, where a retry can help, a
 * google.rpc.RetryInfo.
 */
export interface ActorWorkflowClient extends grpc.Client {
  /**
   * Pause is Suspend with the snapshot kept on the worker's node: faster to
   * resume, and only there.
   */
  Pause(argument: _actorworkflow_v1_PauseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  Pause(argument: _actorworkflow_v1_PauseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  /**
   * Pause is Suspend with the snapshot kept on the worker's node: faster to
   * resume, and only there.
   */
  pause(argument: _actorworkflow_v1_PauseRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  pause(argument: _actorworkflow_v1_PauseRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  
  /**
   * Resume brings an actor to RUNNING on a worker, from its latest snapshot or
   * from its workload spec. Resuming a RUNNING actor changes nothing.
   */
  Resume(argument: _actorworkflow_v1_ResumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  Resume(argument: _actorworkflow_v1_ResumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  /**
   * Resume brings an actor to RUNNING on a worker, from its latest snapshot or
   * from its workload spec. Resuming a RUNNING actor changes nothing.
   */
  resume(argument: _actorworkflow_v1_ResumeRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  resume(argument: _actorworkflow_v1_ResumeRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  
  /**
   * Suspend writes a snapshot of a RUNNING actor to durable storage and frees
   * its worker. Suspending a SUSPENDED actor changes nothing; suspending one
   * that is PAUSING finishes its Pause, and leaves it PAUSED.
   */
  Suspend(argument: _actorworkflow_v1_SuspendRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  Suspend(argument: _actorworkflow_v1_SuspendRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  /**
   * Suspend writes a snapshot of a RUNNING actor to durable storage and frees
   * its worker. Suspending a SUSPENDED actor changes nothing; suspending one
   * that is PAUSING finishes its Pause, and leaves it PAUSED.
   */
  suspend(argument: _actorworkflow_v1_SuspendRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  suspend(argument: _actorworkflow_v1_SuspendRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  
  /**
   * Watch replays the events of the actor's running workflow, or of its last
   * one, and follows it to its end, whichever replica runs it.
   */
  Watch(argument: _actorworkflow_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  Watch(argument: _actorworkflow_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  /**
   * Watch replays the events of the actor's running workflow, or of its last
   * one, and follows it to its end, whichever replica runs it.
   */
  watch(argument: _actorworkflow_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  watch(argument: _actorworkflow_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_actorworkflow_v1_WorkflowEvent__Output>;
  
}

/**
 * ActorWorkflow moves one actor at a time between its states.
 * 
 * Every call holds the actor's lease for as long as its workflow runs, streams
 * the workflow's events, and ends with exactly one gRPC status. A status other
 * than OK carries a google.rpc.ErrorInfo whose reason is an ErrorReason name
 * and whose domain is "actorworkflow.v1", and, where a retry can help, a
 * google.rpc.RetryInfo.
 */
export interface ActorWorkflowHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Pause is Suspend with the snapshot kept on the worker's node: faster to
   * resume, and only there.
   */
  Pause: grpc.handleServerStreamingCall<_actorworkflow_v1_PauseRequest__Output, _actorworkflow_v1_WorkflowEvent>;
  
  /**
   * Resume brings an actor to RUNNING on a worker, from its latest snapshot or
   * from its workload spec. Resuming a RUNNING actor changes nothing.
   */
  Resume: grpc.handleServerStreamingCall<_actorworkflow_v1_ResumeRequest__Output, _actorworkflow_v1_WorkflowEvent>;
  
  /**
   * Suspend writes a snapshot of a RUNNING actor to durable storage and frees
   * its worker. Suspending a SUSPENDED actor changes nothing; suspending one
   * that is PAUSING finishes its Pause, and leaves it PAUSED.
   */
  Suspend: grpc.handleServerStreamingCall<_actorworkflow_v1_SuspendRequest__Output, _actorworkflow_v1_WorkflowEvent>;
  
  /**
   * Watch replays the events of the actor's running workflow, or of its last
   * one, and follows it to its end, whichever replica runs it.
   */
  Watch: grpc.handleServerStreamingCall<_actorworkflow_v1_WatchRequest__Output, _actorworkflow_v1_WorkflowEvent>;
  
}

export interface ActorWorkflowDefinition extends grpc.ServiceDefinition {
  Pause: MethodDefinition<_actorworkflow_v1_PauseRequest, _actorworkflow_v1_WorkflowEvent, _actorworkflow_v1_PauseRequest__Output, _actorworkflow_v1_WorkflowEvent__Output>
  Resume: MethodDefinition<_actorworkflow_v1_ResumeRequest, _actorworkflow_v1_WorkflowEvent, _actorworkflow_v1_ResumeRequest__Output, _actorworkflow_v1_WorkflowEvent__Output>
  Suspend: MethodDefinition<_actorworkflow_v1_SuspendRequest, _actorworkflow_v1_WorkflowEvent, _actorworkflow_v1_SuspendRequest__Output, _actorworkflow_v1_WorkflowEvent__Output>
  Watch: MethodDefinition<_actorworkflow_v1_WatchRequest, _actorworkflow_v1_WorkflowEvent, _actorworkflow_v1_WatchRequest__Output, _actorworkflow_v1_WorkflowEvent__Output>
}
