// Errors as statuses, and back: what reaches a caller in any language.

import { status as codes, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CoordinatorError, type ErrorDetails, type Reason } from '../../src/errors.js';
import { statusType } from '../../src/rpc/proto.js';
import { codeOf, fromServiceError, toStatus, type PeerStatus, type Status } from '../../src/rpc/status.js';
import { DETAILS_KEY } from '../../src/rpc/status-details.js';

function bytesOf(status: Status): Buffer {
  const [bytes] = status.metadata.get(DETAILS_KEY);
  if (!(bytes instanceof Buffer)) throw new Error('the status has no details');
  return bytes;
}

/** What a client makes of it. */
function received(error: unknown): PeerStatus {
  return fromServiceError(Object.assign(new Error(), toStatus(error)));
}

const failed = (reason: Reason, details: ErrorDetails = {}): CoordinatorError =>
  new CoordinatorError(reason, 'why', details);

describe('a status', () => {
  it.each<[Reason, keyof typeof codes, boolean]>([
    ['INVALID_ARGUMENT', 'INVALID_ARGUMENT', false],
    ['ACTOR_NOT_FOUND', 'NOT_FOUND', false],
    ['LEASE_HELD', 'ABORTED', true],
    ['LEASE_LOST', 'ABORTED', false],
    ['WORKFLOW_DEADLINE', 'DEADLINE_EXCEEDED', false],
    ['INVALID_STATE', 'FAILED_PRECONDITION', false],
    ['NO_MATCHING_POOL', 'FAILED_PRECONDITION', false],
    ['NO_FREE_WORKER', 'RESOURCE_EXHAUSTED', true],
    ['RUNTIME_FAILED', 'INTERNAL', false],
    ['RUNTIME_UNAVAILABLE', 'UNAVAILABLE', true],
    ['STORE_UNAVAILABLE', 'UNAVAILABLE', true],
    ['DRAINING', 'UNAVAILABLE', true],
    ['CANCELLED', 'CANCELLED', false],
    ['STALE_FENCING_TOKEN', 'FAILED_PRECONDITION', false],
    ['INTERNAL', 'INTERNAL', false],
    ['OVERLOADED', 'RESOURCE_EXHAUSTED', true],
    ['ACTOR_ALREADY_EXISTS', 'ALREADY_EXISTS', false],
    ['WORKER_NOT_FOUND', 'NOT_FOUND', false],
  ])('of %s is %s, with a RetryInfo where the design promises one', (reason, code, retries) => {
    const { details, ...status } = received(failed(reason));
    expect(status).toEqual({ code, message: 'why' });
    expect(details).toMatchObject({ reason, domain: 'actorworkflow.v1' });
    expect(details?.retryAfterMs !== undefined).toBe(retries);
  });

  it.each([
    ['DATA_LOSS', codes.DATA_LOSS],
    ['CANCELLED', codes.CANCELLED],
    ['OK', codes.INTERNAL],
    ['NO_SUCH_CODE', codes.INTERNAL],
    ['toString', codes.INTERNAL],
    // The enum maps numbers to names as well.
    ['5', codes.INTERNAL],
    [undefined, codes.INTERNAL],
  ])('of a runtime that gave the code %s has the code %i', (runtimeCode, code) => {
    expect(codeOf('RUNTIME_FAILED', runtimeCode)).toBe(code);
    // Only a runtime's own failure is told by the runtime's code.
    expect(codeOf('LEASE_LOST', runtimeCode)).toBe(codes.ABORTED);
  });

  it('carries metadata, violations and the exact delay', () => {
    const violations = [{ field: 'options.deadline', description: 'got "-1s"; expected more' }];
    const metadata = { holder: 'replica-a', expires_in_ms: '1234' };
    const { details } = received(failed('LEASE_HELD', { metadata, violations, retryAfterMs: 1234.5 }));
    expect(details).toEqual({
      reason: 'LEASE_HELD',
      domain: 'actorworkflow.v1',
      metadata,
      violations,
      retryAfterMs: 1234.5,
    });
  });

  it('has the same code and message in its details as in its trailers, or Python clients raise', () => {
    for (const message of ['why', 'w'.repeat(100_000), '漢'.repeat(10_000), 'half a pair: \ud83d', '']) {
      const status = toStatus(new CoordinatorError('LEASE_LOST', message));
      expect(statusType.deserialize(bytesOf(status))).toMatchObject({ code: status.code, message: status.details });
      expect(status.details.isWellFormed()).toBe(true);
    }
  });

  it.each([
    ['long text', 'x'.repeat(100_000)],
    ['text of other scripts', '漢字'.repeat(50_000)],
    ['lone surrogates', '\udc00\ud800'.repeat(10_000)],
  ])('fits into 8 kB of trailers whatever is in it: %s', (_, text) => {
    const violations = Array.from({ length: 500 }, () => ({ field: text, description: text }));
    const metadata = Object.fromEntries(Array.from({ length: 500 }, (__, index) => [`${index}_${text}`, text]));
    const status = toStatus(new CoordinatorError('INVALID_ARGUMENT', text, { violations, metadata }));
    const bytes = bytesOf(status);
    expect(bytes.length).toBeLessThan(6000);
    expect(bytes.toString('base64').length + encodeURI(status.details).length).toBeLessThan(8000);
    const { details } = received(new CoordinatorError('INVALID_ARGUMENT', text, { violations, metadata }));
    expect(details?.reason).toBe('INVALID_ARGUMENT');
    expect(details?.violations.length).toBeGreaterThan(0);
  });

  it('of what is not of the closed set tells nothing of it', () => {
    for (const error of [new TypeError('password=hunter2'), 'password=hunter2', undefined]) {
      const status = toStatus(error);
      expect(status.code).toBe(codes.INTERNAL);
      expect(JSON.stringify([status.details, bytesOf(status).toString('latin1')])).not.toContain('hunter2');
      expect(received(error).details?.reason).toBe('INTERNAL');
    }
  });
});

describe('a status from a peer', () => {
  it.each([
    ['no details', undefined],
    ['details that are no protobuf', Buffer.from([0xff, 0xff, 0xff])],
    ['details without an ErrorInfo', statusType.serialize({ code: 5, message: 'gone' })],
    [
      'an ErrorInfo that is no protobuf',
      statusType.serialize({
        details: [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from([0xff]) }],
      }),
    ],
  ])('with %s is still read by code and message', (_, bytes) => {
    const error = Object.assign(new Error(), toStatus(new CoordinatorError('ACTOR_NOT_FOUND', 'gone'))) as ServiceError;
    if (bytes === undefined) error.metadata.remove(DETAILS_KEY);
    else error.metadata.set(DETAILS_KEY, bytes);
    expect(fromServiceError(error)).toEqual({ code: 'NOT_FOUND', message: 'gone', details: undefined });
  });

  it('with a code that gRPC does not know is UNKNOWN', () => {
    const error = Object.assign(new Error(), toStatus(failed('CANCELLED')), { code: 99 }) as ServiceError;
    expect(fromServiceError(error).code).toBe('UNKNOWN');
  });
});
