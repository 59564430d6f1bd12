// Binds a gRPC server to its addresses. Guarantees: all are bound or none; a
// socket file that a killed process left is replaced, one that somebody serves
// is not; only the owner of the process and its group can connect to a socket.

import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';

/**
 * @param listen `host:port` or `unix:///path` each
 * @param socketMode permissions of a Unix socket: whoever can write to it can call
 * @returns the addresses as they were bound, with the port that the system chose for port 0
 * @throws an Error that names the address which cannot be bound
 */
export async function bindAll(
  server: Server,
  listen: readonly string[],
  credentials: ServerCredentials,
  socketMode: number,
): Promise<readonly string[]> {
  const addresses: string[] = [];
  try {
    for (const address of listen) addresses.push(await bind(server, address, credentials, socketMode));
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  return addresses;
}

async function bind(
  server: Server,
  address: string,
  credentials: ServerCredentials,
  socketMode: number,
): Promise<string> {
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined;
  if (path !== undefined) await removeStaleSocket(path);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`--listen ${address}: ${error.message}`, { cause: error }));
    });
  });
  if (path === undefined) return address.replace(/:\d+$/, `:${String(port)}`);
  // Until now the umask decided.
  await chmod(path, socketMode);
  return address;
}

/** A socket file outlives the process that made it; only a connection tells whether somebody still serves it. */
async function removeStaleSocket(path: string): Promise<void> {
  // Anything else stays, and binding says that it is in the way. A connection to a plain file is refused as well.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return;
  const code = await new Promise<string>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve('EADDRINUSE');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? '');
    });
  });
  if (code === 'ECONNREFUSED') await rm(path, { force: true });
}
