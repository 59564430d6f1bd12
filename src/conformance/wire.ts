// A connection to the runtime that can be cut: what happens to a runtime when
// the replica that called it is killed, or a network goes away.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  /** A gRPC target that leads to the runtime. */
  readonly address: string;
  /** Resets every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** @param target a gRPC target: `host:port`, also with `dns:` or `ipv4:` before it, or `unix:///path` */
export async function openWire(target: string): Promise<Wire> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(endpointOf(target));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

function endpointOf(target: string): { path: string } | { host: string; port: number } {
  const path = /^unix:(?:\/\/)?(\/.*)$/.exec(target)?.[1];
  if (path !== undefined) return { path };
  const [, host = '', port = ''] = /^(?:[a-z0-9]+:(?:\/\/[^/]*\/)?)?\[?([^\]/]+?)\]?:(\d+)$/.exec(target) ?? [];
  return { host, port: Number(port) };
}
