// An actor's record as a Redis hash that a person can read with HGETALL: times
// in ms since 1970, snapshots, spec and failure as JSON in snake_case, and the
// worker in fields of its own, since scripts compare them.

import type { Actor, ActorRef, ActorState, Snapshot, WorkflowFailure, WorkloadSpec } from '../../actor/actor.js';
import type { Changes } from '../../actor/transition.js';
import type { NewActor } from '../registry.js';

type Fields = ReadonlyMap<string, string>;

/** What creation writes, as fields and values. */
export function newRecord(actor: NewActor): string[] {
  const fields = ['state', 'SUSPENDED', 'pool', actor.pool, 'spec', JSON.stringify(encodeSpec(actor.spec))];
  if (actor.snapshot !== undefined) fields.push('latest_snapshot', encodeSnapshot(actor.snapshot));
  return fields;
}

/** What a transition writes, as fields and values; '' removes. */
export function encodeChanges(changes: Changes): string[] {
  const fields: string[] = [];
  const { worker, latestSnapshot, pendingSnapshot, lastFailure, previousState, address } = changes;
  if (worker !== undefined) {
    fields.push('worker_pool', worker?.pool ?? '', 'worker_name', worker?.name ?? '');
    fields.push('worker_node', worker?.node ?? '', 'worker_runtime_address', worker?.runtimeAddress ?? '');
  }
  if (latestSnapshot !== undefined) fields.push('latest_snapshot', latestSnapshot ? encodeSnapshot(latestSnapshot) : '');
  if (pendingSnapshot !== undefined) {
    fields.push('pending_snapshot', pendingSnapshot ? encodeSnapshot(pendingSnapshot) : '');
  }
  if (lastFailure !== undefined) fields.push('last_failure', lastFailure ? encodeFailure(lastFailure) : '');
  if (previousState !== undefined) fields.push('previous_state', previousState ?? '');
  if (address !== undefined) fields.push('address', address ?? '');
  return fields;
}

export function encodeFailure(failure: WorkflowFailure): string {
  return JSON.stringify({
    workflow_id: failure.workflowId,
    step: failure.step,
    reason: failure.reason,
    message: failure.message,
    time_ms: failure.timeMs,
  });
}

/** @throws TypeError where the record is not one of this service's */
export function decodeActor(ref: ActorRef, fields: Fields): Actor {
  const latest = fields.get('latest_snapshot');
  const pending = fields.get('pending_snapshot');
  const failure = fields.get('last_failure');
  const previous = fields.get('previous_state');
  const address = fields.get('address');
  const workerName = fields.get('worker_name');
  return {
    ref,
    state: decodeState(required(fields, 'state')),
    version: Number(required(fields, 'version')),
    spec: decodeSpec(required(fields, 'spec')),
    pool: required(fields, 'pool'),
    fencingToken: Number(required(fields, 'fencing_token')),
    createTimeMs: Number(required(fields, 'create_time_ms')),
    updateTimeMs: Number(required(fields, 'update_time_ms')),
    ...(workerName !== undefined && {
      worker: {
        pool: required(fields, 'worker_pool'),
        name: workerName,
        node: fields.get('worker_node') ?? '',
        runtimeAddress: required(fields, 'worker_runtime_address'),
      },
    }),
    ...(address !== undefined && { address }),
    ...(latest !== undefined && { latestSnapshot: decodeSnapshot(latest) }),
    ...(pending !== undefined && { pendingSnapshot: decodeSnapshot(pending) }),
    ...(failure !== undefined && { lastFailure: decodeFailure(failure) }),
    ...(previous !== undefined && { previousState: decodeState(previous) }),
  };
}

const STATES: readonly string[] = [
  'SUSPENDED',
  'RESUMING',
  'RUNNING',
  'SUSPENDING',
  'PAUSING',
  'PAUSED',
  'CRASHED',
] satisfies ActorState[];

function decodeState(text: string): ActorState {
  if (!STATES.includes(text)) throw new TypeError(`unknown actor state '${text}'`);
  return text as ActorState;
}

function required(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw new TypeError(`the actor's record has no field '${name}'`);
  return value;
}

function encodeSpec(spec: WorkloadSpec): object {
  return { command: spec.command, env: spec.env, image: spec.image, runtime_options: spec.runtimeOptions };
}

function decodeSpec(json: string): WorkloadSpec {
  const spec = JSON.parse(json) as {
    command: string[];
    env: Record<string, string>;
    image: string;
    runtime_options?: Record<string, unknown>;
  };
  return {
    command: spec.command,
    env: spec.env,
    image: spec.image,
    ...(spec.runtime_options !== undefined && { runtimeOptions: spec.runtime_options }),
  };
}

function encodeSnapshot(snapshot: Snapshot): string {
  return JSON.stringify({
    uri: snapshot.uri,
    location: snapshot.location,
    node: snapshot.node,
    workflow_id: snapshot.workflowId,
    create_time_ms: snapshot.createTimeMs,
    size_bytes: snapshot.sizeBytes,
  });
}

function decodeSnapshot(json: string): Snapshot {
  const snapshot = JSON.parse(json) as {
    uri: string;
    location: 'DURABLE' | 'LOCAL';
    node: string;
    workflow_id: string;
    create_time_ms?: number;
    size_bytes: number;
  };
  return {
    uri: snapshot.uri,
    location: snapshot.location,
    node: snapshot.node,
    workflowId: snapshot.workflow_id,
    sizeBytes: snapshot.size_bytes,
    ...(snapshot.create_time_ms !== undefined && { createTimeMs: snapshot.create_time_ms }),
  };
}

function decodeFailure(json: string): WorkflowFailure {
  const failure = JSON.parse(json) as {
    workflow_id: string;
    step: string;
    reason: string;
    message: string;
    time_ms: number;
  };
  return {
    workflowId: failure.workflow_id,
    step: failure.step,
    reason: failure.reason,
    message: failure.message,
    timeMs: failure.time_ms,
  };
}
