// The ports that the registries are served from: actors and workers as stored,
// outside any workflow. Every method throws STORE_UNAVAILABLE when Redis does
// not answer; a write may have been done all the same then.

import type { LeaseIdentity } from '../lease/lease-store.js';
import type { HeldLease } from './workflow-store.js';
import type { Actor, ActorRef, Snapshot, WorkerRef, WorkloadSpec } from '../actor/actor.js';

export interface NewActor {
  readonly ref: ActorRef;
  readonly spec: WorkloadSpec;
  readonly pool: string;
  readonly snapshot?: Snapshot;
}

/** One page of a listing in the order of names. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The name after which the next page starts; absent on the last page. */
  readonly nextAfter?: string;
}

/** An actor with who works on it now. */
export interface ActorView {
  readonly actor: Actor;
  readonly lease?: HeldLease & { readonly step: string };
  /** The store's own time, ms since 1970. */
  readonly nowMs: number;
}

export interface ActorRegistryStore {
  /** @throws ACTOR_ALREADY_EXISTS */
  create(actor: NewActor): Promise<Actor>;
  /** @throws ACTOR_NOT_FOUND */
  look(ref: ActorRef): Promise<ActorView>;
  /** Actors of one namespace whose names come after `after`; never empty before the last page. */
  list(namespace: string, pageSize: number, after: string, wanted: (actor: Actor) => boolean): Promise<Page<Actor>>;
  /** Deletes the record under a lease, which goes with it, and its claim. @throws ACTOR_NOT_FOUND, LEASE_LOST */
  delete(ref: ActorRef, lease: LeaseIdentity): Promise<void>;
  /** Breaks the lease, whoever holds it. @returns what was broken. @throws ACTOR_NOT_FOUND */
  forceRelease(ref: ActorRef, reason: string): Promise<HeldLease | undefined>;
}

export interface Worker {
  readonly ref: WorkerRef;
  readonly runtimeAddress: string;
  readonly node: string;
  readonly actor?: ActorRef;
  /** That of its claim; 0 while it is free. */
  readonly fencingToken: number;
  /** When it is taken out of service unless it registers again, ms since 1970; absent: never. */
  readonly expireTimeMs?: number;
}

export interface NewWorker {
  readonly ref: WorkerRef;
  readonly runtimeAddress: string;
  readonly node: string;
  /** Absent: it stays until it is deregistered. */
  readonly ttlMs?: number;
}

export interface WorkerRegistryStore {
  /** Creates the worker or updates its address and node; a claim on it stays. */
  register(worker: NewWorker): Promise<Worker>;
  /**
   * Takes a worker out of service; with `force` also one that is claimed, whose actor then is CRASHED.
   * With `onlyIfExpired` it does nothing to one that has registered in time after all.
   * @throws WORKER_NOT_FOUND, or INVALID_STATE while it is claimed and not `force`
   */
  deregister(ref: WorkerRef, force: boolean, onlyIfExpired?: boolean): Promise<void>;
  /** Workers of one pool whose names come after `after`. */
  list(pool: string, pageSize: number, after: string): Promise<Page<Worker>>;
}
