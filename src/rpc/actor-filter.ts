// The filters of ListActors, as one predicate.

import { ACTOR_STATES, type Actor, type ActorState } from '../actor/actor.js';
import type { Clock } from '../clock.js';
import type { ListActorsRequest__Output } from '../generated/actorworkflow/v1/ListActorsRequest.js';
import { fromDuration } from './time.js';
import type { Violations } from './validate.js';

const STATES: readonly string[] = ACTOR_STATES;

const TRANSITIONAL: readonly ActorState[] = ['RESUMING', 'SUSPENDING', 'PAUSING'];

export function actorFilter(
  violations: Violations,
  request: ListActorsRequest__Output,
  clock: Clock,
): (actor: Actor) => boolean {
  const states = new Set<string>();
  // A number that the enum does not know arrives as that number.
  const wanted: readonly unknown[] = request.states;
  for (const [index, given] of wanted.entries()) {
    const state = String(given).replace(/^ACTOR_STATE_/, '');
    if (STATES.includes(state)) states.add(state);
    else violations.add(`states[${String(index)}]`, given, `ACTOR_STATE_ and one of ${STATES.join(', ')}`);
  }
  const longerThan = request.transitional_for;
  const longerThanMs = longerThan === null ? undefined : fromDuration(longerThan);
  if (longerThan !== null && (longerThanMs === undefined || longerThanMs < 0)) {
    violations.add('transitional_for', longerThan, 'a duration of 0s or more');
  }
  const sinceMs = longerThanMs === undefined ? Infinity : clock.wallMs() - longerThanMs;
  return (actor) =>
    (states.size === 0 || states.has(actor.state)) &&
    (longerThanMs === undefined ||
      (TRANSITIONAL.includes(actor.state) && (actor.stateTimeMs ?? actor.updateTimeMs) <= sinceMs));
}
