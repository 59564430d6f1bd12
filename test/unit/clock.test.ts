import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep, systemClock } from '../../src/clock.js';

describe('a timer of the system clock', () => {
  // As Node's own, these truncate a fraction and take more than 2^31 ms for 1 ms.
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('fires no sooner than it was asked to, and once', () => {
    const fired = vi.fn();
    systemClock.setTimer(1.5, fired);
    vi.advanceTimersByTime(1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  it('does not fire at once for being set too far ahead', () => {
    const fired = vi.fn();
    const cancel = systemClock.setTimer(2 ** 31, fired);
    vi.advanceTimersByTime(60_000);
    expect(fired).not.toHaveBeenCalled();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a sleep', () => {
  it('ends with the reason of its signal as soon as that aborts, and leaves neither timer nor listener', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const reason = new Error('no more');
    const asleep = sleep(systemClock, 60_000, controller.signal);
    controller.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(sleep(systemClock, 60_000, controller.signal)).rejects.toBe(reason);
    await sleep(systemClock, 1, new AbortController().signal);
    const lasting = new AbortController();
    const spied = vi.spyOn(lasting.signal, 'removeEventListener');
    await sleep(systemClock, 1, lasting.signal);
    expect(spied).toHaveBeenCalledTimes(1);
    expect(removed).not.toHaveBeenCalled();
  });
});
