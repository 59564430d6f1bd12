// What Restore does with a spec.

import type { Check } from '../check.js';
import { expectEqual } from '../expect.js';

const FROM_SPEC = 'Without a snapshot it boots from spec.';
/** The rest of the 64 KiB is for the program itself and for the names of the fields. */
const LARGE_ECHO_BYTES = 60 * 1024;
const LONGEST_NAME = 63;

export const restoreChecks: readonly Check[] = [
  {
    id: 'restore/starts',
    title: 'Restore starts an actor from its spec and ends with one result',
    contract: FROM_SPEC,
    run: async (scene) => {
      await scene.started();
    },
  },
  {
    id: 'restore/ready',
    title: 'the actor answers as soon as Restore has ended, also where its start takes long',
    contract: 'Starts the actor on the worker, and answers once it is ready to serve.',
    run: async (scene) => {
      await scene.ask(await scene.started({ env: { START_MS: String(scene.paceMs) } }));
    },
  },
  {
    id: 'restore/spec',
    title: "the actor runs with the spec's environment",
    contract: FROM_SPEC,
    run: async (scene) => {
      const { echo } = await scene.ask(await scene.started({ env: { ECHO: 'conformance' } }));
      expectEqual('ECHO in the environment of the actor', echo, 'conformance');
    },
  },
  {
    id: 'restore/limits',
    title: 'names of 63 characters and a spec of 60 KiB are taken',
    contract: 'A runtime takes what a coordinator lets through: names of 63 characters, specs of 64 KiB as JSON.',
    after: ['restore/spec'],
    run: async (scene) => {
      const pad = (label: string): string => label.padEnd(LONGEST_NAME, 'x');
      const actor = { namespace: pad('conformance-'), name: pad(`${scene.actor.name.slice(-8)}-`) };
      const echo = 'x'.repeat(LARGE_ECHO_BYTES);
      const snapshot = scene.durable();
      await scene.started({ actor, env: { ECHO: echo } });
      await scene.saved(snapshot, { actor });
      const address = await scene.started({ actor, snapshot, env: { ECHO: echo } });
      expectEqual('the length of ECHO in the actor', (await scene.ask(address)).echo.length, echo.length);
    },
  },
];
