// The services and messages of proto/, loaded once when the process starts and
// typed with what `npm run generate` made of the same files. Guarantees: the
// types and the codecs agree, since both come from these files with the same
// options. It finds proto/ beside src/ and dist/ alike; the package ships it.

import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import type { ActorRegistryDefinition } from '../generated/actorworkflow/v1/ActorRegistry.js';
import type { ActorWorkflowDefinition } from '../generated/actorworkflow/v1/ActorWorkflow.js';
import type { NodeRuntimeDefinition } from '../generated/actorworkflow/v1/NodeRuntime.js';
import type { WorkerRegistryDefinition } from '../generated/actorworkflow/v1/WorkerRegistry.js';
import type { BadRequest, BadRequest__Output } from '../generated/google/rpc/BadRequest.js';
import type { ErrorInfo, ErrorInfo__Output } from '../generated/google/rpc/ErrorInfo.js';
import type { RetryInfo, RetryInfo__Output } from '../generated/google/rpc/RetryInfo.js';
import type { Status, Status__Output } from '../generated/google/rpc/Status.js';

const definitions = loadSync(
  [
    'actorworkflow/v1/actor_workflow.proto',
    'actorworkflow/v1/registry.proto',
    'actorworkflow/v1/node_runtime.proto',
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
  ],
  {
    // Must agree with the options in scripts/generate.mjs.
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: [fileURLToPath(new URL('../../proto/', import.meta.url))],
  },
);

// The loader returns one untyped map; the generated types say what is in it.
function definition(name: string): unknown {
  const found = definitions[name];
  if (found === undefined) throw new Error(`proto/ defines no ${name}`);
  return found;
}

export const actorWorkflowDefinition = definition('actorworkflow.v1.ActorWorkflow') as ActorWorkflowDefinition;
export const actorRegistryDefinition = definition('actorworkflow.v1.ActorRegistry') as ActorRegistryDefinition;
export const workerRegistryDefinition = definition('actorworkflow.v1.WorkerRegistry') as WorkerRegistryDefinition;
export const nodeRuntimeDefinition = definition('actorworkflow.v1.NodeRuntime') as NodeRuntimeDefinition;

export const statusType = definition('google.rpc.Status') as MessageTypeDefinition<Status, Status__Output>;
export const errorInfoType = definition('google.rpc.ErrorInfo') as MessageTypeDefinition<ErrorInfo, ErrorInfo__Output>;
export const retryInfoType = definition('google.rpc.RetryInfo') as MessageTypeDefinition<RetryInfo, RetryInfo__Output>;
export const badRequestType = definition('google.rpc.BadRequest') as MessageTypeDefinition<
  BadRequest,
  BadRequest__Output
>;

/** @param name its full name, such as `actorworkflow.v1.Actor` */
export function messageType(name: string): MessageTypeDefinition<object, object> {
  return definition(name) as MessageTypeDefinition<object, object>;
}
