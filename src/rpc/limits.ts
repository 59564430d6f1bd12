// What all callers together can make a server hold, as numbers with their
// reasons. One of them grows with what a server is for: how many streams, and so
// how many connections, it carries. The others are the same for everybody.

import type { ChannelOptions } from '@grpc/grpc-js';

export interface CallLimits {
  /** For a request to arrive whole, in milliseconds. */
  readonly requestWithinMs: number;
  /** For an answer to be taken, status and all, in milliseconds. */
  readonly answerWithinMs: number;
  /** Calls at once of each method that answers with one message. */
  readonly maxUnaryCalls: number;
  /** Calls at once of each method that answers with a stream, which may last. */
  readonly maxStreams: number;
  /** The methods, as `/package.Service/Method`, for which it is another number. */
  readonly maxCallsOf: ReadonlyMap<string, number>;
  /** Whatever the others hold, each connection may have this many. */
  readonly sharedCalls: number;
  /** Of all requests together that have not arrived whole. */
  readonly maxPartialBytes: number;
  /** Whatever the others hold, each connection may have this much. */
  readonly sharedPartialBytes: number;
}

/**
 * The largest request that makes sense has a spec of 64 KiB as JSON, and in protobuf up to twice that, unless it is all
 * numbers. grpc-js takes 4 MB by default.
 */
export const MAX_REQUEST_BYTES = 128 * 1024;

const CALL_LIMITS: Omit<CallLimits, 'maxStreams'> = {
  // Requests are small and sent at once; a modem would need 10 s for the largest.
  requestWithinMs: 10_000,
  // What a reader of a stream has at its end, too.
  answerWithinMs: 10_000,
  // What is answered in a fifth of a second; more would only wait for each other.
  maxUnaryCalls: 1024,
  maxCallsOf: new Map([
    // Each looks at Redis twice a second while nothing happens: all of them cost a fifth of a core.
    ['/actorworkflow.v1.ActorWorkflow/Watch', 1000],
    // Each reads up to two megabytes from Redis at a time, in front of everybody else's commands.
    ['/actorworkflow.v1.ActorRegistry/ListActors', 16],
  ]),
  // A caller that waits for its answers has one; a probe, too.
  sharedCalls: 8,
  // 500 of the largest requests.
  maxPartialBytes: 64 * 1024 * 1024,
  sharedPartialBytes: MAX_REQUEST_BYTES,
};

/** Above what a server carries: so that what is too much is told so by name, and for connections that idle. */
const SPARE_STREAMS = 1000;

/** @param maxWork how much that lasts the server carries: workflows of a replica, calls of a node */
export function callLimits(maxWork: number): CallLimits {
  return { ...CALL_LIMITS, maxStreams: maxWork + SPARE_STREAMS };
}

/** Proxies close what is idle for a minute or so; half of the shortest that is common. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

/** A caller that comes back after this connects again, without noticing; who holds connections for nothing loses them. */
const MAX_CONNECTION_IDLE_MS = 5 * 60_000;

/** As grpc-js has them. All streams may come from one connection: a proxy may be the only caller there is. */
export function channelLimits({ maxStreams }: CallLimits, maxRequestBytes: number): ChannelOptions {
  return {
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.max_connection_idle_ms': MAX_CONNECTION_IDLE_MS,
    'grpc.max_concurrent_streams': maxStreams,
    // Also of what a compressed request inflates to.
    'grpc.max_receive_message_length': maxRequestBytes,
  };
}
