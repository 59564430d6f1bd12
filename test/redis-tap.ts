// Stands between one replica and Redis, understands what the replica asks, and
// cuts the two apart at one chosen script: before Redis has seen it, or after
// Redis has carried it out and before the replica is told. So a replica can be
// killed at each of its writes without anything in it that knows of tests.

import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { scripts } from '../src/store/redis/scripts.js';

export interface Cut {
  readonly script: keyof typeof scripts;
  /** Of `transition`: the name of the write, such as `begin_resume`. */
  readonly write?: string;
  readonly side: 'before' | 'after';
}

export interface RedisTap {
  /** What the replica's --redis-url is to be. */
  readonly url: string;
  /** At the next such request nothing passes any more, either way, on any connection; then `onCut` is called. */
  cutAt(cut: Cut, onCut: () => void): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param redisUrl `redis://host:port` */
export async function startRedisTap(redisUrl: string): Promise<RedisTap> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let armed: { readonly cut: Cut; readonly onCut: () => void } | undefined;
  let isCut = false;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    const requests = new Requests();
    let onAnswer = (_chunk: Buffer): void => undefined;
    client.on('data', (chunk: Buffer) => {
      for (const { words, bytes } of requests.push(chunk)) {
        if (isCut) return;
        if (armed === undefined || !matches(armed.cut, words)) {
          upstream.write(bytes);
          continue;
        }
        isCut = true;
        const { cut, onCut } = armed;
        if (cut.side === 'before') {
          onCut();
          return;
        }
        // Redis answers in order: once it echoes, it has carried out what came before.
        const mark = randomUUID();
        upstream.write(Buffer.concat([bytes, Buffer.from(`*2\r\n$4\r\nECHO\r\n$36\r\n${mark}\r\n`)]));
        let answers = '';
        onAnswer = (answer) => {
          answers += answer.toString('latin1');
          if (!answers.includes(mark)) return;
          onAnswer = () => undefined;
          onCut();
        };
        return;
      }
    });
    upstream.on('data', (chunk: Buffer) => {
      if (isCut) onAnswer(chunk);
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAt: (cut, onCut) => (armed = { cut, onCut }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A transition's second argument is its workflow's id and its name. */
function matches({ script, write }: Cut, [command, sha1, ...rest]: readonly string[]): boolean {
  if (command?.toLowerCase() !== 'evalsha' || sha1 !== scripts[script].sha1) return false;
  return write === undefined || rest.some((word) => word.endsWith(` ${write}`));
}

interface Request {
  readonly words: readonly string[];
  readonly bytes: Buffer;
}

/** Cuts what a client sends into its requests: arrays of bulk strings, since ioredis sends nothing else. */
class Requests {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Request, void, undefined> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let request = readRequest(this.#rest); request !== undefined; request = readRequest(this.#rest)) {
      this.#rest = this.#rest.subarray(request.bytes.length);
      yield request;
    }
  }
}

/** The first request, once all of it is there. */
function readRequest(buffer: Buffer): Request | undefined {
  let at = 0;
  /** The number in a line such as `*3` or `$12`. */
  const readNumber = (): number => {
    const end = buffer.indexOf('\r\n', at);
    if (end === -1) return NaN;
    const number = Number(buffer.toString('latin1', at + 1, end));
    at = end + 2;
    return number;
  };
  const count = readNumber();
  if (Number.isNaN(count)) return undefined;
  const words: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const length = readNumber();
    if (Number.isNaN(length) || at + length + 2 > buffer.length) return undefined;
    words.push(buffer.toString('utf8', at, at + length));
    at += length + 2;
  }
  return { words, bytes: buffer.subarray(0, at) };
}
