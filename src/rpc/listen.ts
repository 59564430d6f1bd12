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
  const inTheWay = path === undefined ? undefined : await clearTheWay(path);
  if (inTheWay !== undefined) throw new Error(`--listen ${address}: ${inTheWay}`);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`--listen ${address}: ${essence(error.message)}`, { cause: error }));
    });
  });
  if (path === undefined) return address.replace(/:\d+$/, `:${String(port)}`);
  // Until now the umask decided.
  await chmod(path, socketMode);
  return address;
}

/** grpc-js wraps what the system says, which is all that matters here. */
function essence(message: string): string {
  return /^No address added out of total \d+ resolved errors: \[(.*)\]$/s.exec(message)?.[1] ?? message;
}

/**
 * Removes the socket file of a process that is gone; only a connection tells whether somebody still serves it.
 * @returns what is in the way and stays there, if so
 */
async function clearTheWay(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  // A connection to a plain file is refused as well.
  if (!found.isSocket()) return 'a file that is no socket is in the way; it was left alone';
  const code = await new Promise<string>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve('');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
  if (code === '') return 'another process serves it';
  if (code === 'ECONNREFUSED') await rm(path, { force: true });
  // Whatever else it is, binding says so.
  return undefined;
}
