// The figures of many seeds, and the violations that they have found.

import type { Outcome } from './simulate.js';

export interface Found {
  readonly seed: number;
  readonly what: string;
}

/** Plain, so that one process can send it to another. */
export interface Tally {
  seeds: number;
  events: number;
  virtualMs: number;
  readonly counts: Record<string, number>;
  readonly found: Found[];
}

export function emptyTally(): Tally {
  return { seeds: 0, events: 0, virtualMs: 0, counts: {}, found: [] };
}

export function add(tally: Tally, outcome: Outcome): void {
  tally.seeds += 1;
  tally.events += outcome.events;
  tally.virtualMs += outcome.virtualMs;
  for (const [what, count] of outcome.counts) tally.counts[what] = (tally.counts[what] ?? 0) + count;
  const { seed, violation } = outcome;
  if (violation !== undefined) tally.found.push({ seed, what: violation.message });
}
