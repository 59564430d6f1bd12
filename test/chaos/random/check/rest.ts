// Rules about the time after all faults: everything comes to rest, what runs is
// what records say, and every actor can be resumed and suspended.

import type { Call, History, RestingActor, Violation } from '../history.js';
import { Oblivion } from './oblivion.js';
import { Runtimes } from './runtimes.js';

export function checkRest(history: History): readonly Violation[] {
  const { rest, recoveryAttempts, calls, effects } = history;
  const violations: Violation[] = [];
  const add = (promise: string, rule: string, what: string): void => {
    violations.push({ promise, rule, what });
  };
  if (rest === undefined) return [{ promise: 'P5', rule: 'nobody looked whether it came to rest', what: '' }];
  for (const resting of rest.actors) {
    if (!isAtRest(resting, recoveryAttempts)) add('P5', 'an actor is stuck', JSON.stringify(resting));
    for (const op of ['resume', 'suspend'] as const) {
      const last = calls.findLast((call) => call.isLast && call.op === op && call.actor === resting.actor);
      if (last?.ending?.code === 'OK') continue;
      add('P5', 'an actor does not lead a normal life', `${resting.actor}: ${op}: ${describe(last)}`);
    }
  }
  const workers = new Map(rest.actors.map(({ actor, worker }) => [actor, worker]));
  const oblivion = new Oblivion(history);
  const runtimes = new Runtimes();
  for (const effect of effects) if (effect.atMs <= rest.endedAtMs) runtimes.push(effect);
  for (const running of runtimes.all()) {
    if (workers.get(running.actor) === running.worker || oblivion.covers(running, rest.endedAtMs)) continue;
    add('P6', 'an actor runs where no record says so', `${running.actor} on ${running.worker}`);
  }
  return violations;
}

/** Nobody works on it, and its claim is what its record says; or it was given up after as many attempts as are allowed. */
export function isAtRest(resting: RestingActor, recoveryAttempts: number): boolean {
  const { state, worker, claim, leased } = resting;
  if (leased || worker !== claim) return false;
  switch (state) {
    case 'RESUMING':
      // Run forward first, then given up: as often again.
      return resting.recoveryAttempts >= 2 * recoveryAttempts;
    case 'SUSPENDING':
    case 'PAUSING':
      return resting.recoveryAttempts >= recoveryAttempts;
    default:
      return true;
  }
}

function describe(call: Call | undefined): string {
  return call?.ending === undefined
    ? 'never ended'
    : `${call.ending.code} ${call.ending.reason}: ${call.ending.message}`;
}
