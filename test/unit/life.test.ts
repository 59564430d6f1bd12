import { expect, it } from 'vitest';
import { newLife } from '../../src/lease/life.js';

it('a later life has the greater name, and no two have the same', () => {
  const [first, again, later] = [newLife(1_700_000_000_000), newLife(1_700_000_000_000), newLife(1_700_000_000_001)];
  expect(first < later).toBe(true);
  expect(again < later).toBe(true);
  expect(first).not.toBe(again);
});
