// Actors and workers for a load, written by the program's own stores, without
// gRPC in between: a million actors take a minute or two.

import { openOwn } from '../locks/own-lease.mjs';
import { each } from './each.mjs';

/**
 * @param {string} redisUrl
 * @param {{ actors: readonly string[], workers: number, runtimeAddress: string }} fleet names of actors in the namespace `bench`
 */
export async function createFleet(redisUrl, { actors, workers, runtimeAddress }) {
  const { stores } = await openOwn({ redisUrl, ttlMs: 30_000 });
  await createActors(stores, actors);
  const names = Array.from({ length: workers }, (_, i) => `worker-${i}`);
  await each(names, (name) =>
    stores.workers.register({ ref: { pool: 'default', name }, runtimeAddress, node: 'bench' }),
  );
  stores.close();
}

/** @param {import('../../dist/store/redis/open.js').Stores} stores @param {readonly string[]} names */
export async function createActors(stores, names) {
  const spec = { command: ['node', 'server.mjs'], env: {}, image: '' };
  await each(names, (name) => stores.actors.create({ ref: { namespace: 'bench', name }, pool: 'default', spec }));
}
