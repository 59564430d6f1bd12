// A replica as a process of its own, as users run it: what chaos tests kill,
// stop and continue. Its log is kept, and shown when a test fails on it.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CoordinatorClient } from '../src/client/coordinator-client.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface ReplicaOptions {
  readonly redisUrl: string;
  readonly redisKeyPrefix: string;
  readonly instanceId: string;
  /** More flags, such as `['--lease-ttl', '1500ms']`. */
  readonly flags?: readonly string[];
  /** Of Node itself, such as `['--import', './test/…']`. */
  readonly nodeFlags?: readonly string[];
  /** In addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Replica {
  readonly address: string;
  readonly pid: number;
  readonly client: CoordinatorClient;
  readonly log: readonly Record<string, unknown>[];
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR2'): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when it serves; rejects with its output when it ends before. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeFlags ?? []),
      MAIN,
      'serve',
      ...['--redis-url', options.redisUrl, '--redis-key-prefix', options.redisKeyPrefix],
      ...['--instance-id', options.instanceId, '--listen', '127.0.0.1:0', ...(options.flags ?? [])],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...options.env } },
  );
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  const log: Record<string, unknown>[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    const lines: string[] = [];
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line);
      if (!line.startsWith('{')) return;
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      const { msg, addresses } = entry;
      if (msg === 'ready' && Array.isArray(addresses)) resolve(String(addresses[0]));
    });
    void exited.then((how) => {
      reject(
        new Error(`replica ${options.instanceId} ended with ${String(how)} before it was ready:\n${lines.join('\n')}`),
      );
    });
  });
  const client = new CoordinatorClient(address);
  return {
    address,
    pid: child.pid ?? 0,
    client,
    log,
    exited,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      client.close();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
