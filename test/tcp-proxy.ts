// A TCP proxy between a replica and Redis that can misbehave in the ways in
// which networks do.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Swallows what the client sends: Redis never hears of it. The connections stay. */
  swallowRequests(on: boolean): void;
  /** Swallows what Redis answers: commands are carried out, and nobody is told. */
  swallowReplies(on: boolean): void;
  /** Holds each chunk back for this long, in milliseconds, in both directions. */
  delay(ms: number): void;
  /** Resets every connection; with `refuse` it also listens no more. */
  reset(refuse?: boolean): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallow = { requests: false, replies: false };
  let delayMs = 0;

  const forward = (from: Socket, to: Socket, kind: 'requests' | 'replies'): void => {
    from.on('data', (chunk) => {
      if (swallow[kind]) return;
      if (delayMs === 0) to.write(chunk);
      else
        setTimeout(() => {
          if (to.writable) to.write(chunk);
        }, delayMs);
    });
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
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
    delay: (ms) => (delayMs = ms),
    reset: (refuse = false) => {
      if (refuse) server.close();
      for (const socket of sockets) sendReset(socket);
    },
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
