// The port to where leases are kept. A lease is known by a key and by a value
// that no other lease on that key ever has; renew and release compare it.

/** What identifies one granted lease in the store. */
export interface LeaseIdentity {
  /** What the lease is on, such as `namespace/name`. */
  readonly resource: string;
  readonly value: string;
}

export interface Renewal extends LeaseIdentity {
  readonly ttlMs: number;
  /** In the store's own time, µs since 1970: read any later, the renewal refuses itself. */
  readonly notAfterUs: number;
}

export type RenewResult =
  | { readonly type: 'renewed'; readonly serverTimeUs: number }
  /** Read after its deadline, and so not done. */
  | { readonly type: 'late'; readonly serverTimeUs: number }
  /** The lease is gone or somebody else's: `current` is what stands there, if anything. */
  | { readonly type: 'lost'; readonly current?: string }
  /** Somebody broke the lease by force, and said why. */
  | { readonly type: 'broken'; readonly reason: string }
  /** No answer: it may have been done. */
  | { readonly type: 'failed'; readonly error: Error };

export interface PlainLeaseRequest {
  readonly resource: string;
  readonly workflowId: string;
  readonly holder: string;
  readonly life: string;
  readonly acquireTimeMs: number;
  readonly ttlMs: number;
}

/** Undefined where somebody else holds it. */
export type PlainLeaseResult =
  (LeaseIdentity & { readonly fencingToken: number; readonly serverTimeUs: number }) | undefined;

export interface LeaseStore {
  /** Takes a lease that is on no actor, such as the reconciler's. @throws STORE_UNAVAILABLE */
  acquire(request: PlainLeaseRequest): Promise<PlainLeaseResult>;
  /** Renews leases that are due together, together. One result for each, in order; never throws. */
  renew(renewals: readonly Renewal[]): Promise<readonly RenewResult[]>;
  /** Deletes the lease if it is still this one. @returns whether it was. @throws STORE_UNAVAILABLE */
  release(lease: LeaseIdentity): Promise<boolean>;
}
