// `actor-coordinator node` as a process of its own, as users run it, in a
// directory that goes with it.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface NodeProcess {
  /** host:port */
  readonly address: string;
  readonly pid: number;
  readonly directory: string;
  readonly log: readonly Record<string, unknown>[];
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when it serves; rejects with its output when it ends before. Its workers are `<name>-0` and so on. */
export async function startNodeProcess(options: {
  readonly coordinator: string;
  readonly pool: string;
  readonly name: string;
}): Promise<NodeProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'node-process-'));
  const child = spawn(
    process.execPath,
    [
      ...[MAIN, 'node', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data'), '--pool', options.pool],
      ...['--coordinator', options.coordinator, '--node-name', options.name, '--stop-grace', '1s'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  const log: Record<string, unknown>[] = [];
  const lines: string[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line);
      if (!line.startsWith('{')) return;
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      const { msg, addresses } = entry;
      if (msg === 'node serves' && Array.isArray(addresses)) resolve(String(addresses[0]));
    });
    void exited.then((how) => {
      reject(new Error(`node ${options.name} ended with ${String(how)} before it served:\n${lines.join('\n')}`));
    });
  });
  return {
    address,
    pid: child.pid ?? 0,
    directory,
    log,
    exited,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
