// What every attack on a replica must leave alone: its memory, its other
// callers, its log, and its end.

import { expect } from 'vitest';
import type { ActorRef } from '../src/actor/actor.js';
import { forgetPeak, hasProc, openFiles, peakMb } from './process-usage.js';
import type { Replica } from './replica.js';
import { startSteadyCaller, type SteadyReport } from './steady-caller.js';

/** A replica that has just started has 90 MB. */
export const MAX_RESIDENT_MB = 512;

/**
 * Node keeps the socket of a connection that broke the protocol until keepalive finds that nobody answers: 40 s. Held for
 * that long, it costs an attacker as much as one that is merely idle.
 */
const CLOSED_WITHIN_MS = 60_000;

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
  if (hasProc) forgetPeak(replica.pid);
  const steady = await startSteadyCaller(replica.address, actor);
  const { result, others } = await attack().then(
    async (value) => ({ result: value, others: await steady.stop() }),
    async (error: unknown) => {
      await steady.stop();
      throw error;
    },
  );
  const peak = hasProc ? peakMb(replica.pid) : 0;
  // Each of its calls was answered within 10 s, which is when it gives up: these two cores also carry the attack.
  expect(others.failures).toEqual([]);
  expect(others.calls).toBeGreaterThan(0);
  expect(peak).toBeLessThan(MAX_RESIDENT_MB);
  expectCalm(replica);
  return { result, others, peakMb: peak };
}

/** Nothing in the log that nobody foresaw. */
export function expectCalm({ log }: Pick<Replica, 'log'>): void {
  expect(log.filter(({ level, msg }) => level === 'error' || msg === 'internal error')).toEqual([]);
}

/** @param before how many files the replica had open before it was attacked */
export async function expectFilesClosed({ pid }: Pick<Replica, 'pid'>, before: number): Promise<void> {
  // Those to Redis come and go.
  await expect.poll(() => openFiles(pid), { timeout: CLOSED_WITHIN_MS }).toBeLessThanOrEqual(before + 2);
}
