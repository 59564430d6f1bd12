// `serve --dev` as a process of its own, with a private Redis and two workers:
// what the documents tell a reader to start. For tests that do as they say.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const MAIN = join(ROOT, 'dist', 'main.js');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Served extends AsyncDisposable {
  readonly address: string;
  /** The Unix socket of its private Redis. */
  readonly redisSocket: string;
  /** A PATH on which `actor-coordinator` is. */
  readonly path: string;
  /** A line as a person would type it in the clone, with `actor-coordinator` on PATH. */
  type(line: string, options?: { readonly shell?: string; readonly env?: Record<string, string> }): Promise<Ran>;
}

/**
 * Resolves when its workers are registered; rejects with its log when it ends before.
 * @param main the program, of the clone or of an installed package
 */
export async function serveDev(main = MAIN): Promise<Served> {
  const bin = mkdtempSync(join(tmpdir(), 'served-'));
  symlinkSync(main, join(bin, 'actor-coordinator'));
  const server = spawn(process.execPath, [main, 'serve', '--dev', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  let redisSocket = '';
  const address = await new Promise<string>((resolve, reject) => {
    const log: string[] = [];
    let bound = '';
    createInterface(server.stderr).on('line', (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg?: string; addresses?: string[]; redis_url?: string };
      const { msg, addresses } = entry;
      redisSocket = entry.redis_url?.replace('unix://', '') ?? redisSocket;
      // Not 'ready': its first workers may be registered before the replica has looked at all of its Redis.
      if (msg === 'serving') bound = addresses?.[0] ?? '';
      if (msg === 'workers registered') resolve(bound);
    });
    void exited.then(() => reject(new Error(`serve --dev ended before it was ready:\n${log.join('\n')}`)));
  });
  const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  return {
    address,
    redisSocket,
    path,
    type: (line, { shell = 'sh', env = {} } = {}) =>
      new Promise((resolve) => {
        const options = {
          cwd: ROOT,
          env: { ...process.env, PATH: path, ACTOR_WORKFLOW_ADDRESS: address, ...env },
          maxBuffer: 16 * 1024 * 1024,
        };
        execFile(shell, ['-c', line], options, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
        });
      }),
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM');
      await exited;
      rmSync(bin, { recursive: true });
    },
  };
}
