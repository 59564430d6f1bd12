// One streaming call of the ActorWorkflow service, on HTTP/2 itself rather than
// on grpc-js: a caller in JavaScript costs more than the server otherwise, and
// would be what is measured.

import { actorWorkflowDefinition } from '../../dist/rpc/proto.js';

export const RESOURCE_EXHAUSTED = '8';

/** Length prefix: not compressed, and how long. */
const PREFIX_BYTES = 5;

/**
 * @param {import('node:http2').ClientHttp2Session} session
 * @param {'Resume' | 'Suspend'} method @param {string} name of an actor in the namespace `bench`
 * @param {{ onData: (chunk: Buffer) => void, onEnd: (status: string, message: string) => void }} listener status: a number, or '' where the stream broke
 */
export function callStream(session, method, name, { onData, onEnd }) {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/actorworkflow.v1.ActorWorkflow/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status = '';
  let message = '';
  const note = (/** @type {import('node:http2').IncomingHttpHeaders} */ headers) => {
    status = String(headers['grpc-status'] ?? status);
    message = String(headers['grpc-message'] ?? message);
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('data', onData);
  stream.on('error', (error) => (message ||= String(error)));
  stream.on('close', () => onEnd(status, decodeURIComponent(message)));
  const body = actorWorkflowDefinition[method].requestSerialize({ actor: { namespace: 'bench', name } });
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(body.length, 1);
  stream.end(Buffer.concat([prefix, body]));
}

/** The messages in what has come so far; an unfinished one is left out. @param {Buffer} bytes */
export function messagesIn(bytes) {
  const messages = [];
  for (let at = 0; at + PREFIX_BYTES <= bytes.length;) {
    const end = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + PREFIX_BYTES, end));
    at = end;
  }
  return messages;
}
