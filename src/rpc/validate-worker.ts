// RegisterWorkerRequest from the wire to the domain. Guarantees: an address that
// gets past is one that the runtime client can dial, so that a typing error shows
// when a node registers, not when the first actor is resumed on it.

import type { ActorRef } from '../actor/actor.js';
import type { WorkerStatus__Output } from '../generated/actorworkflow/v1/WorkerStatus.js';
import type { Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { RegisterWorkerRequest__Output } from '../generated/actorworkflow/v1/RegisterWorkerRequest.js';
import type { NewWorker } from '../store/registry.js';
import { fromDuration } from './time.js';
import { actorRef, nodeName, validate, workerRef, type Violations } from './validate.js';

export interface Registration {
  readonly worker: NewWorker;
  /** Absent where the agent does not say what its worker runs. */
  readonly status?: { readonly running: ActorRef | undefined };
}

export function registration(request: RegisterWorkerRequest__Output): Registration {
  return validate((violations) => ({
    worker: newWorker(violations, request),
    ...(request.status === null ? {} : { status: { running: runningActor(violations, request.status) } }),
  }));
}

function newWorker(violations: Violations, request: RegisterWorkerRequest__Output): NewWorker {
  return {
    ref: workerRef(violations, 'worker', request.worker),
    runtimeAddress: runtimeAddress(violations, 'runtime_address', request.runtime_address),
    node: nodeName(violations, 'node', request.node),
    ...(request.ttl === null ? {} : { ttlMs: workerTtl(violations, request.ttl) }),
  };
}

function runningActor(violations: Violations, status: WorkerStatus__Output): ActorRef | undefined {
  const running = status.running_actor;
  return running === null ? undefined : actorRef(violations, 'status.running_actor', running);
}

/** Shorter, and one slow registration would take a worker out of service. */
const MIN_TTL_MS = 1000;
const MAX_TTL_MS = 24 * 3_600_000;

function workerTtl(violations: Violations, got: Duration__Output): number {
  const ttlMs = fromDuration(got);
  if (ttlMs === undefined || ttlMs < MIN_TTL_MS || ttlMs > MAX_TTL_MS) {
    violations.add('ttl', got, 'a duration from 1s to 24h, at least twice the time between registrations');
  }
  return ttlMs ?? 0;
}

const MAX_ADDRESS_LENGTH = 512;

// Each as the gRPC naming document has it; the port is required, since a default of 443 surprises everybody.
const TARGETS = [
  /^(?:dns:(?:\/\/[A-Za-z0-9.:[\]-]*\/)?)?(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/,
  /^ipv4:\d{1,3}(?:\.\d{1,3}){3}:(\d{1,5})$/,
  /^ipv6:\[[0-9A-Fa-f:.]+\]:(\d{1,5})$/,
];
// The kernel takes at most 107 bytes of path.
const UNIX_TARGET = /^unix:(?:\/\/)?\/(?!\/)[^\0\s\ufffd]{1,106}$/u;

export function runtimeAddress(violations: Violations, field: string, got: string): string {
  if (!isRuntimeAddress(got)) {
    const expected =
      'a gRPC target: "dns:///host:port", "host:port", "ipv4:a.b.c.d:port", "ipv6:[…]:port" or "unix:///path"';
    violations.add(field, got === '' ? undefined : got, expected);
  }
  return got;
}

/** Whether it is a gRPC target that the runtime client dials. */
export function isRuntimeAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS_LENGTH) return false;
  if (UNIX_TARGET.test(text)) return true;
  const port = TARGETS.map((target) => target.exec(text)?.[1]).find((found) => found !== undefined);
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}
