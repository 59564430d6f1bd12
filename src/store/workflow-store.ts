// The port to what a workflow reads and writes: the actor's record together
// with its lease, and the claims on workers. Each method is one script and one
// round trip. Guarantees: a transition is written only while the lease is
// still this workflow's and the record is in a state that it starts from; the
// same transition of the same workflow, repeated, is written once. Every
// method throws STORE_UNAVAILABLE when there is no answer; `maybeDone` then
// says whether it may have been done.

import type { Actor, ActorRef, ActorState, ClaimedWorker, WorkflowKind } from '../actor/actor.js';
import type { Transition } from '../actor/transition.js';
import type { LeaseIdentity } from '../lease/lease-store.js';

/** What an actor's lease is taken for. */
export type LeaseKind = WorkflowKind | 'DELETE' | 'FREE';

export interface AcquireRequest {
  readonly actor: ActorRef;
  readonly workflowId: string;
  readonly kind: LeaseKind;
  readonly holder: string;
  /** Which life of the holder this is, the later the greater: a restart takes back at once what a former one has left. */
  readonly life: string;
  readonly ttlMs: number;
  /** For people who look into Redis, ms since 1970. */
  readonly acquireTimeMs: number;
  /** Queue for the lease where it is held; see Wakeups. */
  readonly wait?: Waiting;
  /** Goes before those who wait: what they wait for will not be there any more. */
  readonly overtakes?: boolean;
  /** In this state there is nothing to do: return the record, take no lease. */
  readonly idleState?: ActorState;
}

/** A place in a queue: kept for `lifetimeMs` from each time that it is asked for. */
export interface Waiting {
  readonly channel: string;
  readonly lifetimeMs: number;
}

export interface HeldLease {
  /** Empty where what stands in Redis is no lease of this service. */
  readonly holder: string;
  readonly workflowId: string;
  readonly kind: string;
  readonly fencingToken: number;
  /** Ms since 1970 by its holder's clock; 0 where unknown. */
  readonly acquireTimeMs: number;
  readonly expiresInMs: number;
}

export type AcquireResult =
  | {
      readonly type: 'granted';
      readonly lease: LeaseIdentity & { readonly fencingToken: number; readonly serverTimeUs: number };
      readonly actor: Actor;
    }
  | { readonly type: 'idle'; readonly actor: Actor }
  | { readonly type: 'held'; readonly by: HeldLease }
  /** The lease is free, and others came first. */
  | { readonly type: 'queued'; readonly inFront: number }
  | { readonly type: 'not_found' };

export interface ClaimRequest {
  readonly actor: ActorRef;
  readonly pool: string;
  readonly fencingToken: number;
  /** Claim on this node if it has a free worker. */
  readonly preferredNode?: string;
  /** Queue for a free worker where there is none. */
  readonly wait?: Waiting;
}

export interface WorkflowStore {
  acquire(request: AcquireRequest): Promise<AcquireResult>;
  /** Gives up a place in the queue for the lease, and wakes the next if it was this one's turn. */
  leaveLeaseQueue(actor: ActorRef, workflowId: string): Promise<void>;
  /**
   * @param release also releases the lease, in the same script
   * @throws LEASE_LOST if the lease is not this one any more; INVALID_STATE if the record is in another state
   */
  transition(
    actor: ActorRef,
    lease: LeaseIdentity,
    workflowId: string,
    transition: Transition,
    release: boolean,
  ): Promise<Actor>;
  /**
   * The worker that the actor holds already, else a free one: the one that has been free longest.
   * @throws NO_MATCHING_POOL, NO_FREE_WORKER, or LEASE_LOST if a newer workflow has claimed
   */
  claim(request: ClaimRequest): Promise<ClaimedWorker>;
  /** Gives up a place in the queue for a free worker. */
  leaveWorkerQueue(actor: ActorRef, pool: string): Promise<void>;
  /** Frees the worker that the actor holds, unless a newer token has claimed it since; where it holds none, nothing. */
  free(actor: ActorRef, pool: string, fencingToken: number): Promise<void>;
  /** Whether any worker of the pool is registered on the node. Linear in the pool's size; for a node that seems lost. */
  hasWorkersOn(pool: string, node: string): Promise<boolean>;
  /** A worker as it is registered now; undefined if it is gone. */
  findWorker(pool: string, name: string): Promise<ClaimedWorker | undefined>;
}
