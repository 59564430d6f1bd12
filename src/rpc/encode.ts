// Domain values as the messages of proto/. Total: every value of the domain has
// a form on the wire.

import type { Actor, ActorRef, Snapshot, WorkflowFailure, WorkloadSpec } from '../actor/actor.js';
import type { Actor as ActorMessage } from '../generated/actorworkflow/v1/Actor.js';
import type { ActorLease as LeaseMessage } from '../generated/actorworkflow/v1/ActorLease.js';
import type { Snapshot as SnapshotMessage } from '../generated/actorworkflow/v1/Snapshot.js';
import type { Worker as WorkerMessage } from '../generated/actorworkflow/v1/Worker.js';
import type { WorkflowEvent as EventMessage } from '../generated/actorworkflow/v1/WorkflowEvent.js';
import type { WorkflowFailure as FailureMessage } from '../generated/actorworkflow/v1/WorkflowFailure.js';
import type { WorkloadSpec as SpecMessage } from '../generated/actorworkflow/v1/WorkloadSpec.js';
import type { ActorView, Worker } from '../store/registry.js';
import type { HeldLease } from '../store/workflow-store.js';
import type { WorkflowEvent, WorkflowFact } from '../workflow/event.js';
import { codeOf } from './status.js';
import { toStruct } from './struct.js';
import { toDuration, toTimestamp } from './time.js';

export function encodeActor(actor: Actor): ActorMessage {
  const { worker, latestSnapshot, pendingSnapshot, lastFailure } = actor;
  return {
    ref: encodeActorRef(actor.ref),
    state: `ACTOR_STATE_${actor.state}`,
    version: actor.version,
    spec: encodeSpec(actor.spec),
    pool: actor.pool,
    fencing_token: actor.fencingToken,
    create_time: toTimestamp(actor.createTimeMs),
    update_time: toTimestamp(actor.updateTimeMs),
    address: actor.address ?? '',
    ...(worker !== undefined && { worker: { pool: worker.pool, name: worker.name } }),
    ...(latestSnapshot !== undefined && { latest_snapshot: encodeSnapshot(latestSnapshot) }),
    ...(pendingSnapshot !== undefined && { pending_snapshot: encodeSnapshot(pendingSnapshot) }),
    ...(lastFailure !== undefined && { last_failure: encodeFailure(lastFailure) }),
  };
}

export function encodeActorView({ actor, lease, nowMs }: ActorView): ActorMessage {
  return { ...encodeActor(actor), ...(lease !== undefined && { lease: encodeLease(lease, nowMs) }) };
}

/** @param nowMs when its remaining time was read, ms since 1970 */
export function encodeLease(lease: HeldLease & { readonly step?: string }, nowMs: number): LeaseMessage {
  return {
    holder: lease.holder,
    workflow_id: lease.workflowId,
    kind: lease.kind,
    step: lease.step ?? '',
    fencing_token: lease.fencingToken,
    expire_time: toTimestamp(nowMs + lease.expiresInMs),
    ...(lease.acquireTimeMs > 0 && { acquire_time: toTimestamp(lease.acquireTimeMs) }),
  };
}

export function encodeActorRef({ namespace, name }: ActorRef): { namespace: string; name: string } {
  return { namespace, name };
}

export function encodeSpec(spec: WorkloadSpec): SpecMessage {
  return {
    command: [...spec.command],
    env: { ...spec.env },
    image: spec.image,
    ...(spec.runtimeOptions !== undefined && { runtime_options: toStruct(spec.runtimeOptions) }),
  };
}

export function encodeSnapshot(snapshot: Snapshot): SnapshotMessage {
  return {
    uri: snapshot.uri,
    location: `SNAPSHOT_LOCATION_${snapshot.location}`,
    node: snapshot.node,
    workflow_id: snapshot.workflowId,
    size_bytes: snapshot.sizeBytes,
    ...(snapshot.createTimeMs !== undefined && { create_time: toTimestamp(snapshot.createTimeMs) }),
  };
}

function encodeFailure(failure: WorkflowFailure): FailureMessage {
  return {
    workflow_id: failure.workflowId,
    step: failure.step,
    reason: failure.reason,
    message: failure.message,
    time: toTimestamp(failure.timeMs),
  };
}

export function encodeWorker(worker: Worker): WorkerMessage {
  return {
    ref: { pool: worker.ref.pool, name: worker.ref.name },
    runtime_address: worker.runtimeAddress,
    node: worker.node,
    fencing_token: worker.fencingToken,
    ...(worker.actor !== undefined && { actor: encodeActorRef(worker.actor) }),
    ...(worker.expireTimeMs !== undefined && { expire_time: toTimestamp(worker.expireTimeMs) }),
  };
}

export function encodeEvent(event: WorkflowEvent): EventMessage {
  return {
    workflow_id: event.workflowId,
    sequence: event.sequence,
    time: toTimestamp(event.timeMs),
    ...encodeFact(event.fact),
  };
}

function encodeFact(fact: WorkflowFact): EventMessage {
  switch (fact.type) {
    case 'started':
      return {
        started: {
          kind: `WORKFLOW_KIND_${fact.kind}`,
          actor: encodeActorRef(fact.actor),
          steps: [...fact.steps],
          deadline: toTimestamp(fact.deadlineMs),
          ...(fact.lease !== undefined && {
            lease: {
              holder: fact.lease.holder,
              fencing_token: fact.lease.fencingToken,
              ttl: toDuration(fact.lease.ttlMs),
              acquire_time: toTimestamp(fact.lease.acquireTimeMs),
            },
          }),
        },
      };
    case 'step_started':
      return { step_started: { step: fact.step, attempt: fact.attempt } };
    case 'step_progress': {
      const { phase, done, total, unit, message } = fact.progress;
      return { step_progress: { step: fact.step, phase, done, total, unit, message } };
    }
    case 'step_retrying':
      return {
        step_retrying: {
          step: fact.step,
          attempt: fact.attempt,
          delay: toDuration(fact.delayMs),
          error: fact.error,
        },
      };
    case 'step_completed':
      return {
        step_completed: { step: fact.step, skipped: fact.skipped, duration: toDuration(fact.durationMs) },
      };
    case 'lease_renewed':
      return { lease_renewed: { renewals: fact.renewals, expire_time: toTimestamp(fact.expireTimeMs) } };
    case 'completed':
      return { completed: { actor: encodeActor(fact.actor), duration: toDuration(fact.durationMs) } };
    case 'failed':
      return {
        failed: {
          code: codeOf(fact.reason, fact.runtimeCode),
          reason: `ERROR_REASON_${fact.reason}`,
          message: fact.message,
          step: fact.step,
        },
      };
  }
}
