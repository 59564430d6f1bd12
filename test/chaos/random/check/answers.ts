// Rules about what callers were told, held against what Redis wrote: who was
// told that it is done finds it done, and who was told to be stale was.

import type { ActorState } from '../../../../src/actor/actor.js';
import type { Call, History, Op, Violation, Write } from '../history.js';

const GOALS: Readonly<Partial<Record<Op, ActorState>>> = { resume: 'RUNNING', suspend: 'SUSPENDED', pause: 'PAUSED' };

export function checkAnswers({ calls, writes }: History): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (promise: string, rule: string, { id, op, actor, events }: Call): void => {
    violations.push({ promise, rule, what: `call ${id}: ${op} ${actor}, ${events[0]?.workflowId ?? ''}` });
  };
  const reached = reachedStates(writes);
  const newest = new Map<string, number>();
  for (const write of writes) if (write.type === 'granted') newest.set(write.actor, write.token);
  for (const call of calls) {
    const [started] = call.events;
    const goal = GOALS[call.op];
    // One that only followed another, or had nothing to do, did not hold the lease itself.
    if (goal === undefined || started?.token === undefined || call.joins) continue;
    if (call.ending?.code === 'OK' && !isReached(goal, reached.get(started.workflowId) ?? [])) {
      add('P4', 'a caller was told of an end that Redis does not know', call);
    }
    if (call.ending?.reason === 'STALE_FENCING_TOKEN' && (newest.get(call.actor) ?? 0) <= started.token) {
      add('P1', 'a workflow was refused as stale that was the newest', call);
    }
  }
  return violations;
}

/** A Suspend that finds its actor PAUSING finishes the Pause, and that is all: the design's table of states. */
function isReached(goal: ActorState, states: readonly ActorState[]): boolean {
  return states.includes(goal) || (goal === 'SUSPENDED' && states[0] === 'PAUSING' && states.at(-1) === 'PAUSED');
}

/** The states that each workflow found its actor in, or brought it to. */
function reachedStates(writes: readonly Write[]): ReadonlyMap<string, readonly ActorState[]> {
  const states = new Map<string, ActorState>();
  const reached = new Map<string, ActorState[]>();
  for (const write of writes) {
    switch (write.type) {
      case 'granted': {
        const found = states.get(write.actor);
        reached.set(write.workflowId, found === undefined ? [] : [found]);
        break;
      }
      case 'recorded':
        states.set(write.actor, write.state);
        reached.get(write.workflowId)?.push(write.state);
        break;
      case 'deleted':
        states.delete(write.actor);
        break;
      case 'wiped':
        states.clear();
        break;
      default:
        break;
    }
  }
  return reached;
}
