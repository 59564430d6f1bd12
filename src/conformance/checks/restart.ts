// What a runtime still knows after a restart, beside tokens.

import type { Check } from '../check.js';
import { describe, expectAnswer, expectEqual, expectOk } from '../expect.js';

export const restartChecks: readonly Check[] = [
  {
    id: 'restart/honest',
    title: 'after a restart, an actor is still there with its state, or NOT_FOUND, and nothing in between',
    contract: 'NOT_FOUND says that the worker does not run the actor, and that the snapshot is not there either.',
    after: ['snapshots/keeps-state'],
    run: async (scene) => {
      const snapshot = scene.durable();
      await scene.count(await scene.started(), 'POST');
      await scene.restart();
      const answer = await scene.checkpoint(snapshot);
      if (answer.code === 'NOT_FOUND') return;
      expectOk(answer.code === 'OK', 'Checkpoint to be OK or NOT_FOUND', describe(answer));
      expectAnswer(answer);
      expectEqual('the count of the snapshot', await scene.count(await scene.started({ snapshot })), 1);
    },
  },
  {
    id: 'restart/snapshots',
    title: 'a snapshot that was written before a restart can be restored after it',
    contract: 'Writes a snapshot, then stops the actor, so that the worker is free.',
    after: ['snapshots/keeps-state'],
    run: async (scene) => {
      const snapshot = scene.durable();
      await scene.count(await scene.started(), 'POST');
      await scene.saved(snapshot);
      await scene.restart();
      expectEqual('the count of the snapshot', await scene.count(await scene.started({ snapshot })), 1);
    },
  },
];
