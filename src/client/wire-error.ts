// What a failed call was about, from its status and its details.

import type { ServiceError } from '@grpc/grpc-js';
import { CoordinatorError, isReason, type Reason } from '../errors.js';
import { fromServiceError } from '../rpc/status.js';

/** Without details, as from a proxy or a broken connection, the code says what there is to say. */
const BY_CODE: Readonly<Record<string, Reason>> = {
  CANCELLED: 'CANCELLED',
  DEADLINE_EXCEEDED: 'WORKFLOW_DEADLINE',
  RESOURCE_EXHAUSTED: 'OVERLOADED',
  UNAVAILABLE: 'DRAINING',
};

/** A grpc-js error as the CoordinatorError that the service ended the call with; other errors as they are. */
export function toWireError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (!('metadata' in error && 'details' in error && 'code' in error)) return error;
  const { code, message, details } = fromServiceError(error as ServiceError);
  const reason = details !== undefined && isReason(details.reason) ? details.reason : (BY_CODE[code] ?? 'INTERNAL');
  return new CoordinatorError(reason, message === '' ? code : message, {
    cause: error,
    metadata: details?.metadata ?? {},
    violations: details?.violations ?? [],
    maybeDone: details === undefined,
    ...(details?.retryAfterMs !== undefined && { retryAfterMs: details.retryAfterMs }),
    ...(reason === 'RUNTIME_FAILED' && { runtimeCode: code }),
  });
}
