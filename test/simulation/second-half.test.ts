// A file of its own, so that two cores share the work.

import { expect, it } from 'vitest';
import { unseen } from './coverage.js';
import { runSeeds } from './run-seeds.js';

it('no promise is broken in the seeds 5,001 to 10,000, and everything of interest happens in them', async () => {
  const { seeds, counts } = await runSeeds(5001, 5000);
  expect(seeds).toBe(5000);
  expect(unseen(counts)).toEqual([]);
});
