// An actor's record and what it is made of: plain values, pure functions. The
// shapes are those of actor.proto with names in TypeScript's spelling, times in
// milliseconds since 1970, and 64-bit numbers as `number`: fencing tokens are
// microseconds since 1970 and stay below 2^53 until the year 2255.

/** Names an actor. Both parts are DNS-1123 labels. */
export interface ActorRef {
  readonly namespace: string;
  readonly name: string;
}

export const ACTOR_STATES = ['SUSPENDED', 'RESUMING', 'RUNNING', 'SUSPENDING', 'PAUSING', 'PAUSED', 'CRASHED'] as const;

export type ActorState = (typeof ACTOR_STATES)[number];

/** What a workflow does with an actor. */
export type WorkflowKind = 'RESUME' | 'SUSPEND' | 'PAUSE';

/** How a node runtime boots an actor. */
export interface WorkloadSpec {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly image: string;
  /** What only one kind of runtime understands: a JSON object. */
  readonly runtimeOptions?: Readonly<Record<string, unknown>>;
}

export interface Snapshot {
  readonly uri: string;
  readonly location: 'DURABLE' | 'LOCAL';
  /** The node that holds a LOCAL snapshot; else empty. */
  readonly node: string;
  readonly workflowId: string;
  readonly createTimeMs?: number;
  readonly sizeBytes: number;
}

export interface WorkflowFailure {
  readonly workflowId: string;
  readonly step: string;
  readonly reason: string;
  readonly message: string;
  readonly timeMs: number;
}

export interface WorkerRef {
  readonly pool: string;
  readonly name: string;
}

/** A worker as an actor's record keeps it: enough to call its runtime without another look-up. */
export interface ClaimedWorker extends WorkerRef {
  readonly node: string;
  /** A gRPC target, such as `dns:///host:port` or `unix:///path`. It may have moved since. */
  readonly runtimeAddress: string;
}

export interface Actor {
  readonly ref: ActorRef;
  readonly state: ActorState;
  /** One more at every change of the record; a new lease is not one. */
  readonly version: number;
  readonly spec: WorkloadSpec;
  readonly pool: string;
  readonly worker?: ClaimedWorker;
  /** Where it serves, as its runtime said when it became ready; empty if that did not say. */
  readonly address?: string;
  readonly latestSnapshot?: Snapshot;
  readonly pendingSnapshot?: Snapshot;
  /** That of the last lease granted on the actor; 0 before the first. */
  readonly fencingToken: number;
  readonly lastFailure?: WorkflowFailure;
  readonly createTimeMs: number;
  readonly updateTimeMs: number;
  /** When it came into its state; absent: it has been in no other. */
  readonly stateTimeMs?: number;
  /** While the latest snapshot is LOCAL: the durable one before it, to go back to when the node is lost. */
  readonly durableSnapshot?: Snapshot;
  /** While PAUSED: the worker that it was frozen on, through which its node's runtime is reached. */
  readonly pausedOn?: ClaimedWorker;
  /** How often recovery has been tried since the actor was abandoned. */
  readonly recoveryAttempts?: number;
  /** While RESUMING: where a Resume that surely failed goes back to. */
  readonly previousState?: ActorState;
}

/** The pool of an actor that names none. */
export const DEFAULT_POOL = 'default';

/** `namespace/name`, as in messages, logs and keys. */
export function formatRef(ref: ActorRef): string {
  return `${ref.namespace}/${ref.name}`;
}

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether `text` is a DNS-1123 label: 1 to 63 of a-z, 0-9 and inner hyphens (RFC 1123, section 2.1). */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}
