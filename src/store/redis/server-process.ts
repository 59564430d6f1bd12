// A redis-server process of one's own, for `--dev` and for tests. Guarantees:
// it answers PING when `startServerProcess` resolves; it dies with the process
// that started it, also when that is killed; Ctrl-C in a terminal does not reach
// it, so it outlives the shutdown that still needs it. Not for production: it
// keeps nothing, and is not restarted when it dies.

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';

/** From start to PONG takes 16 ms; a machine that swaps may need seconds. */
const READY_WITHIN_MS = 10_000;
const PING_TIMEOUT_MS = 1_000;
const PING_INTERVAL_MS = 5;

/** How much of the server's output is kept to explain its death, in characters. */
const TAIL_LENGTH = 2_000;

/**
 * Runs "$@" with a guard beside it, which waits for the end of file on a pipe
 * that only our process holds: the kernel closes it however we die. KILL, since
 * a stopped server would not act on TERM, and there is nothing to save. `exec`
 * makes the server the child itself, so that its pid is the one we know.
 */
const WITH_GUARD = `exec 3<&0
{ read -r _ <&3; kill -KILL $$; test -z "$0" || rm -rf "$0"; } >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null`;

export interface ServerProcessOptions {
  /** Command-line arguments, such as `['--port', '0']`. */
  readonly args: readonly string[];
  /** Where it will listen. */
  readonly address: NetConnectOpts;
  /** A directory to remove when this process dies before it could. */
  readonly directory?: string;
  readonly signal?: AbortSignal;
}

export interface ServerProcess {
  /** That of redis-server itself. */
  readonly pid: number;
  /** Resolves when it has ended, with a sentence that says how and the end of its output. */
  readonly ended: Promise<string>;
  /** SIGSTOP and SIGCONT: it keeps its connections and answers nothing. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

/**
 * The path of redis-server, else of valkey-server, on PATH.
 * @throws Error that says how to get one
 */
export function findServer(path = process.env['PATH'] ?? ''): string {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const directory of path.split(delimiter)) {
      if (!isAbsolute(directory)) continue;
      const file = join(directory, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        continue;
      }
    }
  }
  throw new Error(
    'found neither redis-server nor valkey-server on PATH; install one (Debian: apt-get install redis-server, ' +
      'Fedora: dnf install valkey, macOS: brew install redis), or pass --redis-url with one that runs already',
  );
}

/**
 * Starts a server and waits until it answers.
 * @throws Error when there is none on PATH, or when it ended or did not answer
 *   within 10 s, with the end of its output; the signal's reason when it aborts
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  options.signal?.throwIfAborted();
  const server = findServer();
  const child = spawn('/bin/sh', ['-c', WITH_GUARD, options.directory ?? '', server, ...options.args], {
    // A group of its own: Ctrl-C goes to every process of the terminal's group.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = watch(child);
  const spawned = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  const pid = await spawned;
  const started: ServerProcess = { pid, ended, kill: (signal) => void child.kill(signal) };
  try {
    await untilReady(started, server, options);
    return started;
  } catch (error) {
    started.kill('SIGKILL');
    await ended;
    throw error;
  }
}

async function untilReady(server: ServerProcess, name: string, options: ServerProcessOptions): Promise<void> {
  let end: string | undefined;
  void server.ended.then((text) => (end = text));
  const giveUpAtMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (await answersPing(options.address)) return;
    options.signal?.throwIfAborted();
    if (end !== undefined) throw new Error(`${name} ${end}`);
    if (performance.now() >= giveUpAtMs) throw new Error(`${name} did not answer PING within ${READY_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, PING_INTERVAL_MS));
  }
}

/** `-LOADING` and the like count as no answer. */
function answersPing(address: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: PING_TIMEOUT_MS });
    const finish = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('+PONG')));
    for (const event of ['timeout', 'error', 'close']) socket.once(event, () => finish(false));
  });
}

/** Collects the end of the output, and says how the process ended. */
function watch(child: ChildProcess): Promise<string> {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_LENGTH);
    });
  }
  // The guard ends when this pipe closes; writing to it is not ours to do.
  child.stdin?.on('error', () => undefined);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`;
      resolve(tail.trim() === '' ? how : `${how}; its last output:\n${tail.trim()}`);
    });
  });
}
