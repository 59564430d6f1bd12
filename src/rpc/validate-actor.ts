// CreateActorRequest from the wire to the domain, and the parts of it that a
// node runtime reads as well. Guarantees: a spec is at most 64 KiB and holds
// nothing that cannot be a process's command line or environment.

import type { Snapshot, WorkloadSpec } from '../actor/actor.js';
import type { CreateActorRequest__Output } from '../generated/actorworkflow/v1/CreateActorRequest.js';
import type { Snapshot__Output } from '../generated/actorworkflow/v1/Snapshot.js';
import type { WorkloadSpec__Output } from '../generated/actorworkflow/v1/WorkloadSpec.js';
import type { NewActor } from '../store/registry.js';
import { fromStruct, MAX_STRUCT_DEPTH } from './struct.js';
import { fromTimestamp } from './time.js';
import { actorRef, pool, safeInteger, validate, type Violations } from './validate.js';

/** As JSON. The spec is read with every acquire, so a large one slows every workflow down. */
const MAX_SPEC_BYTES = 64 * 1024;
const MAX_URI_LENGTH = 2048;
const MAX_IMAGE_LENGTH = 512;

export function newActor(request: CreateActorRequest__Output): NewActor {
  return validate((violations) => ({
    ref: actorRef(violations, 'actor', request.actor),
    spec: workloadSpec(violations, 'spec', request.spec),
    pool: pool(violations, 'pool', request.pool),
    ...(request.snapshot === null ? {} : { snapshot: goldenSnapshot(violations, 'snapshot', request.snapshot) }),
  }));
}

/** An unset spec is an empty one: a runtime may know how to boot without. */
export function workloadSpec(violations: Violations, field: string, got: WorkloadSpec__Output | null): WorkloadSpec {
  if (got === null) return { command: [], env: {}, image: '' };
  got.command.forEach((entry, index) => {
    const expected = index === 0 ? 'a program: text that is not empty and has no NUL' : 'UTF-8 text without NUL';
    if (!isText(entry) || (index === 0 && entry === ''))
      violations.add(`${field}.command[${String(index)}]`, entry, expected);
  });
  for (const [key, value] of Object.entries(got.env)) {
    if (key === '' || key.includes('=') || !isText(key)) {
      violations.add(`${field}.env`, key, 'names that are not empty and have neither "=" nor NUL');
    }
    // Not the value: it may be a secret.
    if (!isText(value)) violations.add(`${field}.env`, key, 'values that are UTF-8 text without NUL');
  }
  if (got.image.length > MAX_IMAGE_LENGTH || /[\s\u0000-\u001f\ufffd]/u.test(got.image)) {
    const expected = `an OCI image reference of at most ${String(MAX_IMAGE_LENGTH)} characters, without spaces`;
    violations.add(`${field}.image`, got.image, expected);
  }
  const spec: WorkloadSpec = {
    command: got.command,
    env: got.env,
    image: got.image,
    ...(got.runtime_options === null ? {} : { runtimeOptions: runtimeOptions(violations, field, got.runtime_options) }),
  };
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes > MAX_SPEC_BYTES) {
    violations.add(field, `${String(bytes)} bytes as JSON`, `at most ${String(MAX_SPEC_BYTES)} bytes`);
  }
  return spec;
}

function runtimeOptions(
  violations: Violations,
  field: string,
  got: NonNullable<WorkloadSpec__Output['runtime_options']>,
): Record<string, unknown> {
  try {
    return fromStruct(got);
  } catch (error) {
    const expected = `values that JSON has a form for, at most ${String(MAX_STRUCT_DEPTH)} objects or lists deep`;
    violations.add(`${field}.runtime_options`, (error as Error).message, expected);
    return {};
  }
}

/** U+FFFD is what bytes that are not UTF-8 were decoded to: altered silently, so refused. */
function isText(text: string): boolean {
  return !text.includes('\0') && !text.includes('\ufffd');
}

/** What a new actor starts from: in durable storage, since a new actor is SUSPENDED and may start on any node. */
function goldenSnapshot(violations: Violations, field: string, got: Snapshot__Output): Snapshot {
  const parsed = snapshot(violations, field, got);
  if (parsed.location !== 'DURABLE') {
    violations.add(`${field}.location`, got.location, 'SNAPSHOT_LOCATION_DURABLE: a new actor may start on any node');
  }
  return parsed;
}

/** An unset location is DURABLE. */
export function snapshot(violations: Violations, field: string, got: Snapshot__Output): Snapshot {
  // URL itself drops line breaks and trims spaces.
  if (got.uri.length > MAX_URI_LENGTH || /[\s\u0000-\u001f\ufffd]/u.test(got.uri) || !URL.canParse(got.uri)) {
    const expected = `a URI such as "s3://bucket/prefix/", at most ${String(MAX_URI_LENGTH)} characters`;
    violations.add(`${field}.uri`, got.uri === '' ? undefined : got.uri, expected);
  }
  return {
    uri: got.uri,
    location: snapshotLocation(violations, `${field}.location`, got.location),
    node: shortText(violations, `${field}.node`, got.node),
    workflowId: shortText(violations, `${field}.workflow_id`, got.workflow_id),
    sizeBytes: safeInteger(violations, `${field}.size_bytes`, got.size_bytes),
    ...(got.create_time === null ? {} : { createTimeMs: time(violations, `${field}.create_time`, got.create_time) }),
  };
}

function time(violations: Violations, field: string, got: NonNullable<Snapshot__Output['create_time']>): number {
  const timeMs = fromTimestamp(got);
  if (timeMs === undefined) {
    violations.add(field, got, 'seconds of the years 1 to 9999, and 0 to 999999999 nanos');
  }
  return timeMs ?? 0;
}

function snapshotLocation(
  violations: Violations,
  field: string,
  got: Snapshot__Output['location'],
): Snapshot['location'] {
  switch (got) {
    case 'SNAPSHOT_LOCATION_UNSPECIFIED':
    case 'SNAPSHOT_LOCATION_DURABLE':
      return 'DURABLE';
    case 'SNAPSHOT_LOCATION_LOCAL':
      return 'LOCAL';
    default:
      // A number that the enum does not know arrives as that number.
      violations.add(field, got, 'SNAPSHOT_LOCATION_DURABLE or SNAPSHOT_LOCATION_LOCAL');
      return 'DURABLE';
  }
}

function shortText(violations: Violations, field: string, got: string): string {
  if (got.length > 253 || !isText(got)) violations.add(field, got, 'at most 253 characters of text');
  return got;
}
