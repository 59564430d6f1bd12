// What a caller may ask of a workflow, after rpc has checked it.

import type { ActorRef } from '../actor/actor.js';
import type { WorkflowEvent } from './event.js';

export interface WorkflowRequest {
  readonly actor: ActorRef;
  /** The longest that the workflow may take, from the lease to the last step; at most the replica's own limit, its default. */
  readonly deadlineMs?: number;
  /** When the caller's own deadline passes, on the replica's monotonic clock. */
  readonly callerDeadlineAtMs?: number;
  /** How long to queue for a lease that another workflow holds; 0: not at all. */
  readonly leaseWaitMs: number;
  /** Follow a workflow of the same kind that holds the lease already. */
  readonly join: boolean;
  /** The workflow runs on when its caller has gone. */
  readonly outlivesCaller: boolean;
  /** Also tell of every renewal of the lease. */
  readonly leaseEvents: boolean;
}

export interface ResumeRequest extends WorkflowRequest {
  /** Boot from the spec and ignore every snapshot. */
  readonly boot: boolean;
  /** How long to queue for a free worker; 0: not at all. */
  readonly workerWaitMs: number;
}

export interface WatchRequest {
  readonly actor: ActorRef;
  readonly afterSequence: number;
}

/** A workflow's events; `ended` resolves when the workflow has, whether they have been read or not. */
export interface WorkflowStream extends AsyncIterable<WorkflowEvent> {
  readonly ended: Promise<void>;
}

/**
 * What rpc calls. Each call runs a whole workflow and yields its events, the
 * last one `completed` or `failed`; after `failed` it throws the error that the
 * stream ends with. A call that is refused before it holds the lease throws
 * without an event. Aborting `signal` with a CoordinatorError, or leaving the
 * iteration, ends the workflow unless it outlives its caller. It goes on while
 * nobody reads; what waits to be read is bounded. An error that is not a
 * CoordinatorError is a bug.
 */
export interface WorkflowService {
  resume(request: ResumeRequest, signal: AbortSignal): WorkflowStream;
  suspend(request: WorkflowRequest, signal: AbortSignal): WorkflowStream;
  pause(request: WorkflowRequest, signal: AbortSignal): WorkflowStream;
  /** Replays and follows the actor's workflow, and ends as that does. */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WorkflowEvent>;
}
