// Which steps lead from an actor's state to what a workflow is for: the design's
// table of states. From every state that a crash can leave, Resume and Suspend
// lead out.

import { formatRef, type Actor, type ActorState, type WorkflowKind } from '../actor/actor.js';
import { CoordinatorError } from '../errors.js';
import { finalizePaused, markPausing } from './pause.js';
import { assignWorker, finalizeRunning, restore } from './resume.js';
import { checkpoint, finalizeSuspended, markSuspending, stop } from './suspend.js';
import type { WorkflowStep } from './workflow-run.js';

/** The state that a workflow is for: an actor in it needs none. */
export const GOAL: Readonly<Record<WorkflowKind, ActorState>> = {
  RESUME: 'RUNNING',
  SUSPEND: 'SUSPENDED',
  PAUSE: 'PAUSED',
};

/** The record comes with the lease; what is left of the step is to see whether its state allows the workflow. */
function loadActor(kind: WorkflowKind): WorkflowStep {
  return {
    name: 'load_actor',
    isComplete: (run) => run.actor.state === GOAL[kind],
    execute(run) {
      const refusal = refuse(kind, run.actor);
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    },
  };
}

function refuse(kind: WorkflowKind, { ref, state }: Actor): CoordinatorError | undefined {
  const name = formatRef(ref);
  const refusal = (why: string): CoordinatorError =>
    new CoordinatorError('INVALID_STATE', `actor ${name} is ${state}: ${why}`, { metadata: { state } });
  if (kind === 'SUSPEND' && state === 'PAUSED') {
    return refusal('it is frozen on one node, which cannot make a durable snapshot of it; resume it, then suspend it');
  }
  if (kind === 'PAUSE' && state !== 'RUNNING' && state !== 'PAUSING') {
    return refusal('only one that is RUNNING can be paused; resume it first');
  }
  return undefined;
}

/** The steps from the actor's state on, in their order. */
export function planSteps(kind: WorkflowKind, { state, previousState }: Actor): readonly WorkflowStep[] {
  const load = loadActor(kind);
  const resume = (last: boolean): WorkflowStep[] => [assignWorker, restore, finalizeRunning(last)];
  const suspend = (last: boolean): WorkflowStep[] => [markSuspending, checkpoint, finalizeSuspended(last)];
  const pause = (last: boolean): WorkflowStep[] => [markPausing, checkpoint, finalizePaused(last)];
  switch (kind) {
    case 'RESUME': {
      // What was left unfinished is finished first: its snapshot is worth more than the time that it takes.
      const before = state === 'SUSPENDING' ? suspend(false) : state === 'PAUSING' ? pause(false) : [];
      return [load, ...before, ...resume(true)];
    }
    case 'SUSPEND':
      // Giving up would lose what only a frozen process remembers.
      if (state === 'RESUMING' && previousState === 'PAUSED') return [load, ...resume(false), ...suspend(true)];
      if (state === 'RESUMING') return [load, stop, finalizeSuspended(true)];
      return [load, ...(state === 'PAUSING' ? pause(true) : suspend(true))];
    case 'PAUSE':
      return [load, ...pause(true)];
  }
}
