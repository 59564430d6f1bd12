// Much to do, a bounded part of it at once.

/** Requests on their way: enough to keep Redis or a replica busy. */
const AT_ONCE = 200;

/** @template T @param {readonly T[]} items @param {(item: T) => Promise<unknown>} work @param {number} atOnce */
export async function each(items, work, atOnce = AT_ONCE) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
