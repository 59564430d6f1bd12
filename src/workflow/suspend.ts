// The steps of Suspend. Their order is the argument: the snapshot's name is
// reserved, then written by the runtime, and only after the runtime has said
// that it is complete does the record call it the latest and let go of the
// worker; the worker is freed last, since a record that still names a worker
// which may run another actor would be a lie. A crash between those two leaves
// a claim that the next Resume finds again.

import { formatRef } from '../actor/actor.js';
import {
  abandonResume,
  beginSuspend,
  crash,
  finishSuspend,
  rollBackCheckpoint,
  type Transition,
} from '../actor/transition.js';
import { CoordinatorError } from '../errors.js';
import { TRANSIENT } from './retry.js';
import type { WorkflowRun, WorkflowStep } from './workflow-run.js';

export const markSuspending: WorkflowStep = {
  name: 'mark_suspending',
  isComplete: (run) => run.actor.state !== 'RUNNING',
  retry: TRANSIENT,
  async execute(run) {
    await run.write(
      beginSuspend({
        uri: `${run.snapshotLocation}/${formatRef(run.actor.ref)}/${run.workflowId}`,
        location: 'DURABLE',
        node: '',
        workflowId: run.workflowId,
        sizeBytes: 0,
      }),
    );
  },
};

/** Of Suspend and of Pause alike; also what continues another's, with the same pending snapshot. */
export const checkpoint: WorkflowStep = {
  name: 'checkpoint',
  isComplete: (run) => run.actor.state !== 'SUSPENDING' && run.actor.state !== 'PAUSING',
  retry: { ...TRANSIENT, isRetryable: (error) => error.maybeDone && TRANSIENT.isRetryable(error) },
  async execute(run, { signal, report }) {
    const snapshot = run.actor.pendingSnapshot;
    if (snapshot === undefined) throw new Error(`actor ${formatRef(run.actor.ref)} has no pending snapshot`);
    try {
      const written = await run.callRuntime((runtime, call) =>
        runtime.checkpoint({ ...call, snapshot }, report, signal),
      );
      run.snapshotSizeBytes = written.sizeBytes;
    } catch (error) {
      // It answers, and does not run the actor: what it did since the latest snapshot is lost.
      if (error instanceof CoordinatorError && error.runtimeCode === 'NOT_FOUND') run.workerGone = true;
      throw error;
    }
  },
  rollBack: (run, failure) => (run.workerGone ? crash(run.actor, failure) : rollBackCheckpoint(failure)),
};

/** What a Suspend does in place of a checkpoint when a Resume was left unfinished. */
export const stop: WorkflowStep = {
  name: 'stop',
  isComplete: (run) => run.actor.state !== 'RESUMING',
  retry: { ...TRANSIENT, isRetryable: (error) => error.maybeDone && TRANSIENT.isRetryable(error) },
  async execute(run, { signal }) {
    await run.stopForgotten(signal);
    try {
      await run.callRuntime((runtime, call) => runtime.stop(call, signal));
    } catch (error) {
      // Nothing can be left to stop on a worker that is out of service.
      if (!run.workerGone) throw error;
    }
  },
};

/**
 * @param last whether the lease is released with it, and the worker freed: not where a Resume goes on, which takes the
 * worker again. A free that comes late would take it away from that, since both have the same token.
 */
export function finalizeSuspended(last: boolean): WorkflowStep {
  return {
    name: 'finalize_suspended',
    isComplete: (run) => run.actor.state === 'SUSPENDED',
    retry: TRANSIENT,
    async execute(run) {
      // On a retry only freeing may be left to do.
      if (run.actor.state !== 'SUSPENDED') await (last ? run.writeAndRelease(finish(run)) : run.write(finish(run)));
      if (last) await run.freeWorker();
    },
  };
}

function finish(run: WorkflowRun): Transition {
  const { pendingSnapshot, state } = run.actor;
  if (state !== 'SUSPENDING' || pendingSnapshot === undefined) return abandonResume(run.actor);
  return finishSuspend({ ...pendingSnapshot, sizeBytes: run.snapshotSizeBytes, createTimeMs: run.clock.wallMs() });
}
