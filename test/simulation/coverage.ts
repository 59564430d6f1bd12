// What has to happen in ten thousand seeds: a mechanism that is never called on
// is not tested by them.

const REQUIRED: readonly string[] = [];

/** @returns what has never happened */
export function unseen(counts: Readonly<Record<string, number>>): string[] {
  return REQUIRED.filter((what) => (counts[what] ?? 0) === 0);
}
