// Actors and workers for a load, created as anybody would: through the registries.

/** Calls at once. */
const AT_ONCE = 64;

/**
 * @param {import('../../dist/client/coordinator-client.js').CoordinatorClient} client
 * @param {{ actors: readonly string[], workers: number, runtimeAddress: string }} fleet names of actors in the namespace `bench`
 */
export async function createFleet(client, { actors, workers, runtimeAddress }) {
  await each(actors, (name) => client.createActor({ actor: { namespace: 'bench', name } }));
  await each(
    Array.from({ length: workers }, (_, i) => `worker-${i}`),
    (name) =>
      client.registerWorker({
        worker: { pool: 'default', name },
        runtime_address: runtimeAddress,
        node: 'bench',
      }),
  );
}

/** @template T @param {readonly T[]} items @param {(item: T) => Promise<unknown>} work */
export async function each(items, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
