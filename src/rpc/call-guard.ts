// What a call may cost while its handler does not have it: before its request
// has arrived, and once it is answered. Of every service: health and reflection
// come from libraries that bound nothing. Guarantees: a caller that sends
// nothing, or half of a request, or does not take its answer, holds a call for
// `requestWithinMs` and `answerWithinMs`; the calls of one method, and the bytes
// of requests that have not arrived whole, are bounded, and one connection that
// takes them all leaves the others their share; what is no message of the
// request's type ends with INVALID_ARGUMENT.

import {
  ServerInterceptingCall,
  type Responder,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { constants, type Http2Session } from 'node:http2';
import type { CancelTimer, Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import { http2StreamOf } from './http2-stream.js';
import type { CallLimits } from './limits.js';
import { cutText } from './status-details.js';
import { toStatus, type Status } from './status.js';

/** Stands in for a request that cannot be decoded. */
export class Undecodable {
  readonly why: string;

  /** @param error of the decoder; a TypeError is its own, over an entry of a map that has no value */
  constructor(error: unknown) {
    this.why = error instanceof TypeError || !(error instanceof Error) ? 'a part of it has no value' : error.message;
  }
}

/** Between two questions on one stream of reflection: grpcurl keeps it open for as long as its call runs. */
const NEXT_QUESTION_WITHIN_MS = 5 * 60_000;

/** Health puts the name that it was asked for into its message, however long. */
const MAX_MESSAGE_LENGTH = 512;

/** What the calls under way hold; of all, and of each connection. */
class Tally {
  readonly calls = new Map<string, number>();
  partialBytes = 0;
  readonly #shares = new WeakMap<Http2Session, Share>();

  shareOf(session: Http2Session | undefined): Share {
    const found = session === undefined ? undefined : this.#shares.get(session);
    if (found !== undefined) return found;
    const share: Share = { calls: 0, partialBytes: 0 };
    if (session !== undefined) this.#shares.set(session, share);
    return share;
  }
}

interface Share {
  calls: number;
  partialBytes: number;
}

/** Why a call of a method, `/package.Service/Method`, is refused before anybody reads its request, if it is. */
export type Refusal = (path: string) => CoordinatorError | undefined;

export function guardCalls(limits: CallLimits, clock: Clock, refusal: Refusal): ServerInterceptor {
  const tally = new Tally();
  return (method, call) => new ServerInterceptingCall(call, guard(method, call, tally, limits, clock, refusal));
}

function guard(
  { path, requestStream, responseStream }: Parameters<ServerInterceptor>[0],
  call: ServerInterceptingCallInterface,
  tally: Tally,
  limits: CallLimits,
  clock: Clock,
  refusal: Refusal,
): Responder {
  const stream = http2StreamOf(call);
  const share = tally.shareOf(stream?.session);
  const maxCalls = limits.maxCallsOf.get(path) ?? (responseStream ? limits.maxStreams : limits.maxUnaryCalls);
  let cancelTimer: CancelTimer = () => undefined;
  let partialBytes = 0;
  let isClosed = false;

  const holdBytes = (bytes: number): void => {
    partialBytes += bytes;
    share.partialBytes += bytes;
    tally.partialBytes += bytes;
  };
  const onData = (chunk: Buffer): void => {
    holdBytes(chunk.length);
    if (tally.partialBytes > limits.maxPartialBytes && share.partialBytes > limits.sharedPartialBytes) {
      end(overloaded('too many requests have arrived in part'));
    }
  };
  const onArrived = (): void => {
    stream?.off('data', onData);
    holdBytes(-partialBytes);
    cancelTimer();
  };
  const holdCall = (count: 1 | -1): void => {
    share.calls += count;
    tally.calls.set(path, (tally.calls.get(path) ?? 0) + count);
  };
  const onClosed = (): void => {
    isClosed = true;
    onArrived();
    holdCall(-1);
  };
  const waitForReader = (): void => {
    cancelTimer();
    // A handler may have an answer for a caller that is gone.
    if (isClosed) return;
    cancelTimer = clock.setTimer(limits.answerWithinMs, () => {
      // What is left waits for flow control that the caller does not grant, the status behind it.
      stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  };
  const waitForRequest = (withinMs: number): void => {
    cancelTimer();
    cancelTimer = clock.setTimer(withinMs, () => {
      end(overloaded(`the request has not arrived whole within ${String(withinMs)} ms`));
    });
  };
  const end = (error: CoordinatorError): void => {
    onArrived();
    waitForReader();
    call.sendStatus(toStatus(error));
  };

  return {
    start(next) {
      const isTooMany = (tally.calls.get(path) ?? 0) >= maxCalls && share.calls >= limits.sharedCalls;
      const refused = isTooMany ? TOO_MANY : refusal(path);
      if (refused !== undefined) {
        call.sendStatus(statusOf(refused));
        return;
      }
      holdCall(1);
      stream?.once('close', onClosed);
      stream?.on('data', onData);
      waitForRequest(limits.requestWithinMs);
      next({
        onReceiveMessage(message, pass) {
          if (message instanceof Undecodable) {
            end(new CoordinatorError('INVALID_ARGUMENT', `the request cannot be decoded: ${message.why}`));
            return;
          }
          if (requestStream) {
            holdBytes(-partialBytes);
            waitForRequest(NEXT_QUESTION_WITHIN_MS);
          }
          pass(message);
        },
        onReceiveHalfClose(pass) {
          onArrived();
          pass();
        },
        onCancel() {
          if (stream === undefined) onClosed();
        },
      });
    },
    sendMessage(message, next) {
      // A stream's own handler waits for its reader.
      if (!responseStream) waitForReader();
      next(message);
    },
    sendStatus(status, next) {
      onArrived();
      waitForReader();
      next({ ...status, details: cutText(status.details, MAX_MESSAGE_LENGTH) });
    },
  };
}

const TOO_MANY = overloaded('as many calls of this method are under way as this server takes');

/** Of errors that are made once. A status is most of what it costs to refuse a call. */
const statuses = new WeakMap<CoordinatorError, Status>();

function statusOf(error: CoordinatorError): Status {
  const made = statuses.get(error) ?? toStatus(error);
  statuses.set(error, made);
  return made;
}

function overloaded(message: string): CoordinatorError {
  return new CoordinatorError('OVERLOADED', message);
}
