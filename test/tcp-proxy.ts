// A TCP proxy between a replica and Redis that can misbehave in the ways in
// which networks do.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'requests' | 'replies';

interface Chunk {
  readonly bytes: Buffer;
  readonly dueAtMs: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Swallows what the client sends: Redis never hears of it. The connections stay. */
  swallowRequests(on: boolean): void;
  /** Swallows what Redis answers: commands are carried out, and nobody is told. */
  swallowReplies(on: boolean): void;
  /** Keeps what the client sends, or what Redis answers, and delivers it late, all of it and in order. */
  hold(kind: Direction, on: boolean): void;
  /** Holds each chunk back for this long, in milliseconds, in both directions. */
  delay(ms: number): void;
  /** Resets every connection; with `refuse` it also listens no more. */
  reset(refuse?: boolean): void;
  /** Resets new connections as soon as they come. */
  refuse(on: boolean): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param target a port of this machine, or the path of a Unix socket, or what tells the port for each connection */
export async function startTcpProxy(target: number | string | (() => number)): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallow = { requests: false, replies: false };
  let held = { requests: false, replies: false };
  let delayMs = 0;
  let refusing = false;
  /** One for each direction of each connection: sends on what is due. */
  const pumps = new Set<() => void>();

  const forward = (from: Socket, to: Socket, kind: Direction): void => {
    const waiting: Chunk[] = [];
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const pump = (): void => {
      // The first one is waited for, whatever the delay is by now: TCP does not reorder.
      for (let first = waiting[0]; first !== undefined && to.writable; first = waiting[0]) {
        if (held[kind]) return;
        const leftMs = first.dueAtMs - performance.now();
        if (leftMs > 0) {
          // Timers begin with the turn of the event loop, which may be long ago, and so fire early: hence once more.
          clearTimeout(timer);
          timer = setTimeout(pump, leftMs);
          return;
        }
        waiting.shift();
        to.write(first.bytes);
      }
      if (!isOver) return;
      pumps.delete(pump);
      to.end();
    };
    pumps.add(pump);
    // What was sent before a connection was closed arrives all the same.
    from.on('close', () => {
      isOver = true;
      pump();
    });
    from.on('data', (bytes: Buffer) => {
      if (swallow[kind]) return;
      waiting.push({ bytes, dueAtMs: performance.now() + delayMs });
      pump();
    });
  };
  const server = createServer((client) => {
    if (refusing) {
      client.on('error', () => undefined);
      sendReset(client);
      return;
    }
    const upstream =
      typeof target === 'string'
        ? connect(target)
        : connect(typeof target === 'number' ? target : target(), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    forward(client, upstream, 'requests');
    forward(upstream, client, 'replies');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    port: (server.address() as AddressInfo).port,
    swallowRequests: (on) => (swallow = { ...swallow, requests: on }),
    swallowReplies: (on) => (swallow = { ...swallow, replies: on }),
    hold: (kind, on) => {
      held = { ...held, [kind]: on };
      for (const pump of pumps) pump();
    },
    delay: (ms) => (delayMs = ms),
    reset: (refuse = false) => {
      if (refuse) server.close();
      for (const socket of sockets) sendReset(socket);
    },
    refuse: (on) => (refusing = on),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Sends RST. Not `resetAndDestroy`: it shuts the socket down first, and on one
 * that is being shut down Node leaks the handle.
 */
function sendReset(socket: Socket): void {
  const handle = Reflect.get(socket, '_handle') as { reset?: (done: () => void) => void } | null;
  handle?.reset?.(() => undefined);
  socket.destroy();
}
