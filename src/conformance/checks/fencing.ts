// Fencing: a coordinator that has lost its lease changes nothing.

import type { Check } from '../check.js';
import { Broken } from '../verdict.js';
import { describe, expectEqual, expectOk, expectRefused } from '../expect.js';
import type { Answer } from '../target.js';

const REFUSES =
  'A runtime remembers the highest token that it has seen for each actor, across its restarts too, and refuses a lower one with FAILED_PRECONDITION and the reason STALE_FENCING_TOKEN, so that a coordinator which has lost its lease without knowing it changes nothing.';

function expectStale(answer: Answer): void {
  expectRefused(answer, 'FAILED_PRECONDITION', 'STALE_FENCING_TOKEN');
}

function expectNotStale(answer: Answer): void {
  expectOk(
    answer.reason !== 'STALE_FENCING_TOKEN',
    `${answer.method} not to be refused for its token`,
    describe(answer),
  );
}

export const fencingChecks: readonly Check[] = [
  {
    id: 'fencing/restore',
    title: 'Restore with a token lower than the highest one seen is refused, and what runs stays',
    contract: REFUSES,
    run: async (scene) => {
      const token = scene.token();
      const address = await scene.started();
      const memory = await scene.memory(address);
      expectStale(await scene.restore({ token, env: { ECHO: 'stale' } }));
      expectEqual('the process that answers', await scene.memory(address), memory);
    },
  },
  {
    id: 'fencing/checkpoint',
    title: 'Checkpoint with a lower token is refused, and the actor runs on',
    contract: REFUSES,
    run: async (scene) => {
      const token = scene.token();
      const address = await scene.started();
      const memory = await scene.memory(address);
      expectStale(await scene.checkpoint(scene.durable(), { token }));
      expectEqual('the process that answers', await scene.memory(address), memory);
    },
  },
  {
    id: 'fencing/stop',
    title: 'Stop with a lower token is refused, and the actor runs on',
    contract: REFUSES,
    run: async (scene) => {
      const token = scene.token();
      const address = await scene.started();
      const memory = await scene.memory(address);
      expectStale(await scene.stop({ token }));
      expectEqual('the process that answers', await scene.memory(address), memory);
    },
  },
  {
    id: 'fencing/per-actor',
    title: "one actor's tokens do not fence another",
    contract: REFUSES,
    run: async (scene) => {
      const token = scene.token();
      await scene.started();
      expectNotStale(await scene.stop({ actor: scene.other, token }));
    },
  },
  {
    id: 'fencing/counts-when-seen',
    title: 'the token of a call that was refused counts as seen',
    contract: 'A token counts as seen when its call arrives, whatever becomes of the call.',
    after: ['fencing/stop'],
    run: async (scene) => {
      const token = scene.token();
      // Of an actor that does not run.
      await scene.checkpoint(scene.durable());
      expectStale(await scene.stop({ token }));
    },
  },
  {
    id: 'fencing/supersedes',
    title: 'a greater token ends the older Restore that is under way, and starts when that is undone',
    contract:
      'A call with a greater token ends those under way on its actor, with that same refusal, and begins when they have been undone.',
    after: ['restore/ready', 'restore/spec'],
    run: async (scene) => {
      const older = scene.startRestore({ env: { START_MS: String(10 * scene.paceMs), ECHO: 'older' } });
      await scene.underWay(older);
      const address = await scene.started({ env: { ECHO: 'newer' } });
      const ended = await Promise.race([older.ended, scene.pause(scene.paceMs)]);
      if (ended === undefined) throw new Broken('the older call to have ended', 'one that goes on');
      if (ended.code === 'OK') throw new Broken('the older call to be refused', describe(ended));
      expectStale(ended);
      if (address !== '') expectEqual('ECHO of the actor', (await scene.ask(address)).echo, 'newer');
    },
  },
  {
    id: 'fencing/restart',
    title: 'the highest token is remembered across a restart',
    contract: REFUSES,
    after: ['fencing/stop'],
    run: async (scene) => {
      const low = scene.token();
      const token = scene.token();
      await scene.started({ token });
      await scene.restart();
      expectStale(await scene.stop({ token: low }));
      expectNotStale(await scene.stop({ token }));
    },
  },
];
