// Callers whose Resume hangs in its restore, many at once, on few connections.
// A stream that ends is a lease that was lost, or a workflow that failed.

import { connect } from 'node:http2';
import { pause } from '../measure/time.mjs';
import { answer } from '../start/child.mjs';
import { each } from '../start/each.mjs';
import { callStream, messagesIn, RESOURCE_EXHAUSTED } from '../start/grpc-stream.mjs';

const STREAMS_PER_CONNECTION = 2000;
/** As a crowd would come that a replica does not refuse for lack of time. */
const AT_ONCE = 32;
const RETRY_MS = 100;
/** Of a Resume until its restore has begun: started, two steps begun and completed, one begun. */
const MESSAGES = 6;

let ended = 0;
let firstEnding = '';

answer({
  /** Resolves when every restore has begun. @param {{ address: string, names: string[] }} options */
  async hold({ address, names }) {
    /** @type {import('node:http2').ClientHttp2Session[]} */
    const sessions = [];
    for (let i = 0; i < names.length; i += STREAMS_PER_CONNECTION) sessions.push(connect(`http://${address}`));
    await each(
      names.map((name, i) => ({ name, session: sessions[i % sessions.length] })),
      async ({ name, session }) => {
        while (!(await begin(session, name))) await pause(RETRY_MS);
      },
      AT_ONCE,
    );
  },
  ended: () => ({ ended, firstEnding }),
});

/**
 * @param {import('node:http2').ClientHttp2Session} session @param {string} name
 * @returns {Promise<boolean>} false where it was refused as too much
 */
function begin(session, name) {
  return new Promise((resolve, reject) => {
    let begun = false;
    let bytes = Buffer.alloc(0);
    callStream(session, 'Resume', name, {
      onData(chunk) {
        if (begun) return;
        bytes = Buffer.concat([bytes, chunk]);
        if (messagesIn(bytes).length < MESSAGES) return;
        begun = true;
        bytes = Buffer.alloc(0);
        resolve(true);
      },
      onEnd(status, message) {
        if (status === RESOURCE_EXHAUSTED && !begun) {
          resolve(false);
          return;
        }
        ended += 1;
        firstEnding ||= `${name}, status ${status}: ${message}`;
        reject(new Error(firstEnding));
      },
    });
  });
}
