// One of the replicas of the random chaos: a process behind its own connection
// to Redis, which is killed and comes back, under its old name or a new one.

import { startReplica, type Replica } from '../../replica.js';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.js';

const HOOKS = new URL('./replica-hooks.mjs', import.meta.url).href;

export interface ReplicaSlotOptions {
  readonly name: string;
  /** The path of Redis's socket. */
  readonly redis: string;
  readonly prefix: string;
  readonly flags: readonly string[];
  /** For how long SIGUSR2 blocks its event loop. */
  readonly blockMs: number;
}

export class ReplicaSlot {
  readonly name: string;
  /** To Redis. */
  readonly link: TcpProxy;
  readonly blockMs: number;
  /** The log of every process that it has been. */
  readonly logs: Replica['log'][] = [];
  readonly #options: ReplicaSlotOptions;
  #names = 1;
  #replica: Replica | undefined;

  private constructor(options: ReplicaSlotOptions, link: TcpProxy) {
    this.name = options.name;
    this.blockMs = options.blockMs;
    this.#options = options;
    this.link = link;
  }

  static async start(options: ReplicaSlotOptions): Promise<ReplicaSlot> {
    const slot = new ReplicaSlot(options, await startTcpProxy(options.redis));
    await slot.start();
    return slot;
  }

  /** Undefined while there is none that could be called. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  /** Resolves when it serves, and so not before Redis answers. @param rename whether it comes back as somebody else */
  async start(rename = false): Promise<void> {
    if (rename) this.#names += 1;
    const { name, prefix, flags, blockMs } = this.#options;
    const replica = await startReplica({
      redisUrl: `redis://127.0.0.1:${this.link.port}`,
      redisKeyPrefix: prefix,
      instanceId: `${name}-${this.#names}`,
      flags,
      nodeFlags: ['--import', HOOKS],
      env: { CHAOS_BLOCK_MS: String(blockMs) },
    });
    this.logs.push(replica.log);
    this.#replica = replica;
  }

  /** Resolves when it has ended: after SIGTERM, in its own time. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const replica = this.#replica;
    if (replica === undefined) return;
    // After SIGTERM it still serves what it has begun, and refuses what is new.
    if (signal === 'SIGKILL') this.#replica = undefined;
    replica.signal(signal);
    await replica.exited;
    this.#replica = undefined;
    await replica[Symbol.asyncDispose]();
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void {
    this.#replica?.signal(name);
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    await this.link.close();
  }
}
