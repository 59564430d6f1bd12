// gRPC calls whose bytes the test decides, over HTTP/2 as Node has it. It hides
// nothing that a server may get wrong: a call that ends without a status, or
// with two, or not at all within its bound, is an error of the test.

import { Metadata } from '@grpc/grpc-js';
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { codeName } from '../src/rpc/status.js';
import { decodeDetails, type StatusDetails } from '../src/rpc/status-details.js';

export interface RawAnswer {
  /** The canonical name of the status, such as `OK`. */
  readonly code: string;
  readonly message: string;
  readonly details: StatusDetails | undefined;
  /** What was received before it, without the five bytes in front of each. */
  readonly messages: readonly Buffer[];
}

export interface RawCallOptions {
  /** Sent as grpc-timeout, in milliseconds; 0: none. */
  readonly timeoutMs?: number;
  /** The status must have come by then. Default: 10 s. */
  readonly withinMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * @param address host:port
 * @param initialWindowSize of each stream: how many bytes may come before they are read
 */
export async function connectRaw(address: string, initialWindowSize?: number): Promise<ClientHttp2Session> {
  const settings = initialWindowSize === undefined ? {} : { initialWindowSize };
  const session = connect(`http://${address}`, { settings });
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('error', reject);
  });
  // What a broken connection means is said by its calls.
  session.on('error', () => undefined);
  return session;
}

/** A message as gRPC frames it. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/**
 * @param path `/package.Service/Method`
 * @param body what is sent, framed; the stream is half closed after it
 */
export function callRaw(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  { timeoutMs = 0, withinMs = 10_000, headers = {} }: RawCallOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(timeoutMs === 0 ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
      ...headers,
    });
    const chunks: Buffer[] = [];
    const statuses: IncomingHttpHeaders[] = [];
    const noteStatus = (received: IncomingHttpHeaders): void => {
      if (received['grpc-status'] !== undefined) statuses.push(received);
    };
    const giveUp = setTimeout(() => {
      reject(new Error(`${path}: no status within ${withinMs} ms`));
      stream.close(constants.NGHTTP2_CANCEL);
    }, withinMs);
    stream.on('response', noteStatus);
    stream.on('trailers', noteStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Its close says the same.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      clearTimeout(giveUp);
      const [status] = statuses;
      if (status === undefined || statuses.length > 1) {
        reject(new Error(`${path}: ${statuses.length} statuses, and RST_STREAM ${String(stream.rstCode)}`));
      } else {
        resolve({ ...toAnswer(status), messages: split(Buffer.concat(chunks)) });
      }
    });
    stream.end(body);
  });
}

function toAnswer(status: IncomingHttpHeaders): Omit<RawAnswer, 'messages'> {
  const metadata = Metadata.fromHttp2Headers(status);
  return {
    code: codeName(Number(status['grpc-status'])),
    message: decodeURI(String(metadata.get('grpc-message')[0] ?? '')),
    details: decodeDetails(metadata),
  };
}

function split(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
