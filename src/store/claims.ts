// The port to all claims on workers: what the reconciler looks through. Whoever
// is in a transitional state holds a claim, so that it need not look at every
// actor, only at as many as there are workers in use.

import type { ActorRef, WorkerRef } from '../actor/actor.js';

export interface Claim {
  readonly worker: WorkerRef;
  readonly actor: ActorRef;
  readonly fencingToken: number;
}

export interface ClaimStore {
  /** The pools that ever had a worker. */
  pools(): Promise<readonly string[]>;
  /** All claims of a pool, in portions; one that changes meanwhile may be missing or come twice. */
  claims(pool: string): AsyncIterable<readonly Claim[]>;
  /** Frees a claim if it is still that one. */
  freeClaim(claim: Claim): Promise<void>;
  /** Workers that have not registered again in time. */
  expiredWorkers(pool: string): Promise<readonly ExpiredWorker[]>;
}

export interface ExpiredWorker {
  readonly ref: WorkerRef;
  readonly runtimeAddress: string;
  readonly isClaimed: boolean;
}
