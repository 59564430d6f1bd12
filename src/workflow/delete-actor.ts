// Deletes an actor: under its lease, after what it left running or frozen on a
// node has been stopped, so that nothing is left that no record speaks of.

import { formatRef, type Actor, type ActorRef, type ActorState } from '../actor/actor.js';
import { CoordinatorError } from '../errors.js';
import type { Lease } from '../lease/lease.js';
import type { ActorRegistryStore } from '../store/registry.js';
import type { WorkflowParts, WorkflowSettings } from './execute.js';
import { exclusively } from './exclusive.js';

const DELETABLE: readonly ActorState[] = ['SUSPENDED', 'PAUSED', 'CRASHED'];

/** A runtime that does not answer must not keep an operator from deleting by force. */
const STOP_WITHIN_MS = 15_000;

/** Others may take the lease as soon as it is broken. */
const MAX_BREAKS = 5;

/**
 * @param force also while a workflow runs, whose lease is broken, and from every state
 * @throws ACTOR_NOT_FOUND; LEASE_HELD, INVALID_STATE or what the runtime answered, unless `force`
 */
export async function deleteActor(
  ref: ActorRef,
  force: boolean,
  registry: ActorRegistryStore,
  settings: WorkflowSettings,
  parts: WorkflowParts,
): Promise<void> {
  const work = async (actor: Actor, lease: Lease, workflowId: string): Promise<void> => {
    if (!force && !DELETABLE.includes(actor.state)) {
      throw new CoordinatorError(
        'INVALID_STATE',
        `actor ${formatRef(ref)} is ${actor.state}; only one that is ${DELETABLE.join(', ')} can be deleted: suspend it first, or set force`,
        { metadata: { state: actor.state } },
      );
    }
    const worker = actor.worker ?? actor.pausedOn;
    if (worker !== undefined) {
      const call = { actor: ref, worker, fencingToken: lease.fencingToken, workflowId };
      // On the replica's clock, as everything else.
      const limit = new AbortController();
      const cancelTimer = parts.clock.setTimer(STOP_WITHIN_MS, () => {
        limit.abort(notStopped());
      });
      const stopped = parts.runtimeAt(worker.runtimeAddress).stop(call, limit.signal).finally(cancelTimer);
      await stopped.catch((error: unknown) => {
        if (!force) throw error;
        // What still runs there is stopped when its worker, or its actor by the same name, is used again.
        parts.logger.warn({ actor: formatRef(ref), err: error }, 'deleted by force, not stopped');
      });
    }
    lease.ensureHeld();
    await registry.delete(ref, lease);
  };
  for (let attempt = 1; ; attempt += 1) {
    if (force) await registry.forceRelease(ref, 'the actor is deleted by force');
    try {
      await exclusively(ref, 'DELETE', settings, parts, work, force);
      return;
    } catch (error) {
      const isHeld = error instanceof CoordinatorError && error.reason === 'LEASE_HELD';
      if (!force || !isHeld || attempt === MAX_BREAKS) throw error;
    }
  }
}

function notStopped(): CoordinatorError {
  return new CoordinatorError(
    'RUNTIME_UNAVAILABLE',
    `the node runtime has not stopped the actor within ${String(STOP_WITHIN_MS)} ms; try again, or set force`,
    { maybeDone: true, retryAfterMs: 1000 },
  );
}
