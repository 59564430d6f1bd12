// What a caller may ask of a workflow, after rpc has checked it.

import type { ActorRef } from '../actor/actor.js';
import type { WorkflowEvent } from './event.js';

export interface WorkflowRequest {
  readonly actor: ActorRef;
  /** The longest that the workflow may take, from the lease to the last step; at most the replica's own limit, its default. */
  readonly deadlineMs?: number;
  /** When the caller's own deadline passes, on the replica's monotonic clock. */
  readonly callerDeadlineAtMs?: number;
  /** Also tell of every renewal of the lease. */
  readonly leaseEvents: boolean;
}

export interface ResumeRequest extends WorkflowRequest {
  /** Boot from the spec and ignore every snapshot. */
  readonly boot: boolean;
}

/**
 * What rpc calls. Each call runs a whole workflow: it yields its events, the
 * last one `completed` or `failed`, and after `failed` throws the
 * CoordinatorError that the stream ends with. A call that is refused before it
 * holds the lease throws without an event. Aborting `signal` with a
 * CoordinatorError ends the workflow with that error. The workflow goes on
 * while nobody reads; what waits to be read is bounded.
 */
export interface WorkflowService {
  resume(request: ResumeRequest, signal: AbortSignal): AsyncIterable<WorkflowEvent>;
  suspend(request: WorkflowRequest, signal: AbortSignal): AsyncIterable<WorkflowEvent>;
}
