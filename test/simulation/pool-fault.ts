// What is wrong with a pool, if anything: each worker is free or held, and not
// both; who holds one holds no other; who claims one is its holder.

import type { Keyspace } from './redis/keyspace.js';

/** @param keys in the order of register_worker.lua */
export function poolFault(keyspace: Keyspace, keys: readonly string[]): string | undefined {
  const [workers = '', , free = '', , holders = '', , claims = ''] = keys;
  const registered = keyspace.hash(workers);
  const isFree = keyspace.hash(free);
  const held = keyspace.hash(holders);
  const claimed = keyspace.hash(claims);
  if (held.size !== claimed.size) return `${held.size} workers are held, and ${claimed.size} actors hold one`;
  for (const [worker, holder] of held) {
    const { actor } = JSON.parse(holder) as { actor: string };
    if (claimed.get(actor) !== worker)
      return `${worker} is held by ${actor}, which holds ${claimed.get(actor) ?? 'none'}`;
    if (isFree.has(worker)) return `${worker} is held by ${actor}, and free`;
    if (!registered.has(worker)) return `${worker} is held by ${actor}, and not registered`;
  }
  if (isFree.size + held.size !== registered.size)
    return `of ${registered.size} workers ${isFree.size} are free and ${held.size} held`;
  return undefined;
}
