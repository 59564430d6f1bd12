// An actor's record as a Redis hash that a person can read with HGETALL: times
// in ms since 1970, snapshots, spec and failure as JSON in snake_case, and the
// worker in fields of its own, since scripts compare them.

import {
  ACTOR_STATES,
  type Actor,
  type ActorRef,
  type ActorState,
  type ClaimedWorker,
  type Snapshot,
  type WorkflowFailure,
  type WorkloadSpec,
} from '../../actor/actor.js';
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
  const set = <T>(field: string, value: T | null | undefined, encode: (value: T) => string): void => {
    if (value !== undefined) fields.push(field, value === null ? '' : encode(value));
  };
  const { worker } = changes;
  if (worker !== undefined) {
    fields.push('worker_pool', worker?.pool ?? '', 'worker_name', worker?.name ?? '');
    fields.push('worker_node', worker?.node ?? '', 'worker_runtime_address', worker?.runtimeAddress ?? '');
  }
  set('latest_snapshot', changes.latestSnapshot, encodeSnapshot);
  set('pending_snapshot', changes.pendingSnapshot, encodeSnapshot);
  set('durable_snapshot', changes.durableSnapshot, encodeSnapshot);
  set('paused_on', changes.pausedOn, (pausedOn) => JSON.stringify(pausedOn));
  set('last_failure', changes.lastFailure, encodeFailure);
  set('previous_state', changes.previousState, String);
  set('recovery_attempts', changes.recoveryAttempts, String);
  set('address', changes.address, String);
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
  const optional = <Name extends string, T>(
    name: Name,
    field: string,
    decode: (text: string) => T,
  ): { readonly [Key in Name]?: T } => {
    const value = fields.get(field);
    return value === undefined ? {} : ({ [name]: decode(value) } as { readonly [Key in Name]: T });
  };
  return {
    ref,
    state: decodeState(required(fields, 'state')),
    version: Number(required(fields, 'version')),
    spec: decodeSpec(required(fields, 'spec')),
    pool: required(fields, 'pool'),
    fencingToken: Number(required(fields, 'fencing_token')),
    createTimeMs: Number(required(fields, 'create_time_ms')),
    updateTimeMs: Number(required(fields, 'update_time_ms')),
    ...optional('stateTimeMs', 'state_time_ms', Number),
    ...optional('worker', 'worker_name', (name) => ({
      pool: required(fields, 'worker_pool'),
      name,
      node: fields.get('worker_node') ?? '',
      runtimeAddress: required(fields, 'worker_runtime_address'),
    })),
    ...optional('address', 'address', String),
    ...optional('latestSnapshot', 'latest_snapshot', decodeSnapshot),
    ...optional('pendingSnapshot', 'pending_snapshot', decodeSnapshot),
    ...optional('durableSnapshot', 'durable_snapshot', decodeSnapshot),
    ...optional('pausedOn', 'paused_on', (json) => JSON.parse(json) as ClaimedWorker),
    ...optional('lastFailure', 'last_failure', decodeFailure),
    ...optional('previousState', 'previous_state', decodeState),
    ...optional('recoveryAttempts', 'recovery_attempts', Number),
  };
}

const STATES: readonly string[] = ACTOR_STATES;

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
