// Stop: what there is to stop, and what there is not.

import type { Check } from '../check.js';
import { expectEqual, expectOk } from '../expect.js';
import { Broken, Skipped } from '../verdict.js';

export const stopChecks: readonly Check[] = [
  {
    id: 'stop/stops',
    title: 'Stop ends the actor, says that it did, and leaves the worker free',
    contract:
      'Stops whatever the worker runs of the actor, without a snapshot, and ends a Restore with the same token that is under way.',
    after: ['fencing/per-actor'],
    run: async (scene) => {
      const low = scene.token();
      const address = await scene.started();
      expectEqual('stopped', await scene.stopped(), true);
      if (address !== '') expectOk(!(await scene.answers(address)), 'nobody to answer after Stop', 'an answer');
      const { code, message } = await scene.takeWhenFree(low, 0);
      expectOk(code === 'OK', 'the worker to be free after Stop', `${code}: ${message}`);
    },
  },
  {
    id: 'stop/nothing-left',
    title: 'Stop where nothing runs is OK, and says that there was nothing',
    contract: 'OK where nothing is left to stop.',
    run: async (scene) => {
      expectEqual('stopped where nothing ran', await scene.stopped(), false);
    },
  },
  {
    id: 'stop/ends-restore',
    title: 'Stop with the token of a Restore that is under way ends it',
    contract:
      'Stops whatever the worker runs of the actor, without a snapshot, and ends a Restore with the same token that is under way.',
    after: ['stop/stops', 'stop/nothing-left', 'restore/ready'],
    run: async (scene) => {
      const low = scene.token();
      const token = scene.token();
      const starting = scene.startRestore({ token, env: { START_MS: String(10 * scene.paceMs) } });
      await scene.underWay(starting);
      await scene.stopped({ token });
      const answer = await Promise.race([starting.ended, scene.pause(scene.paceMs)]);
      if (answer === undefined) throw new Broken('the Restore to end', 'a Restore that goes on');
      if (answer.code === 'OK' && answer.tookMs < scene.paceMs) {
        throw new Skipped('Restore was over before it could be stopped; the actor does not start slowly here');
      }
      expectOk(answer.code !== 'OK', 'the Restore to end with an error', 'OK');
      const taken = await scene.takeWhenFree(low, 5 * scene.paceMs);
      expectOk(taken.code === 'OK', 'the worker to be free', `${taken.code}: ${taken.message}`);
    },
  },
];
