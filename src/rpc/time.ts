// google.protobuf.Duration and Timestamp to and from milliseconds. Guarantees:
// what is encoded is normalized (nanos in range, the sign of both parts the
// same), and exact to the nanosecond as far as a double holds it.

import type { Duration, Duration__Output } from '../generated/google/protobuf/Duration.js';
import type { Timestamp, Timestamp__Output } from '../generated/google/protobuf/Timestamp.js';

const NANOS_PER_MS = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** The furthest that a Duration may reach, by duration.proto: some 10,000 years. */
const MAX_DURATION_SECONDS = 315_576_000_000;

/** @param durationMs below 0 becomes 0, and what duration.proto has no form for the longest that it has; a fraction is kept. */
export function toDuration(durationMs: number): Duration {
  return split(Math.min(Math.max(0, durationMs), MAX_DURATION_SECONDS * 1000));
}

/** @param timeMs milliseconds since 1970; earlier than that is negative, with nanos counting forward. */
export function toTimestamp(timeMs: number): Timestamp {
  return split(timeMs);
}

function split(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * NANOS_PER_MS);
  return nanos < NANOS_PER_SECOND ? { seconds, nanos } : { seconds: seconds + 1, nanos: 0 };
}

/** Milliseconds, or undefined where the message breaks the rules of duration.proto. */
export function fromDuration(duration: Duration__Output): number | undefined {
  const seconds = Number(duration.seconds);
  const { nanos } = duration;
  if (Math.abs(seconds) > MAX_DURATION_SECONDS || Math.abs(nanos) >= NANOS_PER_SECOND) return undefined;
  if (seconds * nanos < 0) return undefined;
  return seconds * 1000 + nanos / NANOS_PER_MS;
}

/** From the year 1 to the end of 9999, by timestamp.proto. */
const MIN_TIMESTAMP_SECONDS = -62_135_596_800;
const MAX_TIMESTAMP_SECONDS = 253_402_300_799;

/** Whole milliseconds since 1970, or undefined where the message breaks the rules of timestamp.proto. */
export function fromTimestamp(timestamp: Timestamp__Output): number | undefined {
  const seconds = Number(timestamp.seconds);
  const { nanos } = timestamp;
  if (seconds < MIN_TIMESTAMP_SECONDS || seconds > MAX_TIMESTAMP_SECONDS) return undefined;
  if (nanos < 0 || nanos >= NANOS_PER_SECOND) return undefined;
  return seconds * 1000 + Math.floor(nanos / NANOS_PER_MS);
}

/** A duration as people write it: `5m`, `90s`, `1.5s`, `250ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs !== 0 && durationMs % 60_000 === 0) return `${String(durationMs / 60_000)}m`;
  if (Math.abs(durationMs) >= 1000) return `${String(durationMs / 1000)}s`;
  return `${String(durationMs)}ms`;
}
