// What is in a snapshot, and what becomes of one that is not whole.

import type { Check } from '../check.js';
import { describe, expectEqual, expectOk, expectRefused } from '../expect.js';
import type { Scene } from '../scene.js';
import { withDamage } from '../torn.js';

const FROM_SPEC = 'Without a snapshot it boots from spec.';
const WRITES = 'Writes a snapshot, then stops the actor, so that the worker is free.';
const REFUSES = 'A snapshot that is missing, or not whole, is DATA_LOSS, and nothing starts.';

/** So large that damage in the middle of the largest file is damage to the state. */
const BALLAST = { BALLAST_MB: '1' };

async function refusesDamaged(scene: Scene, kind: 'torn' | 'altered'): Promise<void> {
  const snapshot = scene.durable();
  const before = await scene.ask(await scene.started({ env: BALLAST }), 'POST');
  await scene.saved(snapshot);
  await withDamage(snapshot, kind, async (name) => {
    const answer = await scene.restore({ snapshot, env: BALLAST });
    if (answer.code === 'OK') {
      // Such as a line end at the end of a text: harmless, if really all of the state is there.
      const { count, ballast } = await scene.ask(answer.results[0]?.address ?? '');
      const intact = count === before.count && ballast === before.ballast;
      expectOk(intact, `DATA_LOSS for a snapshot with ${name}`, 'an actor with another state');
      await scene.stopped();
      return;
    }
    expectOk(answer.code === 'DATA_LOSS', `DATA_LOSS for a snapshot with ${name}`, describe(answer));
    expectEqual('stopped, where nothing may have started', await scene.stopped(), false);
  });
  // With every byte back in its place: it was the damage that was refused.
  const after = await scene.ask(await scene.started({ snapshot, env: BALLAST }));
  expectEqual('the count of the whole snapshot', after.count, before.count);
}

export const snapshotsChecks: readonly Check[] = [
  {
    id: 'snapshots/keeps-state',
    title: "an actor's state comes back from its snapshot, on another worker too",
    contract: WRITES,
    run: async (scene) => {
      const snapshot = scene.durable();
      const first = await scene.started();
      await scene.count(first, 'POST');
      await scene.count(first, 'POST');
      await scene.saved(snapshot);
      const worker = scene.stage.workers[1] ?? scene.worker;
      expectEqual('the count after a Restore', await scene.count(await scene.started({ snapshot, worker })), 2);
    },
  },
  {
    id: 'snapshots/stops-actor',
    title: 'when Checkpoint has ended the actor answers no more, and its worker is free',
    contract: WRITES,
    after: ['fencing/per-actor'],
    run: async (scene) => {
      const low = scene.token();
      const address = await scene.started();
      await scene.saved(scene.durable());
      if (address !== '') expectOk(!(await scene.answers(address)), 'nobody to answer', 'an answer');
      const { code, message } = await scene.takeWhenFree(low, 0);
      expectOk(code === 'OK', 'the worker to be free', `${code}: ${message}`);
    },
  },
  {
    id: 'snapshots/not-running',
    title: 'Checkpoint of an actor that does not run there is NOT_FOUND',
    contract: 'NOT_FOUND says that the worker does not run the actor, and that the snapshot is not there either.',
    run: async (scene) => {
      expectRefused(await scene.checkpoint(scene.durable()), 'NOT_FOUND');
    },
  },
  {
    id: 'snapshots/missing',
    title: 'Restore from a place that nobody has written to is DATA_LOSS, and nothing starts',
    contract: REFUSES,
    after: ['stop/nothing-left'],
    run: async (scene) => {
      expectRefused(await scene.restore({ snapshot: scene.durable() }), 'DATA_LOSS');
      expectEqual('stopped, where nothing may have started', await scene.stopped(), false);
    },
  },
  {
    id: 'snapshots/torn',
    title: 'a snapshot with a file cut short or missing is DATA_LOSS, and nothing starts',
    contract: REFUSES,
    after: ['snapshots/keeps-state', 'stop/nothing-left'],
    run: (scene) => refusesDamaged(scene, 'torn'),
  },
  {
    id: 'snapshots/altered',
    title: 'a snapshot with a flipped bit is DATA_LOSS, and nothing starts',
    contract: REFUSES,
    after: ['snapshots/keeps-state', 'stop/nothing-left'],
    run: (scene) => refusesDamaged(scene, 'altered'),
  },
  {
    id: 'restore/fresh',
    title: 'Restore without a snapshot boots afresh, whatever snapshots of the actor there are',
    contract: FROM_SPEC,
    after: ['snapshots/stops-actor'],
    run: async (scene) => {
      await scene.count(await scene.started(), 'POST');
      await scene.saved(scene.durable());
      expectEqual('the count of an actor that boots from spec', await scene.count(await scene.started()), 0);
    },
  },
  {
    id: 'restore/replaces',
    title: 'Restore from another snapshot, or with another spec, replaces what runs',
    contract: 'What the worker runs of the actor from another snapshot or spec is replaced.',
    after: ['restore/fresh', 'restore/spec'],
    run: async (scene) => {
      const snapshot = scene.durable();
      await scene.started();
      await scene.saved(snapshot);
      await scene.count(await scene.started({ snapshot }), 'POST');
      expectEqual('the count after a Restore without a snapshot', await scene.count(await scene.started()), 0);
      const { echo } = await scene.ask(await scene.started({ env: { ECHO: 'another' } }));
      expectEqual('ECHO after a Restore with another spec', echo, 'another');
    },
  },
];
