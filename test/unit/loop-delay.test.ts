// When a replica counts as too late to take on more.

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../src/telemetry/loop-delay.js';
import { FakeClock } from '../fake-clock.js';

function watch(renewIntervalMs: number): { clock: FakeClock; loop: LoopDelay; log: Record<string, unknown>[] } {
  const clock = new FakeClock();
  const log: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
  return { clock, loop: new LoopDelay({ clock, logger, renewIntervalMs }), log };
}

/** The loop is busy for so long after each turn. */
async function turns(clock: FakeClock, count: number, busyMs: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    clock.jump(100 + busyMs);
    await clock.advance(0);
  }
}

describe('an event loop', () => {
  it('that is late once is told, and is not called blocked', async () => {
    const { clock, loop, log } = watch(10_000);
    await turns(clock, 1, 30_000);
    expect(loop.isBlocked).toBe(false);
    expect(log).toMatchObject([{ level: 40, late_ms: 30_000, limit_ms: 1000, refusing: false }]);
    loop.close();
  });

  it('that stays late by more than a tenth of the renewal interval is blocked, until it is on time again', async () => {
    const { clock, loop } = watch(10_000);
    await turns(clock, 5, 1000);
    expect(loop.isBlocked).toBe(false);
    await turns(clock, 3, 1001);
    expect(loop.delayMs).toBe(1001);
    expect(loop.isBlocked).toBe(true);
    await turns(clock, 3, 0);
    expect(loop.isBlocked).toBe(false);
    loop.close();
  });

  it('is allowed 250 ms however short leases are', async () => {
    const { clock, loop } = watch(100);
    await turns(clock, 5, 250);
    expect(loop.isBlocked).toBe(false);
    await turns(clock, 5, 251);
    expect(loop.isBlocked).toBe(true);
    loop.close();
  });

  it('that is late all the time is told of every ten seconds', async () => {
    const { clock, loop, log } = watch(1000);
    await turns(clock, 30, 900);
    expect(log).toHaveLength(3);
    loop.close();
    expect(clock.timers).toBe(0);
  });
});
