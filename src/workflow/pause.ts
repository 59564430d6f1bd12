// The steps of Pause: Suspend with the snapshot kept on the worker's node. The
// order is that of Suspend, for the same reasons.

import { formatRef } from '../actor/actor.js';
import { beginPause, finishPause } from '../actor/transition.js';
import { TRANSIENT } from './retry.js';
import type { WorkflowStep } from './workflow-run.js';

export const markPausing: WorkflowStep = {
  name: 'mark_pausing',
  isComplete: (run) => run.actor.state !== 'RUNNING',
  retry: TRANSIENT,
  async execute(run) {
    await run.write(
      beginPause({
        uri: `local:///${formatRef(run.actor.ref)}/${run.workflowId}`,
        location: 'LOCAL',
        node: run.actor.worker?.node ?? '',
        workflowId: run.workflowId,
        sizeBytes: 0,
      }),
    );
  },
};

/**
 * @param last whether the lease is released with it, and the worker freed: not where a Resume goes on, which takes the
 * worker again. A free that comes late would take it away from that, since both have the same token.
 */
export function finalizePaused(last: boolean): WorkflowStep {
  return {
    name: 'finalize_paused',
    isComplete: (run) => run.actor.state === 'PAUSED',
    retry: TRANSIENT,
    async execute(run) {
      const { pendingSnapshot, ref, state } = run.actor;
      // On a retry only freeing may be left to do.
      if (state !== 'PAUSED') {
        if (pendingSnapshot === undefined) throw new Error(`actor ${formatRef(ref)} has no pending snapshot`);
        const written = { sizeBytes: run.snapshotSizeBytes, createTimeMs: run.clock.wallMs() };
        const finish = finishPause(run.actor, { ...pendingSnapshot, ...written });
        await (last ? run.writeAndRelease(finish) : run.write(finish));
      }
      if (last) await run.freeWorker();
    },
  };
}
