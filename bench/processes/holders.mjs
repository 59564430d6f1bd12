// Callers whose Resume hangs in its restore, many at once, on few connections.
// A stream that ends is a lease that was lost, or a workflow that failed.

import { connect } from 'node:http2';
import { actorWorkflowDefinition } from '../../dist/rpc/proto.js';
import { pause } from '../measure/time.mjs';
import { each } from '../start/each.mjs';
import { answer } from '../start/child.mjs';

const STREAMS_PER_CONNECTION = 2000;
/** As a crowd would come that a replica does not refuse for lack of time. */
const AT_ONCE = 32;
const RETRY_MS = 100;
const RESOURCE_EXHAUSTED = '8';
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
  const body = actorWorkflowDefinition.Resume.requestSerialize({ actor: { namespace: 'bench', name } });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/actorworkflow.v1.ActorWorkflow/Resume',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let held = Buffer.alloc(0);
    let messages = 0;
    let how = '';
    let status = '';
    stream.on('data', (chunk) => {
      if (messages >= MESSAGES) return;
      held = Buffer.concat([held, chunk]);
      while (held.length >= 5 && held.length >= 5 + held.readUInt32BE(1)) {
        held = held.subarray(5 + held.readUInt32BE(1));
        messages += 1;
      }
      if (messages >= MESSAGES) {
        held = Buffer.alloc(0);
        resolve(true);
      }
    });
    for (const event of ['response', 'trailers']) {
      stream.on(event, (headers) => {
        how = headers['grpc-message'] ?? how;
        status = headers['grpc-status'] ?? status;
      });
    }
    stream.on('error', (error) => (how ||= String(error)));
    stream.on('close', () => {
      if (status === RESOURCE_EXHAUSTED && messages === 0) {
        resolve(false);
        return;
      }
      ended += 1;
      firstEnding ||= `${name}: ${decodeURIComponent(how)}`;
      reject(new Error(firstEnding));
    });
    stream.end(Buffer.concat([head, body]));
  });
}
