import { expect, it } from 'vitest';
import { simulate } from './simulate.js';

it.each([1, 2, 3, 17, 4711])('seed %i replays exactly, traced or not', async (seed) => {
  const first = await simulate(seed, true);
  // Whatever ran before in this process must not show.
  await simulate(seed + 1);
  const again = await simulate(seed, true);
  expect(again.trace).toEqual(first.trace);
  const untraced = await simulate(seed);
  expect(untraced.trace).toEqual([]);
  expect([again.fingerprint, untraced.fingerprint]).toEqual([first.fingerprint, first.fingerprint]);
});

it('two seeds have little in common', async () => {
  expect((await simulate(1)).fingerprint).not.toBe((await simulate(2)).fingerprint);
});
