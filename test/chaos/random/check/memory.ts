// Rules about what real actors remember: each count that one has answered is
// greater than those it had answered before it was asked, unless what it knew was
// given up in between. What was given up may still run somewhere, and answer,
// until the actor is created anew or resumed from what it was.

import type { ActorState } from '../../../../src/actor/actor.js';
import type { Count, History, Violation } from '../history.js';

/** Clocks are read at different times. */
const SKEW_MS = 5;

export function checkMemory({ counts, deaths, writes }: History): readonly Violation[] {
  const violations: Violation[] = [];
  const losses = new Map<string, number[]>();
  const addLoss = (actor: string, atMs: number): void => {
    losses.set(actor, [...(losses.get(actor) ?? []), atMs]);
  };
  for (const { actor, atMs } of deaths) addLoss(actor, atMs);
  const states = new Map<string, ActorState>();
  for (const write of writes) {
    if (write.type !== 'recorded') continue;
    const { actor, state, transition } = write;
    const isLoss = transition === 'create' || state === 'CRASHED' || states.get(actor) === 'CRASHED';
    if (isLoss) addLoss(actor, write.atMs);
    states.set(actor, state);
  }
  /** The greatest count of each actor so far. */
  const known = new Map<string, Count>();
  for (const count of [...counts].sort((a, b) => a.sentAtMs - b.sentAtMs)) {
    const before = known.get(count.actor);
    known.set(count.actor, count);
    // Asked before the other had answered: either may have come first.
    if (before === undefined || before.answeredAtMs > count.sentAtMs || count.count > before.count) continue;
    const times = losses.get(count.actor) ?? [];
    if (times.some((ms) => ms >= before.sentAtMs - SKEW_MS && ms <= count.answeredAtMs + SKEW_MS)) continue;
    violations.push({
      promise: 'P6',
      rule: 'an actor forgot what it had counted',
      what: `${count.actor}: ${count.count} after ${before.count}`,
    });
  }
  return violations;
}
