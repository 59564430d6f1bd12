// The stores on the suite's Redis under keys of a test's own, with somebody who
// listens on the channel that its waiters are woken on: for tests of what the
// scripts do to each other, without any workflow.

import { Redis } from 'ioredis';
import { inject } from 'vitest';
import type { ActorRef } from '../src/actor/actor.js';
import { RedisActorRegistry } from '../src/store/redis/actor-registry.js';
import { RedisClaims } from '../src/store/redis/claims.js';
import { RedisEventLog } from '../src/store/redis/event-log.js';
import { Keys } from '../src/store/redis/keys.js';
import { RedisLeaseStore } from '../src/store/redis/lease-store.js';
import { RedisWorkerRegistry } from '../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../src/store/redis/workflow-store.js';
import type { AcquireRequest, AcquireResult } from '../src/store/workflow-store.js';
import { uniquePrefix } from './redis.js';

export type Granted = Extract<AcquireResult, { type: 'granted' }>;

export const TEST_ACTOR: ActorRef = { namespace: 'ns', name: 'a' };
/** Longer than any test: whoever waits and asks no more is there all the same. */
export const LONG_MS = 60_000;

export class RedisStores {
  readonly redis = new Redis(inject('redisUrl'));
  readonly #listener = this.redis.duplicate();
  readonly keys = new Keys(uniquePrefix());
  readonly workflows = new RedisWorkflowStore(this.redis, this.keys);
  readonly leases = new RedisLeaseStore(this.redis, this.keys);
  readonly actors = new RedisActorRegistry(this.redis, this.keys);
  readonly workers = new RedisWorkerRegistry(this.redis, this.keys);
  readonly claims = new RedisClaims(this.redis, this.keys);
  readonly eventLog = new RedisEventLog(this.redis, this.keys);
  /** Where `acquire` and `claim` wait. */
  readonly channel = this.keys.wakeChannel('test');
  /** What came on the channels that are listened to, in its order. */
  readonly woken: string[] = [];

  private constructor() {
    this.#listener.on('message', (_channel, message) => this.woken.push(message));
  }

  /** With one actor, `ns/a`, in pool `p`, which has no workers. */
  static async open(): Promise<RedisStores> {
    const stores = new RedisStores();
    await stores.#listener.subscribe(stores.channel, stores.keys.eventsChannel(TEST_ACTOR));
    await stores.actors.create({ ref: TEST_ACTOR, spec: { command: ['run'], env: {}, image: '' }, pool: 'p' });
    return stores;
  }

  /** @param request default: for a Resume of replica-a in its first life */
  acquire(
    workflowId: string,
    request: Partial<AcquireRequest> & { readonly waitMs?: number } = {},
  ): Promise<AcquireResult> {
    const { waitMs, ...rest } = request;
    return this.workflows.acquire({
      actor: TEST_ACTOR,
      workflowId,
      kind: 'RESUME',
      holder: 'replica-a',
      life: 'life-1',
      acquireTimeMs: 5,
      ttlMs: 30_000,
      ...(waitMs !== undefined && { wait: { channel: this.channel, lifetimeMs: waitMs } }),
      ...rest,
    });
  }

  async granted(workflowId: string, request: Parameters<RedisStores['acquire']>[1] = {}): Promise<Granted> {
    const result = await this.acquire(workflowId, request);
    if (result.type !== 'granted') throw new Error(`not granted: ${JSON.stringify(result)}`);
    return result;
  }

  /** Claims a worker of pool `p`, for the actor of that name in `ns`. @returns the worker's name */
  async claim(actor: string, fencingToken: number, waitMs?: number): Promise<string> {
    const { name } = await this.workflows.claim({
      actor: { namespace: 'ns', name: actor },
      pool: 'p',
      fencingToken,
      ...(waitMs !== undefined && { wait: { channel: this.channel, lifetimeMs: waitMs } }),
    });
    return name;
  }

  async addWorker(name: string, ttlMs?: number): Promise<void> {
    const worker = { ref: { pool: 'p', name }, runtimeAddress: `dns:///${name}:1`, node: 'n' };
    await this.workers.register({ ...worker, ...(ttlMs !== undefined && { ttlMs }) });
  }

  [Symbol.dispose](): void {
    this.redis.disconnect();
    this.#listener.disconnect();
  }
}
