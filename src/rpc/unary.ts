// Turns an async function over an AbortSignal into a grpc-js unary handler.
// Guarantees: exactly one answer, also when the function throws, never settles
// before the caller's deadline, or the caller goes away; nothing it throws
// escapes. Work that the signal does not stop goes on unobserved.

import type { handleUnaryCall } from '@grpc/grpc-js';
import { abortable } from '../clock.js';
import { openCall, type CallContext, type CallDeps } from './call.js';
import { isUnexpected, toStatus } from './status.js';

export type UnaryHandler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

export function unary<Request, Response>(
  handle: UnaryHandler<Request, Response>,
  deps: CallDeps,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const opened = openCall(call, deps);
    // An async function, so that what `handle` throws before its first await is a rejection as well.
    const run = async (): Promise<Response> => handle(call.request, opened);
    abortable(run(), opened.signal)
      .finally(() => {
        opened.dispose();
      })
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          if (isUnexpected(error)) deps.onUnexpected(error, call.getPath());
          callback(toStatus(error));
        },
      )
      .catch((error: unknown) => {
        deps.onUnexpected(error, call.getPath());
      });
  };
}
