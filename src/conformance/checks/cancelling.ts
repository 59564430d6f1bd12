// Calls that are given up. Whether work was undone is asked with a token that
// is lower than that of the work: such a call disturbs nothing, so that a
// runtime which works on regardless is found out.

import type { Snapshot } from '../../actor/actor.js';
import type { Check } from '../check.js';
import { Skipped } from '../verdict.js';
import { expectEqual, expectOk, expectRefused } from '../expect.js';
import type { RestoreChanges, Scene } from '../scene.js';
import type { Pending } from '../target.js';
import { openWire } from '../wire.js';

const UNDOES = 'When a call is cancelled, the runtime stops the work and leaves the actor as it was before.';
const LEAVES =
  'A call that fails or is cancelled leaves every earlier snapshot as it was, and no new one that could be restored.';
const ALSO = 'A deadline that passes and a connection that breaks cancel a call as well.';

/** Starts a Restore that would take long, has it given up, and waits for the worker to be free. */
async function undone(
  scene: Scene,
  start: (env: Readonly<Record<string, string>>) => Pending,
  giveUp: (call: Pending) => Promise<void> | void,
): Promise<void> {
  const low = scene.token();
  const call = start({ START_MS: String(10 * scene.paceMs) });
  await scene.underWay(call);
  await giveUp(call);
  const { code } = await call.ended;
  if (code === 'OK') throw new Skipped('Restore was over before it could be given up; the actor starts fast here');
  const taken = await scene.takeWhenFree(low, 5 * scene.paceMs);
  const limit = `within ${String(5 * scene.paceMs)} ms`;
  expectOk(taken.code === 'OK', `the worker to be free again ${limit}`, `${taken.code}: ${taken.message}`);
}

/**
 * An actor that was restored from `earlier` with the count 1, has counted to 2, and whose Checkpoint to `cancelled`
 * was given up on its way.
 * @throws Skipped where Checkpoint is too fast for that
 */
async function cancelledCheckpoint(
  scene: Scene,
): Promise<{ readonly origin: RestoreChanges & { readonly snapshot: Snapshot }; readonly cancelled: Snapshot }> {
  const env = { STOP_MS: String(scene.paceMs) };
  const earlier = scene.durable();
  await scene.count(await scene.started({ env }), 'POST');
  const { tookMs } = await scene.checkpoint(earlier);
  if (tookMs < scene.paceMs / 2) {
    throw new Skipped(`Checkpoint takes ${tookMs.toFixed(0)} ms here, too little to give it up on its way`);
  }
  const origin = { env, snapshot: earlier };
  const address = await scene.started(origin);
  await scene.count(address, 'POST');
  const cancelled = scene.durable();
  const call = scene.startCheckpoint(cancelled);
  await scene.underWay(call);
  call.cancel();
  await call.ended;
  // A runtime that goes on regardless is through by then; one that stopped the actor already has to start it again.
  await scene.pause(2 * scene.paceMs);
  await scene.answers(address, 5 * scene.paceMs);
  return { origin, cancelled };
}

export const cancellingChecks: readonly Check[] = [
  {
    id: 'cancelling/restore',
    title: 'a Restore that is cancelled leaves its worker free',
    contract: UNDOES,
    after: ['fencing/per-actor', 'restore/ready'],
    run: (scene) =>
      undone(
        scene,
        (env) => scene.startRestore({ env }),
        (call) => call.cancel(),
      ),
  },
  {
    id: 'cancelling/deadline',
    title: 'a Restore whose deadline passes leaves its worker free',
    contract: ALSO,
    after: ['cancelling/restore'],
    run: (scene) =>
      undone(
        scene,
        (env) => scene.startRestore({ env, timeoutMs: scene.paceMs }),
        () => undefined,
      ),
  },
  {
    id: 'cancelling/connection',
    title: 'a Restore whose connection breaks leaves its worker free',
    contract: ALSO,
    after: ['cancelling/restore'],
    run: async (scene) => {
      const wire = await openWire(scene.stage.address);
      const through = scene.stage.connect(wire.address);
      try {
        await undone(
          scene,
          (env) => scene.startRestore({ env, through }),
          () => wire.cut(),
        );
      } finally {
        through.close();
        await wire.close();
      }
    },
  },
  {
    id: 'cancelling/checkpoint',
    title: 'a Checkpoint that is cancelled leaves the actor running, with its state',
    contract: UNDOES,
    after: ['repetition/restore', 'snapshots/keeps-state'],
    run: async (scene) => {
      const { origin } = await cancelledCheckpoint(scene);
      // A repetition: it tells where the actor serves, which may be somewhere else than before.
      expectEqual('the count after it', await scene.count(await scene.started(origin)), 2);
    },
  },
  {
    id: 'cancelling/no-snapshot',
    title: 'a Checkpoint that is cancelled leaves no snapshot that could be restored',
    contract: LEAVES,
    after: ['cancelling/checkpoint', 'snapshots/missing'],
    run: async (scene) => {
      const { cancelled } = await cancelledCheckpoint(scene);
      await scene.stopped();
      expectRefused(await scene.restore({ snapshot: cancelled }), 'DATA_LOSS');
    },
  },
  {
    id: 'cancelling/earlier-stays',
    title: 'a Checkpoint that is cancelled leaves the earlier snapshot as it was',
    contract: LEAVES,
    after: ['cancelling/checkpoint', 'stop/stops'],
    run: async (scene) => {
      const { origin } = await cancelledCheckpoint(scene);
      await scene.stopped();
      expectEqual('the count of the earlier snapshot', await scene.count(await scene.started(origin)), 1);
    },
  },
];
