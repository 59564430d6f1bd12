// The descriptors of every service that a replica and a node serve, from the
// .proto files that they are made of, for tests that want all methods there are.

import { protoPath as healthProto } from 'grpc-health-check';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const PROTO = fileURLToPath(new URL('../proto/', import.meta.url));
const reflection = createRequire(import.meta.url).resolve('@grpc/reflection');

/** Package → its files. */
const FILES = {
  'actorworkflow.v1': ['actor_workflow', 'registry', 'node_runtime'].map((name) => `actorworkflow/v1/${name}.proto`),
  'grpc.health.v1': [healthProto],
  'grpc.reflection.v1': [join(dirname(reflection), '../proto/grpc/reflection/v1/reflection.proto')],
  'grpc.reflection.v1alpha': [join(dirname(reflection), '../proto/grpc/reflection/v1alpha/reflection.proto')],
} as const;

export interface ServedMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
  readonly isStream: boolean;
}

export function servedMethods(): readonly ServedMethod[] {
  return Object.entries(FILES).flatMap(([packageName, files]) => {
    const root = new protobuf.Root();
    root.resolvePath = (_origin, target) =>
      target.startsWith('actorworkflow/') || target.startsWith('google/rpc/') ? join(PROTO, target) : target;
    root.loadSync([...files], { keepCase: true });
    const found = (root.lookup(packageName) as protobuf.Namespace).nestedArray;
    return found.filter((each) => each instanceof protobuf.Service).flatMap(methodsOf);
  });
}

function methodsOf(service: protobuf.Service): ServedMethod[] {
  const fullName = service.fullName.slice(1);
  return service.methodsArray.map((method) => {
    method.resolve();
    const { resolvedRequestType, resolvedResponseType, responseStream } = method;
    if (resolvedRequestType === null || resolvedResponseType === null)
      throw new Error(`${method.fullName} has no types`);
    return {
      path: `/${fullName}/${method.name}`,
      service: fullName,
      name: method.name,
      request: resolvedRequestType,
      response: resolvedResponseType,
      isStream: responseStream === true,
    };
  });
}
