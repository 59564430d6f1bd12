// The Redis of the random chaos: a process of its own with an append-only file
// that is written before each answer, so that a restart keeps what it has
// acknowledged, and so that all it ever did can be read afterwards.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startServerProcess, type ServerProcess } from '../../../src/store/redis/server-process.js';
import { readAppendOnlyFile, type Command } from './append-only-file.js';

export class RedisProcess {
  /** The Unix socket at which it answers: a port might be somebody else's when it comes back. */
  readonly socket: string;
  /** For faults and for looking at what is kept: reconnects, and gives up each command that is not answered. */
  readonly control: Redis;
  readonly #directory: string;
  /** One more each time that it begins with nothing. */
  #life = 0;
  #server: ServerProcess | undefined;

  private constructor(directory: string, socket: string) {
    this.#directory = directory;
    this.socket = socket;
    this.control = new Redis({
      path: socket,
      lazyConnect: true,
      commandTimeout: 5000,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 50,
      enableReadyCheck: false,
    });
    this.control.on('error', () => undefined);
  }

  /** @param directory for its files. @param sockets for its socket, whose path must be short */
  static async start(directory: string, sockets: string): Promise<RedisProcess> {
    const redis = new RedisProcess(directory, join(sockets, 'redis'));
    await redis.start();
    await redis.control.connect();
    return redis;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    mkdirSync(this.#home, { recursive: true });
    this.#server = await startServerProcess({
      args: [
        ...['--port', '0', '--unixsocket', this.socket, '--dir', this.#home],
        ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0'],
        ...['--enable-debug-command', 'yes', '--maxmemory-policy', 'noeviction'],
      ],
      address: { path: this.socket },
    });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#server?.kill(name);
  }

  /** SIGKILL; `start` brings it back with its data, unless that is to be lost. */
  async kill(loseData = false): Promise<void> {
    this.#server?.kill('SIGKILL');
    await this.#server?.ended;
    if (loseData) this.#life += 1;
  }

  /** What it has done since it began with nothing, for each time that it did. */
  history(): readonly (readonly (readonly Command[])[])[] {
    return Array.from({ length: this.#life + 1 }, (_, life) => readAppendOnlyFile(this.#homeOf(life)));
  }

  async close(): Promise<void> {
    this.control.disconnect();
    await this.kill();
  }

  get #home(): string {
    return this.#homeOf(this.#life);
  }

  #homeOf(life: number): string {
    return join(this.#directory, `redis-${life}`);
  }
}
