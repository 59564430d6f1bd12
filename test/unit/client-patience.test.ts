import { describe, expect, it } from 'vitest';
import { CallError, toCallError, type CallReason } from '../../src/client/call-error.js';
import { canHeal, Patience } from '../../src/client/patience.js';
import { CoordinatorError, REASONS } from '../../src/errors.js';

const refused = (retryAfterMs?: number) => new CallError('LEASE_HELD', 'ABORTED', 'held', { retryAfterMs });

describe('patience', () => {
  it('waits for what RetryInfo says, and up to a quarter more', () => {
    const patience = new Patience();
    for (let i = 0; i < 200; i += 1) {
      const delayMs = patience.nextDelayMs(refused(1000), 60_000);
      expect(delayMs).toBeGreaterThanOrEqual(1000);
      expect(delayMs).toBeLessThanOrEqual(1250);
    }
  });

  it('without RetryInfo waits ever longer, up to 5 s, and begins anew after something went well', () => {
    const patience = new Patience();
    const delays = Array.from({ length: 10 }, () => patience.nextDelayMs(refused(), 60_000) ?? 0);
    const limits = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];
    for (const [index, limitMs] of limits.entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(limitMs / 2);
      expect(delays[index]).toBeLessThanOrEqual(limitMs);
    }
    patience.reset();
    expect(patience.nextDelayMs(refused(), 60_000)).toBeLessThanOrEqual(100);
  });

  it('makes a last attempt when its time is up, and none after', () => {
    const patience = new Patience();
    expect(patience.nextDelayMs(refused(30_000), 700)).toBe(700);
    expect(patience.nextDelayMs(refused(30_000), 0)).toBeUndefined();
  });

  it('is had with what time can heal alone', () => {
    const healing: CallReason[] = [
      ...(['LEASE_HELD', 'LEASE_LOST', 'NO_FREE_WORKER', 'RUNTIME_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const),
      ...(['DRAINING', 'OVERLOADED', 'UNREACHABLE'] as const),
    ];
    for (const reason of [...REASONS, 'UNREACHABLE'] as const) {
      expect([reason, canHeal(new CallError(reason, '', ''))]).toEqual([reason, healing.includes(reason)]);
    }
    const byForce = new CallError('LEASE_LOST', 'ABORTED', '', { metadata: { broken_by_force: 'it hangs' } });
    expect(canHeal(byForce)).toBe(false);
  });
});

describe('the error of a call', () => {
  const fromWire = (code: number, answered: boolean) =>
    toCallError(
      new CoordinatorError('DRAINING', 'x', { maybeDone: !answered, cause: Object.assign(new Error('x'), { code }) }),
    );

  it('is UNREACHABLE where nobody of the service has answered', () => {
    expect(fromWire(14, false)).toMatchObject({ reason: 'UNREACHABLE', code: 'UNAVAILABLE' });
    expect(fromWire(13, false)).toMatchObject({ reason: 'UNREACHABLE', code: 'INTERNAL' });
    expect(fromWire(14, true)).toMatchObject({ reason: 'DRAINING', code: 'UNAVAILABLE' });
    // Somebody has, who is not the service.
    expect(fromWire(16, false)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(fromWire(16, false).reason).not.toBe('UNREACHABLE');
  });

  it('is CANCELLED, whatever it was, once the caller has cancelled', () => {
    expect(toCallError(refused(), AbortSignal.abort('why'))).toMatchObject({ reason: 'CANCELLED', cause: 'why' });
  });

  it('knows no holder where the coordinator knows none', () => {
    expect(new CallError('LEASE_HELD', '', '', { metadata: { holder: '' } }).holder).toBeUndefined();
    expect(new CallError('LEASE_HELD', '', '', { metadata: { holder: 'a' } }).holder).toBe('a');
  });
});
