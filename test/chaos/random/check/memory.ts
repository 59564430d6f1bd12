// Rules about what real actors remember: each count that one has answered is
// greater than those it had answered before it was asked, unless it was given up
// as CRASHED, deleted or forgotten in between.

import type { Count, History, Violation } from '../history.js';

/** Clocks are read at different times. */
const SKEW_MS = 5;

export function checkMemory({ counts, writes, faults }: History): readonly Violation[] {
  const violations: Violation[] = [];
  const losses = new Map<string, number[]>();
  const wipes = faults.filter(({ kind }) => kind === 'flush' || kind === 'lose data').map(({ fromMs }) => fromMs);
  for (const write of writes) {
    // After a wipe the old one runs on, and counts, until the new one of its name is created.
    const isAnother = write.type === 'deleted' || (write.type === 'recorded' && write.transition === 'create');
    const isLoss = isAnother || (write.type === 'recorded' && write.state === 'CRASHED');
    if (isLoss) losses.set(write.actor, [...(losses.get(write.actor) ?? []), write.atMs]);
  }
  /** The greatest count of each actor so far. */
  const known = new Map<string, Count>();
  for (const count of [...counts].sort((a, b) => a.sentAtMs - b.sentAtMs)) {
    const before = known.get(count.actor);
    known.set(count.actor, count);
    // Asked before the other had answered: either may have come first.
    if (before === undefined || before.answeredAtMs > count.sentAtMs || count.count > before.count) continue;
    const times = [...(losses.get(count.actor) ?? []), ...wipes];
    if (times.some((ms) => ms >= before.sentAtMs - SKEW_MS && ms <= count.answeredAtMs + SKEW_MS)) continue;
    violations.push({
      promise: 'P6',
      rule: 'an actor forgot what it had counted',
      what: `${count.actor}: ${count.count} after ${before.count}`,
    });
  }
  return violations;
}
