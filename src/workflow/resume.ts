// The steps of Resume. Their order is the argument: a claim, then the record
// that names it, then the restore, then RUNNING. A crash after the claim leaves
// one that the next Resume finds again; after the record, a RESUMING actor
// whose next workflow goes on at the same worker with a greater token; after
// the restore, the same, and the runtime answers at once.

import { beginResume, crash, finishResume, recordFailure, rollBackResume } from '../actor/transition.js';
import { CoordinatorError } from '../errors.js';
import { TRANSIENT } from './retry.js';
import type { WorkflowRun, WorkflowStep } from './workflow-run.js';

const isRunning = (run: WorkflowRun): boolean => run.actor.state === 'RUNNING';

/** Claims a worker, on the node that has the snapshot if only one has it, and records it. */
export const assignWorker: WorkflowStep = {
  name: 'assign_worker',
  isComplete: isRunning,
  retry: TRANSIENT,
  async execute(run, { signal }) {
    const { actor } = run;
    const node = localNode(run);
    // The node may have come back since the attempt before.
    run.workerGone = false;
    const worker = await run.claimWorker(node, signal);
    if (node !== undefined && worker.node !== node) {
      if (await run.isNodeGone(node)) {
        run.workerGone = true;
        throw new CoordinatorError(
          'RUNTIME_UNAVAILABLE',
          `node ${node}, which has the actor frozen, has no workers any more; the actor is CRASHED, and Resume restores its latest durable snapshot`,
          { retryAfterMs: 1, metadata: { node } },
        );
      }
      throw new CoordinatorError(
        'NO_FREE_WORKER',
        `the actor is frozen on node ${node}, and pool '${actor.pool}' has no free worker there`,
        { retryAfterMs: 1000, metadata: { pool: actor.pool, node } },
      );
    }
    await run.write(beginResume(actor, worker, run.boot));
  },
  rollBack: (run, failure) => (run.workerGone ? crash(run.actor, failure) : recordFailure(run.actor, failure)),
};

function localNode(run: WorkflowRun): string | undefined {
  const { latestSnapshot } = run.actor;
  return !run.boot && latestSnapshot?.location === 'LOCAL' ? latestSnapshot.node : undefined;
}

export const restore: WorkflowStep = {
  name: 'restore',
  isComplete: isRunning,
  retry: { ...TRANSIENT, isRetryable: (error) => error.maybeDone && TRANSIENT.isRetryable(error) },
  async execute(run, { signal, report }) {
    const { latestSnapshot, spec } = run.actor;
    const snapshot = run.boot || latestSnapshot === undefined ? {} : { snapshot: latestSnapshot };
    await run.stopForgotten(signal);
    try {
      const restored = await run.callRuntime((runtime, call) =>
        runtime.restore({ ...call, spec, ...snapshot }, report, signal),
      );
      run.address = restored.address;
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      const isFrozen = localNode(run) !== undefined;
      // Frozen memory is nowhere else: going back to PAUSED would be going back to nothing.
      if (isFrozen && isLost(error)) run.workerGone = true;
      // This call surely did nothing, but what was there before, from another snapshot or frozen, nobody wants any more.
      const mayBeThere = run.foundResuming || run.actor.pausedOn !== undefined;
      if (mayBeThere && !isFrozen && !run.workerGone && !error.maybeDone) await stopBefore(run, error, signal);
      throw error;
    }
  },
  rollBack: (run, failure) => (run.workerGone ? crash(run.actor, failure) : rollBackResume(run.actor, failure)),
};

/** Nothing may run of the actor when its worker is given back. @throws `failure`, as maybe done, if it cannot be stopped */
async function stopBefore(run: WorkflowRun, failure: CoordinatorError, signal: AbortSignal): Promise<void> {
  try {
    await run.callRuntime((runtime, call) => runtime.stop(call, signal));
  } catch (cause) {
    const { reason, message, metadata, runtimeCode } = failure;
    const code = runtimeCode === undefined ? {} : { runtimeCode };
    throw new CoordinatorError(reason, message, { metadata, ...code, maybeDone: true, cause });
  }
}

function isLost({ runtimeCode }: CoordinatorError): boolean {
  return runtimeCode === 'DATA_LOSS' || runtimeCode === 'NOT_FOUND';
}

/** @param last whether the lease is released with it: not where a Suspend goes on */
export function finalizeRunning(last: boolean): WorkflowStep {
  return {
    name: 'finalize_running',
    isComplete: isRunning,
    retry: TRANSIENT,
    async execute(run) {
      const finish = finishResume(run.actor, run.address);
      await (last ? run.writeAndRelease(finish) : run.write(finish));
    },
  };
}
