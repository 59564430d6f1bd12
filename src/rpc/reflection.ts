// Server reflection, v1 and v1alpha, so that grpcurl needs no proto files. It
// is fed the descriptor set that `npm run generate` made: what proto-loader
// keeps of the files cannot resolve imports, and has lost their comments.
// Guarantees: a caller that asks and does not read has one answer waiting; the
// library's handler, left alone, reads and answers for as long as there are
// questions.

import type { Server, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

type Stream = ServerDuplexStream<unknown, unknown>;

/** @param services the full names of what is served; others in the files are not listed */
export function addReflection(server: Server, services: readonly string[]): void {
  const set = readFileSync(new URL('../generated/descriptors.binpb', import.meta.url));
  // The service looks only at the files of what it is given.
  const files = { files: { fileDescriptorProtos: splitDescriptorSet(set) } } as unknown as PackageDefinition;
  new ReflectionService(files, { services: [...services] }).addToServer({
    addService: (definition: ServiceDefinition, handlers: { ServerReflectionInfo: (stream: Stream) => void }) => {
      server.addService(definition, { ServerReflectionInfo: oneAtATime(handlers.ServerReflectionInfo) });
    },
  });
}

/** The same handler, which sees the next question when the answer to the one before has been taken. */
function oneAtATime(handle: (stream: Stream) => void): (stream: Stream) => void {
  return (stream) => {
    const seen = Object.assign(new EventEmitter(), {
      write: (answer: unknown) => {
        stream.pause();
        stream.write(answer, () => stream.resume());
      },
      end: () => stream.end(),
    });
    handle(seen as unknown as Stream);
    for (const event of ['data', 'end'] as const) stream.on(event, (question: unknown) => seen.emit(event, question));
  };
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
