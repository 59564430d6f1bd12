// What every attack on a replica must leave alone: its memory, its other
// callers, its log, and its end.

import { expect } from 'vitest';
import type { ActorRef } from '../src/actor/actor.js';
import { forgetPeak, hasProc, openFiles, peakMb } from './process-usage.js';
import type { Replica } from './replica.js';
import { startSteadyCaller, type SteadyReport } from './steady-caller.js';

/** A replica that has just started has 90 MB. */
export const MAX_RESIDENT_MB = 512;

/** The median of those who have nothing to do with an attack: what they notice of it. Alone it is 3 ms. */
const MAX_MEDIAN_MS = 500;

/** Sockets are closed some turns of the event loop after their peers have gone. */
const CLOSED_WITHIN_MS = 10_000;

export interface Endured<T> {
  readonly result: T;
  readonly others: SteadyReport;
  /** 0 where there is no /proc. */
  readonly peakMb: number;
}

/**
 * Runs an attack beside a well-behaved caller, and checks what it did to that one and to the replica.
 * @param actor one that exists, for the other caller to read
 * @param attack lets go of its connections before it resolves
 */
export async function endure<T>(replica: Replica, actor: ActorRef, attack: () => Promise<T>): Promise<Endured<T>> {
  const files = hasProc ? openFiles(replica.pid) : 0;
  if (hasProc) forgetPeak(replica.pid);
  const steady = await startSteadyCaller(replica.address, actor);
  const result = await attack();
  const others = await steady.stop();
  const peak = hasProc ? peakMb(replica.pid) : 0;
  expect(others.failures).toEqual([]);
  expect(others.p50Ms).toBeLessThan(MAX_MEDIAN_MS);
  expect(peak).toBeLessThan(MAX_RESIDENT_MB);
  if (hasProc) {
    // One more or less: those to Redis come and go.
    await expect.poll(() => openFiles(replica.pid), { timeout: CLOSED_WITHIN_MS }).toBeLessThanOrEqual(files + 2);
  }
  expectCalm(replica);
  return { result, others, peakMb: peak };
}

/** Nothing in the log that nobody foresaw. */
export function expectCalm({ log }: Pick<Replica, 'log'>): void {
  expect(log.filter(({ level, msg }) => level === 'error' || msg === 'internal error')).toEqual([]);
}
