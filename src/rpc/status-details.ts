// The binary trailer grpc-status-details-bin: google.rpc.Status with ErrorInfo,
// RetryInfo and BadRequest in it, encoded and decoded. Guarantees: what it
// writes is under 4 kB whatever the error holds, and reading never throws,
// since a peer may send anything.

import type { Metadata } from '@grpc/grpc-js';
import type { FieldViolation } from '../errors.js';
import { badRequestType, errorInfoType, retryInfoType, statusType } from './proto.js';
import { fromDuration, toDuration } from './time.js';

export const DETAILS_KEY = 'grpc-status-details-bin';
export const ERROR_DOMAIN = 'actorworkflow.v1';

/**
 * C-core clients (Python, Ruby, PHP) refuse trailers of more than 8 kB in all.
 * Base64 makes 5.5 kB of this; grpc-message and the rest get what is left.
 */
const MAX_DETAILS_BYTES = 4096;
/** Of one metadata value, field path or description, in UTF-16 units. */
const MAX_ITEM_LENGTH = 256;
/** Violations, and metadata entries, that are looked at: few enough to try what fits, more than ever does. */
const MAX_ITEMS = 100;

const TYPE_URL = 'type.googleapis.com/google.rpc.';

export interface StatusDetails {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number;
  readonly violations: readonly FieldViolation[];
}

/** `text` without lone surrogates, which throw or garble in every codec, and cut to `maxLength` UTF-16 units. */
export function cutText(text: string, maxLength: number): string {
  return (text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`).toWellFormed();
}

/** Drops violations, then metadata, from the end until the whole fits. `code` and `message` are those of the call. */
export function encodeDetails(code: number, message: string, details: StatusDetails): Buffer {
  const violations = details.violations.slice(0, MAX_ITEMS).map(({ field, description }) => ({
    field: cutText(field, MAX_ITEM_LENGTH),
    description: cutText(description, MAX_ITEM_LENGTH),
  }));
  const metadata = Object.entries(details.metadata)
    .slice(0, MAX_ITEMS)
    .map(([key, value]) => [cutText(key, MAX_ITEM_LENGTH), cutText(value, MAX_ITEM_LENGTH)] as const);
  for (;;) {
    const { reason, domain } = details;
    const parts = [
      any('ErrorInfo', errorInfoType.serialize({ reason, domain, metadata: Object.fromEntries(metadata) })),
    ];
    if (details.retryAfterMs !== undefined) {
      parts.push(any('RetryInfo', retryInfoType.serialize({ retry_delay: toDuration(details.retryAfterMs) })));
    }
    if (violations.length > 0) {
      parts.push(any('BadRequest', badRequestType.serialize({ field_violations: violations })));
    }
    const bytes = statusType.serialize({ code, message, details: parts });
    if (bytes.length <= MAX_DETAILS_BYTES) return bytes;
    // Halved, so that it takes a few rounds whatever was given. The first violation stays: it fits once the metadata is gone.
    if (violations.length > 1) violations.splice(violations.length >> 1);
    else if (metadata.length > 0) metadata.splice(metadata.length >> 1);
    else return statusType.serialize({ code, message, details: [] });
  }
}

function any(type: string, value: Buffer): { type_url: string; value: Buffer } {
  return { type_url: TYPE_URL + type, value };
}

/** What a peer's trailers say; undefined where they carry no ErrorInfo that can be read. */
export function decodeDetails(metadata: Metadata): StatusDetails | undefined {
  const bytes = metadata.get(DETAILS_KEY)[0];
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    let info: { reason: string; domain: string; metadata: Record<string, string> } | undefined;
    let retryAfterMs: number | undefined;
    let violations: FieldViolation[] = [];
    for (const { type_url: url, value } of statusType.deserialize(bytes).details) {
      if (url === `${TYPE_URL}ErrorInfo`) info = errorInfoType.deserialize(value);
      if (url === `${TYPE_URL}BadRequest`) violations = badRequestType.deserialize(value).field_violations;
      if (url === `${TYPE_URL}RetryInfo`) {
        const delay = retryInfoType.deserialize(value).retry_delay;
        if (delay !== null) retryAfterMs = fromDuration(delay);
      }
    }
    if (info === undefined) return undefined;
    return { ...info, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } catch {
    return undefined;
  }
}
