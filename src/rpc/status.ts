// The one place where errors become gRPC statuses, by the table "Statuses" of
// the design, and where a peer's status is read back. Guarantees: every reason
// has its code; code and message of the details equal those of the call (Python
// clients raise otherwise); all trailers together stay under 8 kB; no text of an
// error that is not of the closed set reaches a caller.

import { Metadata, status as codes, type ServiceError } from '@grpc/grpc-js';
import { toCoordinatorError, type CoordinatorError, type Reason } from '../errors.js';
import {
  cutText,
  decodeDetails,
  DETAILS_KEY,
  encodeDetails,
  ERROR_DOMAIN,
  type StatusDetails,
} from './status-details.js';

export interface Status {
  readonly code: codes;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Called with whatever a caller only hears "internal error" of, so that the log has it whole. */
export type OnUnexpected = (error: unknown, path: string) => void;

const CODES: Readonly<Record<Reason, codes>> = {
  INVALID_ARGUMENT: codes.INVALID_ARGUMENT,
  ACTOR_NOT_FOUND: codes.NOT_FOUND,
  LEASE_HELD: codes.ABORTED,
  LEASE_LOST: codes.ABORTED,
  WORKFLOW_DEADLINE: codes.DEADLINE_EXCEEDED,
  INVALID_STATE: codes.FAILED_PRECONDITION,
  NO_MATCHING_POOL: codes.FAILED_PRECONDITION,
  NO_FREE_WORKER: codes.RESOURCE_EXHAUSTED,
  // Where the runtime gave no code that fits.
  RUNTIME_FAILED: codes.INTERNAL,
  RUNTIME_UNAVAILABLE: codes.UNAVAILABLE,
  STORE_UNAVAILABLE: codes.UNAVAILABLE,
  DRAINING: codes.UNAVAILABLE,
  CANCELLED: codes.CANCELLED,
  STALE_FENCING_TOKEN: codes.FAILED_PRECONDITION,
  INTERNAL: codes.INTERNAL,
  OVERLOADED: codes.RESOURCE_EXHAUSTED,
  ACTOR_ALREADY_EXISTS: codes.ALREADY_EXISTS,
  WORKER_NOT_FOUND: codes.NOT_FOUND,
};

/** The reasons that promise a RetryInfo, for errors that do not say when: long enough not to be a busy loop. */
const DEFAULT_RETRY_AFTER_MS = 1000;
const RETRYABLE: ReadonlySet<Reason> = new Set<Reason>([
  'LEASE_HELD',
  'LEASE_LOST',
  'NO_FREE_WORKER',
  'RUNTIME_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'OVERLOADED',
  'DRAINING',
]);

/** A longer text helps nobody. */
const MAX_MESSAGE_LENGTH = 512;
/** As grpc-message has it, percent-encoded: with the details' 5.5 kB of base64 it stays well below 8 kB. */
const MAX_ENCODED_MESSAGE_LENGTH = 1536;

/** The gRPC code of a reason; `runtimeCode` is the canonical name that RUNTIME_FAILED carries. */
export function codeOf(reason: Reason, runtimeCode?: string): codes {
  if (reason === 'RUNTIME_FAILED' && runtimeCode !== undefined && runtimeCode !== 'OK' && isCodeName(runtimeCode)) {
    return codes[runtimeCode];
  }
  return CODES[reason];
}

// `codes` also maps numbers to names, so a name is what maps to a number.
function isCodeName(name: string): name is keyof typeof codes {
  return Object.hasOwn(codes, name) && typeof codes[name as keyof typeof codes] === 'number';
}

/** The canonical name of a code, such as `NOT_FOUND`; `UNKNOWN` for a number that is none. */
export function codeName(code: number): string {
  return (codes as Readonly<Record<number, string | undefined>>)[code] ?? 'UNKNOWN';
}

/** Turns anything thrown into the status that a call ends with. */
export function toStatus(error: unknown): Status {
  const known = toCoordinatorError(error);
  const code = codeOf(known.reason, known.runtimeCode);
  const message = cutMessage(known.message);
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, encodeDetails(code, message, detailsOf(known)));
  return { code, details: message, metadata };
}

/** Whether the error is one that callers learn nothing about, so that the log must hold it. */
export function isUnexpected(error: unknown): boolean {
  return toCoordinatorError(error).reason === 'INTERNAL';
}

function detailsOf(error: CoordinatorError): StatusDetails {
  const retryAfterMs = error.retryAfterMs ?? (RETRYABLE.has(error.reason) ? DEFAULT_RETRY_AFTER_MS : undefined);
  return {
    reason: error.reason,
    domain: ERROR_DOMAIN,
    metadata: error.metadata,
    violations: error.violations,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function cutMessage(text: string): string {
  let message = cutText(text, MAX_MESSAGE_LENGTH);
  // Halved rather than measured per character: it happens to text in other scripts alone, and seldom.
  while (encodeURI(message).length > MAX_ENCODED_MESSAGE_LENGTH) message = cutText(message, message.length >> 1);
  return message;
}

/** What a status from a peer says, for clients: its code's name, its text, and the details where it has any. */
export interface PeerStatus {
  readonly code: string;
  readonly message: string;
  readonly details: StatusDetails | undefined;
}

export function fromServiceError(error: ServiceError): PeerStatus {
  return { code: codeName(error.code), message: error.details, details: decodeDetails(error.metadata) };
}
