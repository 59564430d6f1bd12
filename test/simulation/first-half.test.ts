import { expect, it } from 'vitest';
import { unseen } from './coverage.js';
import { runSeeds } from './run-seeds.js';

it('no promise is broken in the seeds 1 to 5,000, and everything of interest happens in them', async () => {
  const { seeds, counts } = await runSeeds(1, 5000);
  expect(seeds).toBe(5000);
  expect(unseen(counts)).toEqual([]);
});
