// What a worker's agent says it runs, held against the record. A record that
// says RUNNING on a worker which runs nothing, or something else, is put right:
// CRASHED, so that Resume restores the latest snapshot. The other way round
// there is nothing to do: what a worker runs without a claim makes way for the
// next claim on it.

import { formatRef, type Actor, type ActorRef } from '../actor/actor.js';
import { crash } from '../actor/transition.js';
import { CoordinatorError } from '../errors.js';
import type { ActorRegistryStore, Worker } from '../store/registry.js';
import type { WorkflowParts, WorkflowSettings } from './execute.js';
import { exclusively } from './exclusive.js';

/**
 * A status may have been taken this long before it is heard. A record younger
 * than that may be of a restore that the status does not know yet.
 */
const STATUS_LAG_MS = 15_000;

/** @param running what the worker's agent says it runs. Never rejects: the agent says it again. */
export async function putRight(
  worker: Worker,
  running: ActorRef | undefined,
  actors: Pick<ActorRegistryStore, 'look'>,
  settings: WorkflowSettings,
  parts: WorkflowParts,
): Promise<void> {
  const claimed = worker.actor;
  if (claimed === undefined || (running !== undefined && formatRef(running) === formatRef(claimed))) return;
  const isLie = (actor: Actor): boolean =>
    actor.state === 'RUNNING' && actor.worker?.name === worker.ref.name && actor.worker.pool === worker.ref.pool;
  try {
    const { actor: seen, lease, nowMs } = await actors.look(claimed);
    if (lease !== undefined || !isLie(seen) || nowMs - seen.updateTimeMs < STATUS_LAG_MS) return;
    await exclusively(claimed, 'FREE', settings, parts, async (actor, held, workflowId) => {
      // Since it was looked at, a workflow may have come and gone.
      if (actor.version !== seen.version) return;
      const what = running === undefined ? 'nothing' : formatRef(running);
      const failure = {
        workflowId,
        step: '',
        reason: 'RUNTIME_FAILED',
        message: `its worker ${worker.ref.pool}/${worker.ref.name} says that it runs ${what}`,
        timeMs: parts.clock.wallMs(),
      };
      held.ensureHeld();
      await parts.store.transition(claimed, held, workflowId, crash(actor, failure), false);
      await parts.store.free(claimed, worker.ref.pool, held.fencingToken);
      parts.logger.warn({ actor: formatRef(claimed), worker: worker.ref, runs: what }, 'actor is CRASHED: not running');
    });
  } catch (error) {
    if (error instanceof CoordinatorError && error.reason === 'LEASE_HELD') return;
    parts.logger.warn({ worker: worker.ref, err: error }, 'could not hold a worker against its record');
  }
}
