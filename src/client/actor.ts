// An actor as a caller sees it, and what it is made of: actor.proto with names
// in TypeScript's spelling, times as Date, and numbers where they fit one:
// fencing tokens are microseconds since 1970 and do until the year 2255.

import type { Actor__Output } from '../generated/actorworkflow/v1/Actor.js';
import type { ActorLease__Output } from '../generated/actorworkflow/v1/ActorLease.js';
import type { Snapshot__Output } from '../generated/actorworkflow/v1/Snapshot.js';
import type { Timestamp__Output } from '../generated/google/protobuf/Timestamp.js';
import { quote } from '../errors.js';
import { fromStruct } from '../rpc/struct.js';
import { fromTimestamp } from '../rpc/time.js';

/** Names an actor. Both parts are DNS-1123 labels. */
export interface ActorRef {
  readonly namespace: string;
  readonly name: string;
}

export type ActorState = 'SUSPENDED' | 'RESUMING' | 'RUNNING' | 'SUSPENDING' | 'PAUSING' | 'PAUSED' | 'CRASHED';

export type WorkflowKind = 'RESUME' | 'SUSPEND' | 'PAUSE';

/** How a node runtime boots an actor. */
export interface WorkloadSpec {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An OCI image reference, for runtimes that run containers. */
  readonly image?: string;
  /** What only one kind of runtime understands: a JSON object. */
  readonly runtimeOptions?: Readonly<Record<string, unknown>>;
}

export interface WorkerRef {
  readonly pool: string;
  readonly name: string;
}

export interface Snapshot {
  readonly uri: string;
  readonly location: 'DURABLE' | 'LOCAL';
  /** The node that holds a LOCAL snapshot; else empty. */
  readonly node: string;
  readonly workflowId: string;
  readonly createTime: Date | undefined;
  readonly sizeBytes: number;
}

/** The lease on an actor, as it was at the time of asking. */
export interface ActorLease {
  /** The replica that holds it: its --instance-id. */
  readonly holder: string;
  readonly workflowId: string;
  readonly kind: string;
  /** The step that runs; empty where it is not known yet. */
  readonly step: string;
  readonly fencingToken: number;
  readonly acquireTime: Date | undefined;
  /** When it expires if its holder renews it no more. */
  readonly expireTime: Date | undefined;
}

export interface WorkflowFailure {
  readonly workflowId: string;
  readonly step: string;
  readonly reason: string;
  readonly message: string;
  readonly time: Date | undefined;
}

export interface Actor {
  readonly ref: ActorRef;
  readonly state: ActorState;
  /** One more at every change of the record. */
  readonly version: number;
  readonly spec: Required<Omit<WorkloadSpec, 'runtimeOptions'>> & Pick<WorkloadSpec, 'runtimeOptions'>;
  readonly pool: string;
  /** Set from the time that a worker is claimed until it is freed. */
  readonly worker: WorkerRef | undefined;
  /** While RUNNING: where it serves, as its node runtime said; may be empty. */
  readonly address: string;
  /** What the next resume restores; undefined: it boots from its spec. */
  readonly latestSnapshot: Snapshot | undefined;
  /** Reserved by a suspend or pause that has not finished. */
  readonly pendingSnapshot: Snapshot | undefined;
  readonly fencingToken: number;
  /** Why the last workflow that failed did; undefined after one that succeeded. */
  readonly lastFailure: WorkflowFailure | undefined;
  readonly createTime: Date | undefined;
  readonly updateTime: Date | undefined;
  /** Who works on it now; undefined: nobody. Only `getActor` tells. */
  readonly lease: ActorLease | undefined;
}

/** @throws TypeError unless it is an ActorRef or `namespace/name` */
export function toActorRef(actor: ActorRef | string): ActorRef {
  if (typeof actor !== 'string') return { namespace: actor.namespace, name: actor.name };
  const [namespace = '', name = '', ...more] = actor.split('/');
  if (namespace === '' || name === '' || more.length > 0) {
    throw new TypeError(`actor: got ${quote(actor)}; expected NAMESPACE/NAME, such as demo/a`);
  }
  return { namespace, name };
}

export function decodeActor(actor: Actor__Output): Actor {
  const { ref, spec, worker, last_failure: failure, latest_snapshot: latest, pending_snapshot: pending } = actor;
  const options = spec?.runtime_options;
  return {
    ref: { namespace: ref?.namespace ?? '', name: ref?.name ?? '' },
    state: enumName(actor.state, 'ACTOR_STATE_') as ActorState,
    version: Number(actor.version),
    spec: {
      command: spec?.command ?? [],
      env: spec?.env ?? {},
      image: spec?.image ?? '',
      ...(options && { runtimeOptions: fromStruct(options) }),
    },
    pool: actor.pool,
    worker: worker === null ? undefined : { pool: worker.pool, name: worker.name },
    address: actor.address,
    latestSnapshot: latest === null ? undefined : decodeSnapshot(latest),
    pendingSnapshot: pending === null ? undefined : decodeSnapshot(pending),
    fencingToken: Number(actor.fencing_token),
    lastFailure:
      failure === null
        ? undefined
        : {
            workflowId: failure.workflow_id,
            step: failure.step,
            reason: failure.reason,
            message: failure.message,
            time: toDate(failure.time),
          },
    createTime: toDate(actor.create_time),
    updateTime: toDate(actor.update_time),
    lease: actor.lease === null ? undefined : decodeLease(actor.lease),
  };
}

function decodeSnapshot(snapshot: Snapshot__Output): Snapshot {
  return {
    uri: snapshot.uri,
    location: snapshot.location === 'SNAPSHOT_LOCATION_LOCAL' ? 'LOCAL' : 'DURABLE',
    node: snapshot.node,
    workflowId: snapshot.workflow_id,
    createTime: toDate(snapshot.create_time),
    sizeBytes: Number(snapshot.size_bytes),
  };
}

export function decodeLease(lease: ActorLease__Output): ActorLease {
  return {
    holder: lease.holder,
    workflowId: lease.workflow_id,
    kind: lease.kind,
    step: lease.step,
    fencingToken: Number(lease.fencing_token),
    acquireTime: toDate(lease.acquire_time),
    expireTime: toDate(lease.expire_time),
  };
}

/** A value that this version does not know arrives as its number. */
export function enumName(value: string | number, prefix: string): string {
  return String(value).replace(prefix, '');
}

export function toDate(time: Timestamp__Output | null): Date | undefined {
  const timeMs = time === null ? undefined : fromTimestamp(time);
  return timeMs === undefined ? undefined : new Date(timeMs);
}
