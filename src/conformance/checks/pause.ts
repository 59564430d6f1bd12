// LOCAL snapshots, for runtimes that keep them: the actor itself, frozen. One
// that does not says UNIMPLEMENTED, and is asked nothing more.

import type { Snapshot } from '../../actor/actor.js';
import type { Check } from '../check.js';
import { Skipped } from '../verdict.js';
import { describe, expectEqual, expectOk, expectRefused } from '../expect.js';
import type { CallChanges, Scene } from '../scene.js';

const KEEPS =
  'A LOCAL snapshot is the actor itself, memory and all, kept on its node and off its worker: restored on any worker of the node, it goes on where it stood, and that uses the snapshot up.';
const FOUND =
  'What it has kept is found under whichever worker is named, and can be written to a DURABLE snapshot while another actor has the worker.';
const MISSING = 'A snapshot that is missing, or not whole, is DATA_LOSS, and nothing starts.';

/** @throws Skipped where the runtime cannot pause */
async function paused(scene: Scene, snapshot: Snapshot, changes: CallChanges = {}): Promise<void> {
  const answer = await scene.checkpoint(snapshot, changes);
  if (answer.code === 'UNIMPLEMENTED') throw new Skipped(`the runtime keeps no LOCAL snapshots: ${answer.message}`);
  expectOk(answer.code === 'OK', 'Checkpoint to a LOCAL snapshot to succeed, or to be UNIMPLEMENTED', describe(answer));
}

export const pauseChecks: readonly Check[] = [
  {
    id: 'pause/keeps-memory',
    title: "a paused actor's memory goes on where it stood, and nobody answers in between",
    contract: KEEPS,
    run: async (scene) => {
      const snapshot = scene.local();
      const address = await scene.started();
      const { id } = await scene.ask(address);
      await paused(scene, snapshot);
      expectOk(!(await scene.answers(address)), 'nobody to answer while paused', 'an answer');
      expectEqual('the process that answers', (await scene.ask(await scene.started({ snapshot }))).id, id);
    },
  },
  {
    id: 'pause/frees-worker',
    title: 'a paused actor leaves its worker to another, and goes on on any worker of the node',
    contract: KEEPS,
    after: ['pause/keeps-memory', 'fencing/per-actor'],
    run: async (scene) => {
      const { secondWorker } = scene;
      const snapshot = scene.local();
      const low = scene.token();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      const taken = await scene.restore({ actor: scene.other, token: low });
      expectOk(taken.code === 'OK', 'the worker to be free for another actor', describe(taken));
      const address = await scene.started({ snapshot, worker: secondWorker });
      expectEqual('the process that answers', await scene.memory(address), memory);
    },
  },
  {
    id: 'pause/repeats',
    title: 'pausing and resuming can be repeated',
    contract: 'A call that repeats work already done succeeds at once.',
    after: ['pause/keeps-memory'],
    run: async (scene) => {
      const snapshot = scene.local();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      await scene.saved(snapshot);
      const address = await scene.started({ snapshot });
      expectEqual('the address that a repetition tells', await scene.started({ snapshot }), address);
      expectEqual('the process that answers', await scene.memory(address), memory);
    },
  },
  {
    id: 'pause/fencing',
    title: 'a lower token neither resumes nor ends a paused actor',
    contract:
      'A runtime remembers the highest token that it has seen for each actor, across its restarts too, and refuses a lower one with FAILED_PRECONDITION and the reason STALE_FENCING_TOKEN, so that a coordinator which has lost its lease without knowing it changes nothing.',
    after: ['pause/keeps-memory', 'fencing/restore', 'fencing/stop'],
    run: async (scene) => {
      const snapshot = scene.local();
      const token = scene.token();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      for (const stale of [await scene.restore({ snapshot, token }), await scene.stop({ token })]) {
        expectRefused(stale, 'FAILED_PRECONDITION', 'STALE_FENCING_TOKEN');
      }
      expectEqual('the process that answers', await scene.memory(await scene.started({ snapshot })), memory);
    },
  },
  {
    id: 'pause/occupied',
    title: 'a paused actor whose new worker is held stays paused',
    contract: 'One whose token is not lower stays, and the Restore is refused with FAILED_PRECONDITION.',
    after: ['pause/frees-worker', 'workers/leftover', 'workers/occupied'],
    run: async (scene) => {
      const snapshot = scene.local();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      const token = scene.token();
      await scene.started({ actor: scene.other });
      expectRefused(await scene.restore({ snapshot, token }), 'FAILED_PRECONDITION');
      expectEqual('the process that answers', await scene.memory(await scene.started({ snapshot })), memory);
    },
  },
  {
    id: 'pause/missing',
    title: 'Restore from a LOCAL snapshot that is not there is DATA_LOSS, and what is there stays',
    contract: MISSING,
    after: ['pause/frees-worker'],
    run: async (scene) => {
      const snapshot = scene.local();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      expectRefused(await scene.restore({ snapshot: scene.local() }), 'DATA_LOSS');
      // One actor's snapshot is no other's.
      expectRefused(await scene.restore({ snapshot, actor: scene.other }), 'DATA_LOSS');
      expectEqual('the process that answers', await scene.memory(await scene.started({ snapshot })), memory);
    },
  },
  {
    id: 'pause/stop',
    title: 'Stop ends a paused actor, whichever worker is named',
    contract: FOUND,
    after: ['pause/missing', 'stop/stops'],
    run: async (scene) => {
      const snapshot = scene.local();
      await scene.started();
      await paused(scene, snapshot);
      const worker = { pool: scene.worker.pool, name: 'no-such-worker' };
      expectEqual('stopped', await scene.stopped({ worker }), true);
      expectRefused(await scene.restore({ snapshot }), 'DATA_LOSS');
    },
  },
  {
    id: 'pause/superseded',
    title: 'a boot, or a DURABLE snapshot, in place of a paused actor ends that one',
    contract: 'What the worker runs of the actor from another snapshot or spec is replaced.',
    after: ['pause/missing', 'restore/replaces'],
    run: async (scene) => {
      const durable = scene.durable();
      await scene.started();
      await scene.saved(durable);
      for (const instead of [{}, { snapshot: durable }]) {
        const snapshot = scene.local();
        const memory = await scene.memory(await scene.started({ snapshot: durable }));
        await paused(scene, snapshot);
        const fresh = await scene.memory(await scene.started(instead));
        expectOk(fresh === '' || fresh !== memory, 'another process', 'the one that was paused');
        expectRefused(await scene.restore({ snapshot }), 'DATA_LOSS');
      }
    },
  },
  {
    id: 'pause/durable',
    title: 'a paused actor can be written to a DURABLE snapshot while another has its worker',
    contract: FOUND,
    after: ['pause/frees-worker', 'snapshots/keeps-state'],
    run: async (scene) => {
      const { secondWorker } = scene;
      const durable = scene.durable();
      await scene.count(await scene.started(), 'POST');
      await paused(scene, scene.local());
      const occupant = await scene.started({ actor: scene.other });
      const memory = await scene.memory(occupant);
      await scene.saved(durable, { worker: { pool: scene.worker.pool, name: 'no-such-worker' } });
      expectEqual('the process of the other actor', await scene.memory(occupant), memory);
      const address = await scene.started({ snapshot: durable, worker: secondWorker });
      expectEqual('the count after the Restore', await scene.count(address), 1);
    },
  },
  {
    id: 'pause/restart',
    title: 'after a restart, a paused actor goes on with its memory, or is DATA_LOSS',
    contract: MISSING,
    after: ['pause/keeps-memory'],
    run: async (scene) => {
      const snapshot = scene.local();
      const memory = await scene.memory(await scene.started());
      await paused(scene, snapshot);
      await scene.restart();
      const answer = await scene.restore({ snapshot });
      if (answer.code === 'DATA_LOSS') return;
      expectOk(answer.code === 'OK', 'Restore to be OK or DATA_LOSS', describe(answer));
      expectEqual('the process that answers', await scene.memory(answer.results[0]?.address ?? ''), memory);
    },
  },
];
