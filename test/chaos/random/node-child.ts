// A node as a process of its own, with the journaled runtime: what the random
// chaos kills, stops and slows down. It does what its parent says over IPC, and
// ends with it.
// Use: node --import ../../contract/node-runtime-loader.mjs node-child.ts NODE LISTEN JOURNAL STORE

import { setMaxListeners } from 'node:events';
import { systemClock } from '../../../src/clock.js';
import { startNodeServer } from '../../../src/rpc/node-server.js';
import { JournaledRuntime, type Mode } from './journaled-runtime.js';

/** What it tells its parent: that it serves, and from time to time what runs. */
export interface Told {
  readonly running: readonly (readonly [worker: string, actor: string])[];
}

const TELL_EVERY_MS = 500;

const [node = '', listen = '', journal = '', store = ''] = process.argv.slice(2);
const runtime = new JournaledRuntime({ node, journal, store });
const closing = new AbortController().signal;
// One listener for each call under way.
setMaxListeners(0, closing);
await startNodeServer([listen], runtime, {
  clock: systemClock,
  onUnexpected: (error) => {
    console.error(error);
  },
  closing,
});
const tell = (): void => {
  if (process.connected) process.send?.({ running: [...runtime.running] } satisfies Told);
};
process.on('message', (mode: Mode) => {
  runtime.mode = mode;
});
process.on('disconnect', () => process.exit());
setInterval(tell, TELL_EVERY_MS);
tell();
