// What a call ends with: the table "Statuses" of the design, and limits that
// hold whatever an error holds, since clients in other languages drop or refuse
// larger trailers.

import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CoordinatorError, leaseHeld, type ErrorDetails, type Reason } from '../../src/errors.js';
import { badRequestType, errorInfoType, retryInfoType, statusType } from '../../src/rpc/proto.js';
import { codeOf, isUnexpected, toStatus } from '../../src/rpc/status.js';
import { decodeDetails, DETAILS_KEY } from '../../src/rpc/status-details.js';

const TABLE: Readonly<Record<Reason, keyof typeof codes>> = {
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  ACTOR_NOT_FOUND: 'NOT_FOUND',
  LEASE_HELD: 'ABORTED',
  LEASE_LOST: 'ABORTED',
  WORKFLOW_DEADLINE: 'DEADLINE_EXCEEDED',
  INVALID_STATE: 'FAILED_PRECONDITION',
  NO_MATCHING_POOL: 'FAILED_PRECONDITION',
  NO_FREE_WORKER: 'RESOURCE_EXHAUSTED',
  RUNTIME_FAILED: 'INTERNAL',
  RUNTIME_UNAVAILABLE: 'UNAVAILABLE',
  STORE_UNAVAILABLE: 'UNAVAILABLE',
  DRAINING: 'UNAVAILABLE',
  CANCELLED: 'CANCELLED',
  STALE_FENCING_TOKEN: 'FAILED_PRECONDITION',
  INTERNAL: 'INTERNAL',
  OVERLOADED: 'RESOURCE_EXHAUSTED',
  ACTOR_ALREADY_EXISTS: 'ALREADY_EXISTS',
  WORKER_NOT_FOUND: 'NOT_FOUND',
};
const RETRYABLE = [
  'LEASE_HELD',
  'LEASE_LOST',
  'NO_FREE_WORKER',
  'RUNTIME_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'OVERLOADED',
  'DRAINING',
];

/** The trailers of an error as a client in any language decodes them. */
function trailersOf(error: unknown) {
  const status = toStatus(error);
  const bytes = status.metadata.get(DETAILS_KEY)[0] as Buffer;
  const inner = statusType.deserialize(bytes);
  const part = (name: string): Buffer | undefined =>
    inner.details.find(({ type_url: url }) => url === `type.googleapis.com/google.rpc.${name}`)?.value;
  const info = part('ErrorInfo');
  const retry = part('RetryInfo');
  const bad = part('BadRequest');
  return {
    status,
    inner,
    bytes: bytes.length,
    // As grpc-js puts it on the wire.
    wireBytes: bytes.toString('base64').length + encodeURI(status.details).length,
    info: info && errorInfoType.deserialize(info),
    retry: retry && retryInfoType.deserialize(retry).retry_delay,
    violations: bad && badRequestType.deserialize(bad).field_violations,
  };
}

describe('a status', () => {
  it.each(Object.entries(TABLE))('for %s is %s, with an ErrorInfo that names the reason', (reason, code) => {
    const { status, inner, info, retry } = trailersOf(new CoordinatorError(reason as Reason, 'why'));
    expect(codes[status.code]).toBe(code);
    expect(status.details).toBe('why');
    expect(inner).toMatchObject({ code: status.code, message: 'why' });
    expect(info).toEqual({ reason, domain: 'actorworkflow.v1', metadata: {} });
    expect(retry !== undefined).toBe(RETRYABLE.includes(reason));
  });

  it("carries the runtime's own code where that is one, and INTERNAL where not", () => {
    const of = (runtimeCode: string): codes =>
      toStatus(new CoordinatorError('RUNTIME_FAILED', '', { runtimeCode })).code;
    expect(of('DATA_LOSS')).toBe(codes.DATA_LOSS);
    expect(of('NOT_FOUND')).toBe(codes.NOT_FOUND);
    for (const none of ['OK', '', '15', 'toString', '__proto__', 'data_loss', 'NO_SUCH'])
      expect(of(none)).toBe(codes.INTERNAL);
    // Only that reason has a code of its own.
    expect(codeOf('LEASE_LOST', 'DATA_LOSS')).toBe(codes.ABORTED);
  });

  it('tells who holds a lease, and when to try again to the millisecond', () => {
    const by = { holder: 'replica-a', workflowId: 'w-1', kind: 'RESUME', fencingToken: 1.7e15, expiresInMs: 1234 };
    const { info, retry } = trailersOf(leaseHeld('ns/a', by));
    expect(info?.metadata).toEqual({
      holder: 'replica-a',
      workflow_id: 'w-1',
      kind: 'RESUME',
      fencing_token: '1700000000000000',
      expires_in_ms: '1234',
    });
    expect(retry).toEqual({ seconds: '1', nanos: 234_000_000 });
  });

  it.each([
    [0, { seconds: '0', nanos: 0 }],
    [1, { seconds: '0', nanos: 1_000_000 }],
    [999.9999999, { seconds: '1', nanos: 0 }],
    [-5, { seconds: '0', nanos: 0 }],
    [2 ** 31, { seconds: '2147483', nanos: 648_000_000 }],
  ])('carries a retry delay of %d ms exactly', (retryAfterMs, expected) => {
    expect(trailersOf(new CoordinatorError('DRAINING', '', { retryAfterMs })).retry).toEqual(expected);
  });

  it('names every field that is wrong in a BadRequest', () => {
    const violations = [
      { field: 'actor.name', description: 'got nothing' },
      { field: 'pool', description: 'got "ä"' },
    ];
    expect(trailersOf(new CoordinatorError('INVALID_ARGUMENT', '', { violations })).violations).toEqual(violations);
  });

  it('is read back by our own client as it was written', () => {
    const details = {
      metadata: { holder: 'b' },
      retryAfterMs: 1500,
      violations: [{ field: 'f', description: 'd' }],
    };
    const { metadata } = toStatus(new CoordinatorError('LEASE_HELD', 'm', details));
    expect(decodeDetails(metadata)).toEqual({ reason: 'LEASE_HELD', domain: 'actorworkflow.v1', ...details });
  });
});

describe('whatever an error holds', () => {
  const texts: readonly [string, string][] = [
    ['a megabyte of ASCII', 'x'.repeat(1_000_000)],
    ['a megabyte of Chinese', '文'.repeat(400_000)],
    ['emoji', '🦊'.repeat(100_000)],
    ['emoji, cut in the middle of one', `x${'🦊'.repeat(100_000)}`],
    ['lone surrogates', '\ud800\udc00\udc00\ud800'.repeat(10_000)],
    ['controls and line breaks', '\0\r\n\t\u007f\u2028'.repeat(1_000)],
    ['percent signs', '%2F%'.repeat(1_000)],
    ['nothing', ''],
  ];
  const many = (text: string, count: number) => Array.from({ length: count }, (_, i) => `${String(i)}${text}`);

  it.each(texts)('the trailers stay below 8 kB, and say the same twice: %s', (_, text) => {
    const shapes: readonly ErrorDetails[] = [
      {},
      { metadata: { [text]: text }, violations: [{ field: text, description: text }], retryAfterMs: 1 },
      { metadata: Object.fromEntries(many(text, 50).map((each) => [each, each])) },
      { violations: many(text, 50).map((each) => ({ field: each, description: each })) },
      {
        metadata: Object.fromEntries(many(text, 50).map((each) => [each, each])),
        violations: many(text, 50).map((each) => ({ field: each, description: each })),
        retryAfterMs: 1,
      },
    ];
    for (const shape of shapes) {
      const { status, inner, bytes, wireBytes, info, violations } = trailersOf(
        new CoordinatorError('INVALID_ARGUMENT', text, shape),
      );
      expect(bytes).toBeLessThan(6_000);
      // C-core counts names and 32 bytes for each header as well.
      expect(wireBytes).toBeLessThan(8_000 - 300);
      expect(status.details.isWellFormed()).toBe(true);
      expect(decodeURI(encodeURI(status.details))).toBe(status.details);
      expect({ code: inner.code, message: inner.message }).toEqual({ code: status.code, message: status.details });
      expect(info?.reason).toBe('INVALID_ARGUMENT');
      // What is wrong is told as far as it fits, and at least once.
      if (shape.violations !== undefined) expect(violations?.length).toBeGreaterThan(0);
    }
  });

  it('is encoded in a time that does not grow with it', () => {
    const items = many('', 100_000);
    const startedAtMs = performance.now();
    const { bytes } = trailersOf(
      new CoordinatorError('INVALID_ARGUMENT', '', {
        metadata: Object.fromEntries(items.map((item) => [item, item])),
        violations: items.map((item) => ({ field: item, description: item })),
      }),
    );
    expect(bytes).toBeLessThan(6_000);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });

  it.each([Infinity, NaN, 1e300])('a retry delay of %d is some delay that a client can read', (retryAfterMs) => {
    const { retry } = trailersOf(new CoordinatorError('DRAINING', '', { retryAfterMs }));
    expect(Number(retry?.seconds)).toBeGreaterThanOrEqual(0);
    expect(Number(retry?.seconds)).toBeLessThanOrEqual(315_576_000_000);
    expect(retry?.nanos).toBeGreaterThanOrEqual(0);
    expect(retry?.nanos).toBeLessThan(1e9);
  });
});

describe('an error that is not of the closed set', () => {
  it.each([
    new Error('secret password'),
    'secret',
    undefined,
    null,
    { code: 5, details: 'secret' },
    Object.assign(new Error('secret'), { reason: 'NOT_FOUND', code: 5 }),
    new AggregateError([new Error('secret')], 'secret'),
  ])('becomes INTERNAL with a fixed text: %j', (error) => {
    const { status, inner, info } = trailersOf(error);
    expect(status.code).toBe(codes.INTERNAL);
    expect(status.details).toBe('internal error; the log of this replica has the details');
    expect(info).toEqual({ reason: 'INTERNAL', domain: 'actorworkflow.v1', metadata: {} });
    expect(JSON.stringify(inner)).not.toContain('secret');
    expect(isUnexpected(error)).toBe(true);
  });

  it('is the only kind that the log needs to hold', () => {
    expect(isUnexpected(new CoordinatorError('LEASE_LOST', ''))).toBe(false);
  });
});

describe('the trailers of a peer', () => {
  it('that cannot be read are none', () => {
    const { metadata } = toStatus(new CoordinatorError('LEASE_LOST', ''));
    const read = (bytes: Buffer) => {
      metadata.set(DETAILS_KEY, bytes);
      return decodeDetails(metadata);
    };
    expect(read(Buffer.from('\xff\xff\xff'))).toBeUndefined();
    expect(read(Buffer.alloc(0))).toBeUndefined();
    expect(
      read(
        statusType.serialize({
          code: 5,
          details: [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from([10, 200]) }],
        }),
      ),
    ).toBeUndefined();
    expect(
      read(
        statusType.serialize({ code: 5, details: [{ type_url: 'type.googleapis.com/x.Y', value: Buffer.from('z') }] }),
      ),
    ).toBeUndefined();
    metadata.remove(DETAILS_KEY);
    expect(decodeDetails(metadata)).toBeUndefined();
  });
});
