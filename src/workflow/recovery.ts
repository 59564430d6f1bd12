// The first step of a recovery: it counts itself in the record before the work
// begins, so that an actor which kills every replica that recovers it is given
// up all the same.

import { beginRecovery } from '../actor/transition.js';
import { TRANSIENT } from './retry.js';
import type { WorkflowStep } from './workflow-run.js';

export const countRecovery: WorkflowStep = {
  name: 'count_recovery',
  isComplete: () => false,
  retry: TRANSIENT,
  async execute(run) {
    await run.write(beginRecovery(run.actor));
  },
};
