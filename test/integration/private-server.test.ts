// The private Redis of `serve --dev`, with real processes.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { startPrivateRedis } from '../../src/store/redis/private-server.js';
import { findServer } from '../../src/store/redis/server-process.js';

const LOADER = new URL('../contract/node-runtime-loader.mjs', import.meta.url).href;
const CHILD = fileURLToPath(new URL('../private-redis-child.mjs', import.meta.url));

function socketOf(url: string): string {
  return fileURLToPath(url.replace(/^unix:/, 'file:'));
}

/** Sends one inline command and gives the whole reply. */
function command(url: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketOf(url), () => socket.end(`${line}\r\n`));
    let reply = '';
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
    socket.once('end', () => resolve(reply)).once('error', reject);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function hasServer(): boolean {
  try {
    findServer();
    return true;
  } catch {
    return false;
  }
}

interface Owned {
  /** The process that started it. */
  readonly parent: ChildProcess;
  readonly redis: { readonly url: string; readonly pid: number };
}

async function startInChild(): Promise<Owned> {
  const parent = spawn(process.execPath, ['--import', LOADER, CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  for await (const line of createInterface({ input: parent.stdout })) {
    return { parent, redis: JSON.parse(line) as Owned['redis'] };
  }
  throw new Error('the child ended before it had a Redis');
}

afterEach(() => {
  vi.unstubAllEnvs();
});

// On a machine where Docker is the only Redis there is nothing to start; test/redis.ts then uses a container.
describe.skipIf(!hasServer())('a private Redis', () => {
  it('answers on a Unix socket that only this user can reach, and on no TCP port', async () => {
    await using redis = await startPrivateRedis();
    expect(redis.url).toMatch(/^unix:\/\/\/.+\/redis\.sock$/);
    expect(await command(redis.url, 'PING')).toBe('+PONG\r\n');
    expect(await command(redis.url, 'CONFIG GET port')).toContain('\r\n0\r\n');
    expect(statSync(dirname(socketOf(redis.url))).mode & 0o777).toBe(0o700);
  });

  it('never evicts a key and never writes to disk', async () => {
    await using redis = await startPrivateRedis();
    expect(await command(redis.url, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await command(redis.url, 'CONFIG GET save')).toBe('*2\r\n$4\r\nsave\r\n$0\r\n\r\n');
    expect(await command(redis.url, 'CONFIG GET appendonly')).toContain('\r\nno\r\n');
  });

  it('is gone with its directory after close, which may be called again', async () => {
    const redis = await startPrivateRedis();
    await redis.close();
    await redis.close();
    expect(isAlive(redis.pid)).toBe(false);
    expect(existsSync(dirname(socketOf(redis.url)))).toBe(false);
  });

  it('closes also while it is stopped by SIGSTOP', async () => {
    const redis = await startPrivateRedis();
    process.kill(redis.pid, 'SIGSTOP');
    await redis.close();
    expect(isAlive(redis.pid)).toBe(false);
  });

  it('says in the log how it ended when nobody closed it', async () => {
    const error = vi.fn();
    const redis = await startPrivateRedis({ logger: { error } });
    process.kill(redis.pid, 'SIGKILL');
    const text: unknown = expect.stringMatching(/^the private Redis was ended by SIGKILL/);
    await vi.waitFor(() => expect(error).toHaveBeenCalledExactlyOnceWith({ redisPid: redis.pid }, text));
    await redis.close();
  });

  it('gives up with the reason of a signal that aborts', async () => {
    const reason = new Error('no longer wanted');
    await expect(startPrivateRedis({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'dies, and its directory goes, when its parent is ended by %s',
    async (signal) => {
      const { parent, redis } = await startInChild();
      parent.kill(signal);
      await vi.waitFor(() => expect(isAlive(redis.pid)).toBe(false), { timeout: 5_000, interval: 10 });
      await vi.waitFor(() => expect(existsSync(dirname(socketOf(redis.url)))).toBe(false), {
        timeout: 5_000,
        interval: 10,
      });
    },
  );

  it('dies with its parent also while it is stopped by SIGSTOP', async () => {
    const { parent, redis } = await startInChild();
    process.kill(redis.pid, 'SIGSTOP');
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(redis.pid)).toBe(false), { timeout: 5_000, interval: 10 });
  });
});

describe('without a usable server', () => {
  it('one sentence says what is missing and how to get it', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    await expect(startPrivateRedis()).rejects.toThrow(
      /^found neither redis-server nor valkey-server on PATH; .*apt-get install redis-server.*--redis-url/,
    );
  });

  it('a server that ends at once is quoted', async () => {
    await using bin = await binDirectory();
    await writeFile(join(bin.path, 'redis-server'), '#!/bin/sh\necho "Fatal error: no luck today"; exit 3\n', {
      mode: 0o755,
    });
    vi.stubEnv('PATH', bin.path);
    await expect(startPrivateRedis()).rejects.toThrow(
      /redis-server ended with exit code 3; .*\nFatal error: no luck today$/,
    );
  });

  it('valkey-server is taken where there is no redis-server', async () => {
    await using bin = await binDirectory();
    await symlink(process.execPath, join(bin.path, 'valkey-server'));
    expect(findServer(bin.path)).toBe(join(bin.path, 'valkey-server'));
  });

  it('a temporary directory whose path is too long for a socket is named', async () => {
    await using bin = await binDirectory('x'.repeat(100));
    vi.stubEnv('TMPDIR', bin.path);
    await expect(startPrivateRedis()).rejects.toThrow(/at most 103 bytes, got .*; set TMPDIR/);
  });
});

async function binDirectory(name = 'bin'): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
