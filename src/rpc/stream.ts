// Turns an async iterable over an AbortSignal into a grpc-js server-streaming
// handler, and owns back-pressure. Guarantees: exactly one status, whatever the
// iterable, the caller and the connection do; while the reader stalls at most
// one event is taken from the iterable; `return()` of the iterator is awaited on
// every exit but its own end; a stalled reader holds a finished stream for
// `stallMs` at most. The iterable must bound what waits in it and must end soon
// after the signal has aborted.

import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { CancelTimer, Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import { openCall, type CallContext, type CallDeps, type OpenCall } from './call.js';
import { http2StreamOf } from './http2-stream.js';
import { isUnexpected, toStatus } from './status.js';

/** Events, and where the producer runs ahead of its reader, when it has produced the last one. */
export type EventSource<Event> = AsyncIterable<Event> & { readonly ended?: Promise<unknown> };

export interface StreamHandler<Request, Event, Response> {
  /** Throwing here ends the call with that error; so does throwing later, after the events before it. */
  open(request: Request, context: CallContext): EventSource<Event>;
  encode(event: Event): Response;
}

const DEFAULT_STALL_MS = 10_000;

/**
 * For a source that does not say when it has ended: no workflow runs for longer
 * than this by default, so a reader that read nothing meanwhile is not one.
 */
const MAX_STALL_MS = 5 * 60_000;

export function serverStream<Request, Event, Response>(
  handler: StreamHandler<Request, Event, Response>,
  deps: CallDeps,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    run(handler, call, deps).catch((error: unknown) => {
      // grpc-js sends no status after a rejection in a handler, so nothing may get here; if it does, the log knows.
      deps.onUnexpected(error, call.getPath());
    });
  };
}

async function run<Request, Event, Response>(
  handler: StreamHandler<Request, Event, Response>,
  call: ServerWritableStream<Request, Response>,
  deps: CallDeps,
): Promise<void> {
  const opened = openCall(call, deps);
  const onClosing = (): void => {
    opened.abort(deps.closing.reason as CoordinatorError);
  };
  if (deps.closing.aborted) onClosing();
  else deps.closing.addEventListener('abort', onClosing, { once: true });

  let failure: { readonly error: unknown } | undefined;
  try {
    await pump(handler, call, opened, deps);
  } catch (error) {
    failure = { error };
    if (isUnexpected(error)) deps.onUnexpected(error, call.getPath());
  } finally {
    deps.closing.removeEventListener('abort', onClosing);
    opened.dispose();
  }

  if (opened.isGone()) {
    call.destroy();
    return;
  }
  const handedOver = settled(call, deps.clock, deps.stallMs ?? DEFAULT_STALL_MS);
  // Not destroy(error): grpc-js sends no status then. The 'error' listener of the call itself ends it with this one.
  if (failure === undefined) call.end();
  else call.emit('error', toStatus(failure.error));
  if (!(await handedOver)) resetStream(call);
}

async function pump<Request, Event, Response>(
  handler: StreamHandler<Request, Event, Response>,
  call: ServerWritableStream<Request, Response>,
  opened: OpenCall,
  deps: CallDeps,
): Promise<void> {
  if (opened.signal.aborted) throw opened.signal.reason as Error;
  const source = handler.open(call.request, opened);
  const producer: Producer = { ended: false };
  const onEnded = (): void => {
    producer.ended = true;
    producer.onEnded?.();
  };
  source.ended?.then(onEnded, onEnded);
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        // An iterator that has thrown is over.
        isOver = true;
        throw error;
      });
      if (next.done === true) {
        isOver = true;
        return;
      }
      // The source is told by `return`, not by reading on.
      if (opened.isGone()) return;
      if (!call.write(handler.encode(next.value))) await drained(call, opened, producer, deps);
    }
  } finally {
    if (!isOver) await iterator.return?.();
  }
}

/** Whether the last event has been produced, and whom to tell when it is. */
interface Producer {
  ended: boolean;
  onEnded?: () => void;
}

/**
 * Resolves when the reader has caught up.
 * @throws the signal's reason when it aborts, since after a cancel 'drain' never comes; OVERLOADED when the reader has
 * stalled for too long, which aborts the signal as well
 */
function drained(
  call: ServerWritableStream<unknown, unknown>,
  opened: OpenCall,
  producer: Producer,
  deps: CallDeps,
): Promise<void> {
  const stallTimer = (limitMs: number): CancelTimer =>
    deps.clock.setTimer(limitMs, () => {
      const message = `the caller has read nothing for ${String(limitMs)} ms while events waited`;
      opened.abort(new CoordinatorError('OVERLOADED', message, { maybeDone: true }));
    });
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      letGo();
      resolve();
    };
    const onAbort = (): void => {
      letGo();
      reject(opened.signal.reason as Error);
    };
    const letGo = (): void => {
      cancelTimer();
      call.off('drain', onDrain);
      opened.signal.removeEventListener('abort', onAbort);
      delete producer.onEnded;
    };
    producer.onEnded = () => {
      cancelTimer();
      cancelTimer = stallTimer(deps.stallMs ?? DEFAULT_STALL_MS);
    };
    let cancelTimer = stallTimer(MAX_STALL_MS);
    call.once('drain', onDrain);
    opened.signal.addEventListener('abort', onAbort, { once: true });
    if (producer.ended) producer.onEnded();
    if (opened.signal.aborted) onAbort();
  });
}

/** Whether grpc-js has handed everything including the status to HTTP/2 within `limitMs`; it says so with 'cancelled'. */
async function settled(call: ServerWritableStream<unknown, unknown>, clock: Clock, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onCancelled = (): void => {
      cancelTimer();
      resolve(true);
    };
    const cancelTimer = clock.setTimer(limitMs, () => {
      call.off('cancelled', onCancelled);
      resolve(false);
    });
    call.once('cancelled', onCancelled);
  });
}

/**
 * Frees a stream whose reader grants no more flow control: a status would wait
 * behind the messages for ever. The caller sees RESOURCE_EXHAUSTED once it reads
 * again.
 */
function resetStream(call: ServerWritableStream<unknown, unknown>): void {
  http2StreamOf(call)?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  call.destroy();
}
