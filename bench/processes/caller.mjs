// Callers in a closed loop: each asks for one workflow after another, Resume and
// Suspend of its own actors in turn, and reads every stream to its end. Written
// on HTTP/2 itself rather than on grpc-js: a caller in JavaScript costs more
// than the server otherwise, and would be what is measured. What it counts as
// done has ended with OK.

import { connect } from 'node:http2';
import { actorWorkflowDefinition } from '../../dist/rpc/proto.js';
import { nowMs, pause } from '../measure/time.mjs';
import { answer } from '../start/child.mjs';

const RETRY_MS = 50;
const RESOURCE_EXHAUSTED = '8';

/** @type {{ completed: number, latencies: { Resume: number[], Suspend: number[] }, messages: number, bytes: number, refused: number }} */
let counted;
const clear = () =>
  (counted = { completed: 0, latencies: { Resume: [], Suspend: [] }, messages: 0, bytes: 0, refused: 0 });
clear();

/** @type {import('node:http2').ClientHttp2Session | undefined} */
let session;
let running = false;
/** @type {Promise<void>[]} */
let loops = [];
let failure = '';

answer({
  /** @param {{ address: string, slots: { namespace: string, name: string }[][] }} options a slot: the actors that one caller goes round */
  start({ address, slots }) {
    session = connect(`http://${address}`);
    session.on('error', (error) => (failure ||= String(error)));
    running = true;
    loops = slots.map((actors) => loop(actors));
  },
  /** What is counted begins here. */
  begin: () => void clear(),
  report() {
    if (failure !== '') throw new Error(failure);
    return counted;
  },
  /** Lets each caller finish, so that every actor is suspended. */
  async stop() {
    running = false;
    await Promise.all(loops);
    session?.close();
    if (failure !== '') throw new Error(failure);
  },
  /** The messages of one Resume and of one Suspend, as they were on the wire. */
  async capture({ address, actor }) {
    session = connect(`http://${address}`);
    const messages = { Resume: await call('Resume', frame('Resume', actor)), Suspend: [] };
    messages.Suspend = await call('Suspend', frame('Suspend', actor));
    session.close();
    return Object.fromEntries(
      Object.entries(messages).map(([name, of]) => [name, of.map((it) => it.toString('base64'))]),
    );
  },
});

async function loop(actors) {
  const requests = actors.map((actor) => ({ Resume: frame('Resume', actor), Suspend: frame('Suspend', actor) }));
  try {
    while (running) {
      for (const request of requests) {
        for (const name of /** @type {const} */ (['Resume', 'Suspend'])) {
          const startedAtMs = nowMs();
          // A replica that has no time for more says so, and the caller comes again.
          while ((await call(name, request[name])) === undefined) {
            counted.refused += 1;
            await pause(RETRY_MS);
          }
          counted.latencies[name].push(nowMs() - startedAtMs);
          counted.completed += 1;
        }
        if (!running) return;
      }
    }
  } catch (error) {
    failure ||= String(error);
    running = false;
  }
}

/** A request as gRPC frames it. */
function frame(/** @type {'Resume' | 'Suspend'} */ name, actor) {
  const body = actorWorkflowDefinition[name].requestSerialize({ actor });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** @returns {Promise<Buffer[] | undefined>} the messages once the stream has ended with OK; undefined where it was refused as too much */
function call(name, request) {
  return new Promise((resolve, reject) => {
    const stream = /** @type {import('node:http2').ClientHttp2Session} */ (session).request({
      ':method': 'POST',
      ':path': `/actorworkflow.v1.ActorWorkflow/${name}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    /** @type {Buffer[]} */
    const chunks = [];
    let status;
    let message;
    const note = (headers) => {
      status = headers['grpc-status'] ?? status;
      message = headers['grpc-message'] ?? message;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      if (status === RESOURCE_EXHAUSTED) resolve(undefined);
      else if (status !== '0') reject(new Error(`${name} ended with status ${status}: ${message}`));
      else resolve(toMessages(chunks));
    });
    stream.end(request);
  });
}

/** @param {readonly Buffer[]} chunks */
function toMessages(chunks) {
  const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  const messages = [];
  for (let at = 0; at < all.length;) {
    const end = at + 5 + all.readUInt32BE(at + 1);
    messages.push(all.subarray(at + 5, end));
    at = end;
  }
  counted.messages += messages.length;
  counted.bytes += all.length;
  return messages;
}
