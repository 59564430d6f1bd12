// The lease that a workflow runs under: granted with a fencing token, and
// together with the actor's record, by the script that also keeps the queue.

import { openOwn, ownLocks } from './own-lease.mjs';

export const name = 'actor-coordinator, an actor with its record';

export const redisKey = (/** @type {string} */ key) => `actorworkflow:lease:{bench/${key}}`;

/** @type {import('./lock.mjs').Library['open']} */
export async function open(options) {
  const own = await openOwn(options);
  const take = (/** @type {string} */ key) =>
    own.take(async (request) => {
      const actor = { namespace: 'bench', name: key };
      const result = await own.stores.workflows.acquire({ ...request, actor, kind: 'RESUME' });
      return result.type === 'granted' ? result.lease : undefined;
    });
  return { ...ownLocks(own, take), prepare: own.createActors };
}
