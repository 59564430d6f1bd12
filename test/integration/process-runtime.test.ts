// The process runtime among several actors and claims: what its contract does
// not ask for in so many words, and the coordinator relies on.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { ignore, never } from '../contract/node-runtime-calls.js';
import { program, ProcessRuntimeUnderTest, workers } from '../contract/node-runtime-process.js';

let under: ProcessRuntimeUnderTest;
beforeEach(async () => {
  under = await ProcessRuntimeUnderTest.open();
});
afterEach(async () => {
  await under.close();
});

const spec = program('');
const restore = (name: string, fencingToken: number): Promise<{ readonly address: string }> => {
  const call = { actor: { namespace: 'ns', name }, worker: workers[0], fencingToken, workflowId: 'w', spec };
  return under.runtime.restore(call, ignore, never);
};

it('an actor that a newer workflow finds running holds its worker with the newer token', async () => {
  const first = await restore('a', 1);
  expect(await restore('a', 5)).toEqual(first);
  // Of a claim that was over before that workflow began.
  await expect(restore('b', 3)).rejects.toMatchObject({ runtimeCode: 'FAILED_PRECONDITION' });
  expect(under.runtime.runningOn(workers[0])).toEqual({ namespace: 'ns', name: 'a' });
  await restore('b', 6);
  expect(under.runtime.runningOn(workers[0])).toEqual({ namespace: 'ns', name: 'b' });
});
