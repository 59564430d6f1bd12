// Who may be on a worker.

import type { Check } from '../check.js';
import { expectEqual, expectOk, expectRefused } from '../expect.js';

export const workersChecks: readonly Check[] = [
  {
    id: 'workers/two',
    title: 'two actors run on two workers at the same time',
    contract:
      'A worker runs one actor at most, and an actor runs once: where it starts on one worker, it ends on every other.',
    after: ['restore/spec'],
    run: async (scene) => {
      const { secondWorker } = scene;
      const first = await scene.started({ env: { ECHO: 'first' } });
      const second = await scene.started({ actor: scene.other, worker: secondWorker, env: { ECHO: 'second' } });
      expectEqual('ECHO of the first actor', (await scene.ask(first)).echo, 'first');
      expectEqual('ECHO of the second actor', (await scene.ask(second)).echo, 'second');
    },
  },
  {
    id: 'workers/runs-once',
    title: 'an actor that starts on another worker ends where it was',
    contract:
      'A worker runs one actor at most, and an actor runs once: where it starts on one worker, it ends on every other.',
    after: ['fencing/per-actor'],
    run: async (scene) => {
      const { secondWorker } = scene;
      const low = scene.token();
      const first = await scene.started();
      const second = await scene.started({ worker: secondWorker });
      if (first !== '' && first !== second) {
        expectOk(!(await scene.answers(first)), 'nobody to answer on the first worker', 'an answer');
      }
      const { code, message } = await scene.takeWhenFree(low, 0);
      expectOk(code === 'OK', 'the first worker to be free', `${code}: ${message}`);
    },
  },
  {
    id: 'workers/leftover',
    title: 'an actor that holds the worker with a lower token makes way',
    contract:
      'Whoever holds the worker with a lower token is left from a claim that is over, and a Restore ends it first.',
    run: async (scene) => {
      const leftover = await scene.started({ actor: scene.other });
      const address = await scene.started();
      if (leftover !== '' && leftover !== address) {
        expectOk(!(await scene.answers(leftover)), 'the actor that was left there to have ended', 'an answer of it');
      }
      await scene.memory(address);
    },
  },
  {
    id: 'workers/occupied',
    title: 'an actor that holds the worker with a greater token stays, and the Restore is refused',
    contract: 'One whose token is not lower stays, and the Restore is refused with FAILED_PRECONDITION.',
    run: async (scene) => {
      const token = scene.token();
      const occupant = await scene.started({ actor: scene.other });
      const memory = await scene.memory(occupant);
      expectRefused(await scene.restore({ token }), 'FAILED_PRECONDITION');
      expectEqual('the process of the occupant', await scene.memory(occupant), memory);
    },
  },
  {
    id: 'workers/unknown',
    title: 'Restore and Checkpoint on a worker that the runtime does not have are refused, and not with NOT_FOUND',
    contract:
      'A worker that the runtime does not have is FAILED_PRECONDITION to Restore and Checkpoint, never NOT_FOUND, which would say that the actor has crashed.',
    run: async (scene) => {
      const worker = { pool: scene.worker.pool, name: 'no-such-worker' };
      expectRefused(await scene.restore({ worker }), 'FAILED_PRECONDITION');
      expectRefused(await scene.checkpoint(scene.durable(), { worker }), 'FAILED_PRECONDITION');
    },
  },
];
