// Work on an actor that is no workflow, under a lease like one: deleting it,
// freeing what it has left claimed. Short, so it is not told to anybody; if its
// replica dies under way, the lease runs out and the work is done again.

import { randomUUID } from 'node:crypto';
import { formatRef, type Actor, type ActorRef } from '../actor/actor.js';
import { actorNotFound, CoordinatorError, leaseHeld } from '../errors.js';
import { Lease } from '../lease/lease.js';
import type { LeaseKind } from '../store/workflow-store.js';
import type { WorkflowParts, WorkflowSettings } from './execute.js';

/**
 * @param overtakes goes before those who wait for the lease
 * @throws LEASE_HELD while a workflow runs, ACTOR_NOT_FOUND, and what `work` throws
 */
export async function exclusively<T>(
  actor: ActorRef,
  kind: LeaseKind,
  { instanceId, life, timings }: WorkflowSettings,
  { store, leaseStore, heartbeat, clock }: WorkflowParts,
  work: (actor: Actor, lease: Lease, workflowId: string) => Promise<T>,
  overtakes = false,
): Promise<T> {
  const workflowId = randomUUID();
  const requestedAtMs = clock.nowMs();
  const result = await store.acquire({
    actor,
    workflowId,
    kind,
    holder: instanceId,
    life,
    ttlMs: timings.ttlMs,
    acquireTimeMs: clock.wallMs(),
    overtakes,
  });
  switch (result.type) {
    case 'not_found':
      throw actorNotFound(formatRef(actor));
    case 'held':
      throw leaseHeld(formatRef(actor), result.by);
    case 'queued':
    case 'idle':
      throw new CoordinatorError('LEASE_HELD', `workflows wait for the lease on actor ${formatRef(actor)}`);
    case 'granted': {
      const answeredAtMs = clock.nowMs();
      const grant = { ...result.lease, requestedAtMs, answeredAtMs };
      const lease = new Lease(grant, { store: leaseStore, heartbeat, timings, clock });
      try {
        return await work(result.actor, lease, workflowId);
      } finally {
        await lease.release();
      }
    }
  }
}
