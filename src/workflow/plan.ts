// Which steps lead from an actor's state to what a workflow is for: the table
// of states in docs/design.md, both its columns. Every state has a way out.

import { formatRef, type Actor, type ActorState, type WorkflowKind } from '../actor/actor.js';
import { CoordinatorError } from '../errors.js';
import { assignWorker, finalizeRunning, restore } from './resume.js';
import { checkpoint, finalizeSuspended, markSuspending, stop } from './suspend.js';
import type { WorkflowStep } from './workflow-run.js';

/** The state that a workflow is for: an actor in it needs none. */
export const GOAL: Readonly<Record<'RESUME' | 'SUSPEND', ActorState>> = { RESUME: 'RUNNING', SUSPEND: 'SUSPENDED' };

/** The record comes with the lease; what is left of the step is to see whether its state allows the workflow. */
function loadActor(kind: 'RESUME' | 'SUSPEND'): WorkflowStep {
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
  const metadata = { state };
  if (state === 'PAUSING') {
    return new CoordinatorError('INVALID_STATE', `actor ${name} is PAUSING, which this version cannot finish`, { metadata });
  }
  if (state === 'PAUSED' && kind === 'SUSPEND') {
    return new CoordinatorError(
      'INVALID_STATE',
      `actor ${name} is PAUSED and its snapshot on one node only; resume it, then suspend it`,
      { metadata },
    );
  }
  return undefined;
}

/** The steps from `state` on, in their order. */
export function planSteps(kind: 'RESUME' | 'SUSPEND', state: ActorState): readonly WorkflowStep[] {
  const load = loadActor(kind);
  if (kind === 'RESUME') {
    const resume = [assignWorker, restore, finalizeRunning];
    // Its Suspend was left unfinished: the snapshot is worth more than the time it takes to finish it.
    if (state === 'SUSPENDING') return [load, markSuspending, checkpoint, finalizeSuspended(false), ...resume];
    return [load, ...resume];
  }
  if (state === 'RESUMING') return [load, stop, finalizeSuspended(true)];
  return [load, markSuspending, checkpoint, finalizeSuspended(true)];
}
