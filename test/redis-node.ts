// One redis-server or valkey-server of this machine as a part of a deployment:
// a master, a replica, a sentinel or a node of a Cluster. Never a container,
// since the parts reach each other, and are reached, under the same addresses.
// It dies with the test process, also when that is killed.

import { Redis } from 'ioredis';
import { findServer, startServerProcess } from '../src/store/redis/server-process.js';
import { freePort } from './redis.js';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
  /** Of the test itself: reconnects, and fails a command rather than keep it. */
  readonly client: Redis;
  /** SIGSTOP: connections stay, nothing is answered. */
  pause(): void;
  /** SIGCONT */
  resume(): void;
  /** SIGKILL; resolves when it is gone, with all that it held. Also of one that is paused; safe to call again. */
  kill(): Promise<void>;
}

export const LOOPBACK = '127.0.0.1';

/** Whether a deployment can be started at all: where there is only Docker's image, it cannot. */
export function hasServer(): boolean {
  try {
    findServer();
    return true;
  } catch {
    return false;
  }
}

export interface NodeOptions {
  /** Of redis-server; a configuration file comes first. */
  readonly args?: readonly string[];
  /** Default: a free one. Give that of a killed node to start an empty one in its place. */
  readonly port?: number;
}

/** A port that was free may be taken a moment later, on a machine where others test as well. */
const ATTEMPTS = 5;

/** Starts it and waits until it answers. */
export async function startNode(options: NodeOptions = {}): Promise<RedisNode> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await startNodeOn(port, options.args ?? []);
    } catch (error) {
      if (options.port !== undefined || attempt === ATTEMPTS || !String(error).includes(TAKEN)) throw error;
    }
  }
}

const TAKEN = 'Address already in use';

async function startNodeOn(port: number, args: readonly string[]): Promise<RedisNode> {
  const address = { host: LOOPBACK, port };
  const own = ['--bind', address.host, '--port', String(address.port)];
  const server = await startServerProcess({ args: [...args, ...own], address });
  const client = new Redis({
    ...address,
    maxRetriesPerRequest: 0,
    commandTimeout: 1000,
    retryStrategy: () => 50,
    autoResendUnfulfilledCommands: false,
  });
  // Nodes are killed here: what a command of the test meets is the test's to judge.
  client.on('error', () => undefined);
  const kill = async (): Promise<void> => {
    client.disconnect();
    server.kill('SIGKILL');
    await server.ended;
  };
  // Whoever has the port may have answered in its stead.
  if (!(await client.info('server')).includes(`process_id:${String(server.pid)}\r`)) {
    await kill();
    throw new Error(TAKEN);
  }
  return { ...address, client, pause: () => server.kill('SIGSTOP'), resume: () => server.kill('SIGCONT'), kill };
}

/**
 * For data nodes: nothing on disk, not even what a replica is filled with, which any server that is started in the same
 * directory later would load; and it is filled at once rather than in five seconds.
 */
export const DATA_ARGS = [
  ...['--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
  ...['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'],
];

/** Far longer than anything takes that is waited for. */
const UNTIL_WITHIN_MS = 15_000;

/** Asks again, often, until `isSo`. @throws Error that says what it waited for; the signal's reason when it aborts */
export async function until(what: string, isSo: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  const giveUpAtMs = performance.now() + UNTIL_WITHIN_MS;
  for (;;) {
    if (await isSo().catch(() => false)) return;
    signal?.throwIfAborted();
    if (performance.now() > giveUpAtMs) throw new Error(`not within ${String(UNTIL_WITHIN_MS)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Taken {
  readonly node: RedisNode;
  /** On the clock of performance.now(). */
  readonly atMs: number;
}

/** Resolves with the first of these nodes that takes a write as a client would send it, and with the time. */
export async function firstWritable(nodes: readonly RedisNode[], key = 'writable?'): Promise<Taken> {
  let first: Taken | undefined;
  await until('a new master takes writes', async () => {
    const answers = await Promise.allSettled(nodes.map(({ client }) => client.set(key, '1', 'PX', 1000)));
    const node = nodes[answers.findIndex(({ status }) => status === 'fulfilled')];
    if (node !== undefined) first = { node, atMs: performance.now() };
    return first !== undefined;
  });
  if (first === undefined) throw new Error('no node takes writes');
  return first;
}

/** Resolves when so many replicas have what this master had written before the call. */
export async function untilReplicated({ client }: RedisNode, replicas: number): Promise<void> {
  const offset = (await client.info('replication')).match(/^master_repl_offset:(\d+)/m)?.[1];
  await until(`${String(replicas)} replicas have what their master had written`, async () => {
    const info = await client.info('replication');
    const acknowledged = [...info.matchAll(/^slave\d+:.*,offset=(\d+)/gm)].map((match) => Number(match[1]));
    return acknowledged.filter((each) => each >= Number(offset)).length >= replicas;
  });
}
