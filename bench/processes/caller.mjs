// Callers of a replica, or of its floor: Resume and Suspend of their actors in
// turn, every stream read to its end.

import { connect } from 'node:http2';
import { serveCallers } from '../start/closed-loop.mjs';
import { callStream, messagesIn, RESOURCE_EXHAUSTED } from '../start/grpc-stream.mjs';

const METHODS = /** @type {const} */ (['Resume', 'Suspend']);

serveCallers(
  async (address) => {
    const session = connect(`http://${address}`);
    // Every call on it hears of it too.
    session.on('error', () => undefined);
    return {
      async ask(name, turn) {
        const kind = METHODS[turn];
        const bytes = await read(session, kind, name);
        return bytes && { kind, messages: messagesIn(bytes).length, bytes: bytes.length };
      },
      close: () => session.close(),
    };
  },
  {
    turns: METHODS.length,
    answers: {
      /** The messages of one Resume and of one Suspend, as they were on the wire, in base64. */
      async capture({ address, name }) {
        const session = connect(`http://${address}`);
        const messages = async (/** @type {'Resume' | 'Suspend'} */ method) =>
          messagesIn((await read(session, method, name)) ?? Buffer.alloc(0)).map((message) =>
            message.toString('base64'),
          );
        const captured = { Resume: await messages('Resume'), Suspend: await messages('Suspend') };
        session.close();
        return captured;
      },
    },
  },
);

/** @returns {Promise<Buffer | undefined>} all that came with OK; undefined where it was refused as too much */
function read(session, method, name) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    callStream(session, method, name, {
      onData: (chunk) => chunks.push(chunk),
      onEnd(status, message) {
        if (status === '0') resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
        else if (status === RESOURCE_EXHAUSTED) resolve(undefined);
        else reject(new Error(`${method} of ${name} ended with status ${status}: ${message}`));
      },
    });
  });
}
