// The one way in which every suite gets a Redis: from testcontainers where a
// Docker engine answers and has the image, else a redis-server of this machine
// on a random loopback port. TEST_REDIS=docker|local forces one. Both can be
// stopped with SIGSTOP, continued and killed; a local one dies with the test
// process, also when that is killed.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';

import { startServerProcess } from '../src/store/redis/server-process.js';
import { findEngine, type Engine } from './docker-engine.js';

export const REDIS_IMAGE = 'redis:7-alpine';

/** A start that found its port taken by somebody else meanwhile is repeated this often. */
const PORT_ATTEMPTS = 5;

const DEFAULT_ARGS = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no'];

export interface RedisOptions {
  /** More arguments for redis-server, such as `['--maxmemory-policy', 'allkeys-lru']`. */
  readonly args?: readonly string[];
  /** Default: a free one. Give that of a killed server to start an empty one in its place. */
  readonly port?: number;
}

export interface TestRedis {
  /** `redis://host:port` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly kind: 'docker' | 'local';
  /** SIGSTOP: connections stay, nothing is answered. */
  pause(): Promise<void>;
  /** SIGCONT */
  resume(): Promise<void>;
  /** SIGKILL; resolves when it is gone, with all that it held. */
  kill(): Promise<void>;
  /** Removes it, whatever state it is in; safe to call again. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A prefix for keys that no other test uses, for suites that share one server. */
export function uniquePrefix(): string {
  return `test-${randomUUID()}:`;
}

/**
 * Starts a Redis of the test's own.
 * @throws Error when TEST_REDIS asks for what is not there, or the server does not start
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const wanted = process.env['TEST_REDIS'] ?? '';
  if (!['', 'docker', 'local'].includes(wanted)) {
    throw new Error(`TEST_REDIS: got ${JSON.stringify(wanted)}; expected docker, local or nothing`);
  }
  if (wanted !== 'local') {
    const engine = await findEngine(REDIS_IMAGE);
    if (engine.usable) return startContainer(engine, options);
    if (wanted === 'docker') throw new Error(`TEST_REDIS=docker, but ${engine.why}`);
  }
  return startLocal(options);
}

async function startLocal(options: RedisOptions): Promise<TestRedis> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await startLocalOn(port, options.args ?? []);
    } catch (error) {
      const taken = String(error).includes('Address already in use');
      if (!taken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startLocalOn(port: number, args: readonly string[]): Promise<TestRedis> {
  const host = '127.0.0.1';
  const server = await startServerProcess({
    args: ['--bind', host, '--port', String(port), ...DEFAULT_ARGS, ...args],
    address: { host, port },
  });
  const kill = async (): Promise<void> => {
    server.kill('SIGKILL');
    await server.ended;
  };
  return {
    ...address(host, port),
    kind: 'local',
    pause: async () => server.kill('SIGSTOP'),
    resume: async () => server.kill('SIGCONT'),
    kill,
    stop: kill,
    [Symbol.asyncDispose]: kill,
  };
}

async function startContainer(engine: Engine & { usable: true }, options: RedisOptions): Promise<TestRedis> {
  // Its reaper removes what a killed test run leaves behind, but needs an image of its own; where that is not there,
  // the download would fail or outlast the tests' limits. Read when testcontainers is loaded: hence the late import.
  if (!engine.hasReaper) process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
  const container = await new GenericContainer(REDIS_IMAGE)
    .withCommand(['redis-server', ...DEFAULT_ARGS, ...(options.args ?? [])])
    .withExposedPorts(options.port === undefined ? 6379 : { container: 6379, host: options.port })
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .start();
  const client = await getContainerRuntimeClient();
  const handle = client.container.getById(container.getId());
  let stopping: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    stopping ??= container.stop({ timeout: 0, remove: true });
    await stopping;
  };
  return {
    ...address(container.getHost(), container.getMappedPort(6379)),
    kind: 'docker',
    pause: async () => {
      await handle.kill({ signal: 'SIGSTOP' });
    },
    resume: async () => {
      await handle.kill({ signal: 'SIGCONT' });
    },
    // Removed as well, so that its port is free for a successor.
    kill: async () => {
      await handle.kill({ signal: 'SIGKILL' });
      await stop();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function address(host: string, port: number): Pick<TestRedis, 'url' | 'host' | 'port'> {
  return { url: `redis://${host}:${port}`, host, port };
}

/** Below the ports that systems give to connections (from 32,768 or 49,152 on), which come and go at any moment. */
const PORTS = { first: 10_000, count: 10_000 };

/** A port at which nobody listens; on a machine where others test as well, somebody may a moment later. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    try {
      await new Promise<void>((resolve, reject) => {
        const probe = createServer().once('error', reject);
        probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
      });
      return port;
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}
