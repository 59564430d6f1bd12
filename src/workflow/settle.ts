// What a failed workflow leaves behind. What surely did not happen is rolled
// back; what may have happened stays for the next workflow, which finds the
// same worker with a greater token. Either way the record says why it failed,
// and the lease is released in the same script, unless a step did not come
// back: then nobody else may start before the lease has run out.

import type { Logger } from 'pino';
import { recordFailure } from '../actor/transition.js';
import { CoordinatorError } from '../errors.js';
import type { Outcome } from './run-steps.js';
import type { WorkflowRun, WorkflowStep } from './workflow-run.js';

/** Enough for a runtime's message with the tail of an output; the record is read whole with every lease. */
const MAX_FAILURE_MESSAGE = 1024;

/** Never throws. @returns what the stream ends with: the outcome's error, or LEASE_LOST if that is found out here */
export async function settle(
  run: WorkflowRun,
  steps: readonly WorkflowStep[],
  outcome: Extract<Outcome, { ok: false }>,
  signal: AbortSignal,
  logger: Logger,
): Promise<CoordinatorError> {
  const { error } = outcome;
  if (!outcome.unwound || run.released || error.reason === 'LEASE_LOST') return error;
  const failure = {
    workflowId: run.workflowId,
    step: outcome.step,
    reason: error.reason,
    message: error.message.slice(0, MAX_FAILURE_MESSAGE),
    timeMs: run.clock.wallMs(),
  };
  const surelyNotDone = !signal.aborted && !error.maybeDone && error.reason !== 'STALE_FENCING_TOKEN';
  const rollBack = surelyNotDone ? steps.find(({ name }) => name === outcome.step)?.rollBack : undefined;
  const hadWorker = run.actor.worker !== undefined || run.claimed !== undefined;
  try {
    await run.writeAndRelease(rollBack?.(run, failure) ?? recordFailure(run.actor, failure));
    if (hadWorker && run.actor.worker === undefined) await run.freeWorker();
  } catch (settling) {
    await run.lease.release();
    if (settling instanceof CoordinatorError && settling.reason === 'LEASE_LOST') return settling;
    logger.warn({ err: settling }, 'could not put the record right after the failure');
  }
  return error;
}
