// The lease that is on no actor, such as the reconciler's: a fencing token, and
// nothing else; the nearest to what the libraries grant.

import { openOwn, ownLocks } from './own-lease.mjs';

export const name = 'actor-coordinator, plain';

export const redisKey = (/** @type {string} */ key) => `actorworkflow:lease:{${key}}`;

/** @type {import('./lock.mjs').Library['open']} */
export async function open(options) {
  const own = await openOwn(options);
  return ownLocks(own, (key) => own.take((request) => own.stores.leases.acquire({ ...request, resource: key })));
}
