// Calls that are made twice, one after the other or at the same time.

import type { Check } from '../check.js';
import { expectAnswer, expectEqual } from '../expect.js';

const REPEATS = 'A call that repeats work already done succeeds at once.';
const JOINS =
  'A call that repeats one under way joins it, and the work is cancelled only when all who wait for it have gone.';

export const repetitionChecks: readonly Check[] = [
  {
    id: 'repetition/restore',
    title: 'Restore of what runs already succeeds, with the same or a greater token, and leaves it as it is',
    contract: REPEATS,
    run: async (scene) => {
      const token = scene.token();
      const address = await scene.started({ token });
      const memory = await scene.memory(address);
      for (const again of [{ token }, {}]) {
        const answered = await scene.started(again);
        expectEqual('the address that a repetition tells', answered, address);
        expectEqual('the process that answers', await scene.memory(answered), memory);
      }
    },
  },
  {
    id: 'repetition/checkpoint',
    title: 'Checkpoint to a place that has its whole snapshot succeeds, with the same or a greater token',
    contract: REPEATS,
    run: async (scene) => {
      const snapshot = scene.durable();
      await scene.started();
      const token = scene.token();
      const size = await scene.saved(snapshot, { token });
      for (const again of [{ token }, {}]) {
        expectEqual('the size that a repetition tells', await scene.saved(snapshot, again), size);
      }
    },
  },
  {
    id: 'repetition/join-restore',
    title: 'two equal Restores at the same time both succeed with one actor',
    contract: JOINS,
    after: ['repetition/restore', 'restore/ready'],
    run: async (scene) => {
      const call = { token: scene.token(), env: { START_MS: String(scene.paceMs) } };
      const first = scene.startRestore(call);
      await scene.underWay(first);
      const second = scene.startRestore(call);
      const [one, two] = [expectAnswer(await first.ended), expectAnswer(await second.ended)];
      expectEqual('the address told to the second', two.address ?? '', one.address ?? '');
      await scene.memory(one.address ?? '');
    },
  },
  {
    id: 'repetition/join-checkpoint',
    title: 'two equal Checkpoints at the same time both succeed with one snapshot',
    contract: JOINS,
    after: ['repetition/checkpoint'],
    run: async (scene) => {
      const snapshot = scene.durable();
      await scene.started({ env: { STOP_MS: String(scene.paceMs) } });
      const token = scene.token();
      const first = scene.startCheckpoint(snapshot, { token });
      await scene.underWay(first);
      const second = scene.startCheckpoint(snapshot, { token });
      const [one, two] = [expectAnswer(await first.ended), expectAnswer(await second.ended)];
      expectEqual('the size told to the second', two.sizeBytes ?? 0, one.sizeBytes ?? 0);
    },
  },
  {
    id: 'repetition/leave',
    title: 'of two that wait for one Restore, the one that leaves does not end it',
    contract: JOINS,
    after: ['repetition/join-restore'],
    run: async (scene) => {
      const call = { token: scene.token(), env: { START_MS: String(2 * scene.paceMs) } };
      const leaving = scene.startRestore(call);
      await scene.underWay(leaving);
      const staying = scene.startRestore(call);
      await scene.underWay(staying);
      leaving.cancel();
      await scene.memory(expectAnswer(await staying.ended).address ?? '');
    },
  },
];
