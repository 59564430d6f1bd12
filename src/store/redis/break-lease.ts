// Breaking an actor's lease by force: for ForceRelease, and for a worker that is
// taken away under a Resume which has not written yet what it has claimed.

import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { Keys } from './keys.js';
import { run, scripts, type RedisClient, type Reply } from './scripts.js';

/** A holder asks at its next renewal: within a third of the longest sensible TTL. */
const BROKEN_KEPT_MS = 10 * 60_000;

/** @param reason the holder's caller is told. @returns what force_release.lua does */
export function breakLease(client: RedisClient, keys: Keys, ref: ActorRef, reason: string): Promise<Reply> {
  const name = formatRef(ref);
  const all = [keys.actor(ref), keys.lease(name), ...keys.leaseQueue(name), keys.brokenLease(name)];
  return run(client, scripts.forceRelease, all, [reason, BROKEN_KEPT_MS, keys.wakeChannel('')]);
}
