// The private Redis of `serve --dev`: a redis-server or valkey-server found on
// PATH, on a Unix socket in a fresh directory that only this user may enter.
// Guarantees: nobody else reaches it, nothing of it is left after `close` or
// after this process was killed. It keeps nothing: what it held is gone with it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Logger } from 'pino';

import { startServerProcess, type ServerProcess } from './server-process.js';

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = 103;

export interface PrivateRedis {
  /** `unix:///path/redis.sock`, the path percent-encoded as in a file URL. */
  readonly url: string;
  readonly pid: number;
  /** Kills the server and removes its directory; safe to call again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PrivateRedisOptions {
  readonly logger?: Pick<Logger, 'error'>;
  /** Ends the wait for the server's first answer. */
  readonly signal?: AbortSignal;
}

/**
 * @throws Error in one sentence when no server is on PATH, or when it does not
 *   start, with the end of its output; the signal's reason when it aborts
 */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'actor-coordinator-'));
  const removeDirectory = (): Promise<void> => rm(directory, { recursive: true, force: true });
  let server: ServerProcess;
  try {
    server = await start(directory, options.signal);
  } catch (error) {
    await removeDirectory();
    throw error;
  }
  let closing: Promise<void> | undefined;
  void server.ended.then((how) => {
    if (closing === undefined) options.logger?.error({ redisPid: server.pid }, `the private Redis ${how}`);
  });
  const close = (): Promise<void> => {
    closing ??= (async () => {
      server.kill('SIGKILL');
      await server.ended;
      await removeDirectory();
    })();
    return closing;
  };
  const url = pathToFileURL(socketIn(directory)).href.replace(/^file:/, 'unix:');
  return { url, pid: server.pid, close, [Symbol.asyncDispose]: close };
}

function socketIn(directory: string): string {
  return join(directory, 'redis.sock');
}

function start(directory: string, signal: AbortSignal | undefined): Promise<ServerProcess> {
  const socket = socketIn(directory);
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `the private Redis needs a socket path of at most ${MAX_SOCKET_PATH_BYTES} bytes, got ${socket}; ` +
        'set TMPDIR to a shorter directory, such as /tmp',
    );
  }
  return startServerProcess({
    args: [
      ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', directory],
      // Another policy could evict a lease.
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ],
    address: { path: socket },
    directory,
    ...(signal === undefined ? {} : { signal }),
  });
}
