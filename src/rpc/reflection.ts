// Server reflection, v1 and v1alpha, so that grpcurl needs no proto files. It
// is fed the descriptor set that `npm run generate` made: what proto-loader
// keeps of the files cannot resolve imports, and has lost their comments.

import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** @param services the full names of what is served; others in the files are not listed */
export function addReflection(server: Server, services: readonly string[]): void {
  const set = readFileSync(new URL('../generated/descriptors.binpb', import.meta.url));
  // The service looks only at the files of what it is given.
  const files = { files: { fileDescriptorProtos: splitDescriptorSet(set) } } as unknown as PackageDefinition;
  new ReflectionService(files, { services: [...services] }).addToServer(server);
}

/** A FileDescriptorSet is one repeated field: the files, as they are. */
function splitDescriptorSet(set: Uint8Array): Buffer[] {
  const reader = protobuf.Reader.create(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.uint32();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
