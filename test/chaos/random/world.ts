// The processes of one round of the random chaos, and what must be told to them
// again and again whatever happens: which workers there are, as a node's agent
// would.

import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Keys } from '../../../src/store/redis/keys.js';
import type { Effect, Write } from './history.js';
import { NodeProcess } from './node-process.js';
import { RealNode } from './real-node.js';
import { RedisProcess } from './redis-process.js';
import { RedisWrites } from './redis-writes.js';
import { ReplicaSlot } from './replica-slot.js';

export interface WorldOptions {
  /** For everything that processes keep. */
  readonly directory: string;
  readonly ttlMs: number;
  readonly recoveryAttempts: number;
}

export const REPLICAS = ['a', 'b', 'c'] as const;
export const NODES = ['n0', 'n1', 'n2'] as const;
const WORKERS_PER_NODE = 4;
const PREFIX = 'chaos:';

/** For how many TTLs SIGUSR2 blocks each replica: a nuisance, nearly too long, too long. */
const BLOCKS = [0.4, 0.97, 1.6];

/** As often as needed for a Redis that has forgotten everything to have workers again before callers despair. */
const REGISTER_EVERY_MS = 1000;

export class World {
  readonly keys = new Keys(PREFIX);
  readonly redis: RedisProcess;
  readonly replicas: readonly ReplicaSlot[];
  readonly nodes: readonly NodeProcess[];
  readonly real: RealNode;
  readonly #ttlMs: number;
  readonly #sockets: string;
  readonly #closing = new AbortController();
  readonly #registering: Promise<void>;

  private constructor(
    redis: RedisProcess,
    replicas: readonly ReplicaSlot[],
    nodes: readonly NodeProcess[],
    real: RealNode,
    ttlMs: number,
    sockets: string,
  ) {
    this.#sockets = sockets;
    this.redis = redis;
    this.replicas = replicas;
    this.nodes = nodes;
    this.real = real;
    this.#ttlMs = ttlMs;
    // One listener for each registration under way.
    setMaxListeners(0, this.#closing.signal);
    this.#registering = this.#register();
  }

  static async start({ directory, ttlMs, recoveryAttempts }: WorldOptions): Promise<World> {
    const sockets = await mkdtemp(join(tmpdir(), 'chaos-'));
    const redis = await RedisProcess.start(directory, sockets);
    // The last replica rides out what costs the others their leases.
    const flags = [
      ...['--lease-ttl', `${ttlMs}ms`, '--recovery-attempts', String(recoveryAttempts)],
      ...['--unwind-grace', '1s', '--drain-timeout', '1s', '--actor-workflow-deadline', '20s'],
      ...['--snapshot-location', pathToFileURL(join(resolve(directory), 'snapshots')).href],
    ];
    const replicas = await Promise.all(
      REPLICAS.map((name, i) =>
        ReplicaSlot.start({
          name,
          prefix: PREFIX,
          redis: redis.socket,
          flags: i === 2 ? [...flags, '--lease-renew-deadline', `${(ttlMs * 2) / 3}ms`] : flags,
          blockMs: ttlMs * (BLOCKS[i] ?? 1),
        }),
      ),
    );
    const nodes = await Promise.all(NODES.map((name) => NodeProcess.start(name, directory, sockets, WORKERS_PER_NODE)));
    const replicaPort = (): number => {
      const up = replicas.flatMap(({ replica }) => (replica === undefined ? [] : [replica.address]));
      // While there is none, a port at which nobody listens: the node tries again.
      return Number(up[Math.floor(Math.random() * up.length)]?.split(':').at(-1) ?? 1);
    };
    const real = await RealNode.start({ directory, sockets, replicaPort });
    return new World(redis, replicas, nodes, real, ttlMs, sockets);
  }

  /** What Redis has written so far. */
  writes(): readonly Write[] {
    const writes = new RedisWrites(PREFIX, this.#ttlMs);
    for (const [life, groups] of this.redis.history().entries()) {
      if (life > 0) writes.pushWipe();
      for (const commands of groups) writes.push(commands);
    }
    return writes.writes;
  }

  effects(): readonly Effect[] {
    return this.nodes.flatMap((node) => node.effects()).sort((a, b) => a.atMs - b.atMs);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#registering;
    // The real node first: a replica may want something of it until it ends.
    await this.real.close();
    await Promise.all([...this.replicas, ...this.nodes].map((process) => process.close()));
    await this.redis.close();
    await rm(this.#sockets, { recursive: true, force: true });
  }

  async #register(): Promise<void> {
    const { signal } = this.#closing;
    for (let turn = 0; !signal.aborted; turn += 1) {
      const up = this.replicas.flatMap(({ replica }) => (replica === undefined ? [] : [replica.client]));
      const requests = this.nodes.flatMap((node, i) => {
        const client = up[(turn + i) % up.length];
        if (client === undefined || !node.isUp) return [];
        return node.workers.map((worker) => {
          const runs = node.runsOn(`${worker.pool}/${worker.name}`)?.split('/');
          const [namespace = '', name = ''] = runs ?? [];
          return client.registerWorker(
            {
              worker,
              runtime_address: node.address,
              node: node.name,
              status: { running_actor: runs === undefined ? null : { namespace, name } },
            },
            { signal, timeoutMs: REGISTER_EVERY_MS },
          );
        });
      });
      await Promise.allSettled(requests);
      await sleep(REGISTER_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
