// The port to a node runtime: what a workflow asks of the machine that an actor
// runs on. The promises are those of node_runtime.proto: every call is fenced,
// a repeated call succeeds at once, a cancelled one leaves the actor as it was.
// An implementation throws RUNTIME_FAILED when the runtime answered with an
// error of its own (surely not done), RUNTIME_UNAVAILABLE when it could not be
// reached or the connection broke (maybe done), STALE_FENCING_TOKEN when it has
// seen a greater token, and the signal's reason when that aborts.

import type { ActorRef, Snapshot, WorkerRef, WorkloadSpec } from '../actor/actor.js';

export interface RuntimeCall {
  readonly actor: ActorRef;
  readonly worker: WorkerRef;
  readonly fencingToken: number;
  readonly workflowId: string;
}

export interface RuntimeProgress {
  readonly phase: string;
  /** In `unit`s; `total` is 0 while it is not known. */
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly message: string;
}

export type ReportProgress = (progress: RuntimeProgress) => void;

export interface RestoreCall extends RuntimeCall {
  readonly spec: WorkloadSpec;
  /** Absent: boot from `spec`. */
  readonly snapshot?: Snapshot;
}

export interface CheckpointCall extends RuntimeCall {
  /** Where to write it. */
  readonly snapshot: Snapshot;
}

export interface NodeRuntime {
  /** Starts the actor on the worker; resolves once it is ready to serve, with where (may be empty). */
  restore(call: RestoreCall, report: ReportProgress, signal: AbortSignal): Promise<{ readonly address: string }>;
  /** Writes a snapshot, then stops the actor. */
  checkpoint(
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }>;
  /** Stops whatever the worker runs of the actor; resolves also where nothing is left to stop. */
  stop(call: RuntimeCall, signal: AbortSignal): Promise<{ readonly stopped: boolean }>;
}

/** Finds the runtime behind a worker's address, which is a gRPC target. */
export type RuntimeAt = (address: string) => NodeRuntime;
