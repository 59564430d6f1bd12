// The steps of Resume. Their order is the argument: a claim, then the record
// that names it, then the restore, then RUNNING. A crash after the claim leaves
// one that the next Resume finds again; after the record, a RESUMING actor
// whose next workflow goes on at the same worker with a greater token; after
// the restore, the same, and the runtime answers at once.

import { beginResume, crash, finishResume, rollBackResume } from '../actor/transition.js';
import { CoordinatorError } from '../errors.js';
import { TRANSIENT } from './retry.js';
import type { WorkflowRun, WorkflowStep } from './workflow-run.js';

const isRunning = (run: WorkflowRun): boolean => run.actor.state === 'RUNNING';

/** Claims a worker, near a snapshot that only one node has, and records it. */
export const assignWorker: WorkflowStep = {
  name: 'assign_worker',
  isComplete: isRunning,
  retry: TRANSIENT,
  async execute(run) {
    const { actor } = run;
    const snapshot = run.boot ? undefined : actor.latestSnapshot;
    const worker = await run.claimWorker(snapshot?.location === 'LOCAL' ? snapshot.node : undefined);
    if (snapshot?.location === 'LOCAL' && worker.node !== snapshot.node) {
      throw new CoordinatorError(
        'NO_FREE_WORKER',
        `the latest snapshot is on node ${snapshot.node} only, and pool '${actor.pool}' has no free worker there`,
        { retryAfterMs: 1000, metadata: { pool: actor.pool, node: snapshot.node } },
      );
    }
    await run.write(beginResume(actor, worker));
  },
};

export const restore: WorkflowStep = {
  name: 'restore',
  isComplete: isRunning,
  retry: { ...TRANSIENT, isRetryable: (error) => error.maybeDone && TRANSIENT.isRetryable(error) },
  async execute(run, { signal, report }) {
    const { latestSnapshot, spec } = run.actor;
    const snapshot = run.boot || latestSnapshot === undefined ? {} : { snapshot: latestSnapshot };
    const restored = await run.callRuntime((runtime, call) =>
      runtime.restore({ ...call, spec, ...snapshot }, report, signal),
    );
    run.address = restored.address;
  },
  rollBack: (run, failure) => (run.workerGone ? crash(failure) : rollBackResume(run.actor, failure)),
};

export const finalizeRunning: WorkflowStep = {
  name: 'finalize_running',
  isComplete: isRunning,
  retry: TRANSIENT,
  async execute(run) {
    await run.writeAndRelease(finishResume(run.address));
  },
};
