// The HTTP/2 stream of a call. grpc-js has no public way to reset a stream, nor
// to see what arrives of a message before it is whole, so this looks for the
// stream where 1.14 keeps it. A test fails if grpc-js moves it.

import type { ServerHttp2Stream } from 'node:http2';

/** @param call as a handler or an interceptor has it. Undefined where grpc-js keeps the stream elsewhere. */
export function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  let inner: unknown = Reflect.get(call, 'call') ?? call;
  // Interceptors are around the call that has it.
  while (typeof inner === 'object' && inner !== null) {
    const stream: unknown = Reflect.get(inner, 'stream');
    if (isStream(stream)) return stream;
    inner = Reflect.get(inner, 'nextCall');
  }
  return undefined;
}

function isStream(value: unknown): value is ServerHttp2Stream {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'close') === 'function';
}
