// Our calls in the agent's words. A worker's name is the uid of an ateom; an
// actor is the actor of that name of a template in its namespace.

import { formatRef, type ActorRef, type Snapshot, type WorkloadSpec } from '../../actor/actor.js';
import type { CheckpointRequest } from '../../generated/atelet/CheckpointRequest.js';
import type { RunRequest } from '../../generated/atelet/RunRequest.js';
import type { WorkloadSpec as AteletSpec } from '../../generated/atelet/WorkloadSpec.js';
import type { RuntimeCall } from '../node-runtime.js';
import { unfit } from '../places/failure.js';

const OPTIONS = ['actor_template', 'pause_image', 'port', 'ready_path'];
const CONTAINER = 'main';
const DEFAULT_TEMPLATE = 'default';
const DEFAULT_PORT = 80;
const LOCAL = 'local:///';

interface AteletOptions {
  readonly template: string;
  readonly pauseImage: string;
  readonly port: number;
  readonly readyPath: string | undefined;
}

/** @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming the field */
export function ateletOptions({ image, runtimeOptions = {} }: WorkloadSpec): AteletOptions {
  if (image === '') throw unfit('spec.image', undefined, 'an image: this runtime runs containers');
  const unknown = Object.keys(runtimeOptions).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined)
    throw unfit('spec.runtime_options', unknown, `no other options than ${OPTIONS.join(', ')}`);
  const text = (name: string, fallback: string): string => {
    const value = runtimeOptions[name] ?? fallback;
    if (typeof value === 'string' && value.length <= 512) return value;
    throw unfit(`spec.runtime_options.${name}`, value, 'a text of at most 512 characters');
  };
  const port = runtimeOptions['port'] ?? DEFAULT_PORT;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw unfit('spec.runtime_options.port', port, 'a whole number from 1 to 65535');
  }
  const readyPath = runtimeOptions['ready_path'] === undefined ? undefined : text('ready_path', '');
  if (readyPath?.startsWith('/') === false) throw unfit('spec.runtime_options.ready_path', readyPath, 'a path');
  return { template: text('actor_template', DEFAULT_TEMPLATE), pauseImage: text('pause_image', ''), port, readyPath };
}

/** Where a snapshot is, to the agent: below a prefix on its node, or below a URI. Memory and file system. */
export function placeOf({
  uri,
  location,
}: Snapshot): Pick<CheckpointRequest, 'type' | 'scope' | 'local_config' | 'external_config'> {
  const scope = 'SNAPSHOT_SCOPE_FULL';
  if (location === 'DURABLE') {
    return { type: 'SNAPSHOT_TYPE_EXTERNAL', scope, external_config: { snapshot_uri_prefix: uri } };
  }
  if (!uri.startsWith(LOCAL)) throw unfit('snapshot.uri', uri, 'a "local:" URI for a LOCAL snapshot');
  return { type: 'SNAPSHOT_TYPE_LOCAL', scope, local_config: { snapshot_prefix: uri.slice(LOCAL.length) } };
}

/** A snapshot that nobody will restore: what takes the place of a Stop, which the agent does not have. */
export function discarded(actor: ActorRef): Snapshot {
  const uri = `${LOCAL}discarded/${formatRef(actor)}`;
  return { uri, location: 'LOCAL', node: '', workflowId: '', sizeBytes: 0 };
}

/** What all three requests have. */
export function target({ actor, worker }: RuntimeCall, spec: WorkloadSpec): RunRequest {
  return {
    target_ateom_uid: worker.name,
    actor_template_namespace: actor.namespace,
    actor_template_name: ateletOptions(spec).template,
    actor_id: actor.name,
    spec: toAteletSpec(actor, spec),
  };
}

function toAteletSpec(actor: ActorRef, spec: WorkloadSpec): AteletSpec {
  const { port, readyPath, pauseImage } = ateletOptions(spec);
  const env = { ...spec.env, PORT: String(port), ACTOR_NAMESPACE: actor.namespace, ACTOR_NAME: actor.name };
  return {
    pause_image: pauseImage,
    containers: [
      {
        name: CONTAINER,
        image: spec.image,
        command: [...spec.command],
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        ...(readyPath !== undefined && { readyz: { http_get: { path: readyPath, port } } }),
      },
    ],
  };
}
