// The stores of one replica on one Redis. Guarantees: leases have a connection
// of their own, and so have wake-ups; the scripts are loaded before the stores count as ready; a
// Redis that must not be used is refused, once it answers for the first time.
// Readiness is whether it answered the last PING, so it also notices a server
// that is stopped but keeps its connections.

import type { Logger } from 'pino';
import type { CancelTimer, Clock } from '../../clock.js';
import type { LeaseStore } from '../../lease/lease-store.js';
import type { RedisTarget } from '../redis-url.js';
import type { ClaimStore } from '../claims.js';
import type { EventLogStore } from '../event-log.js';
import type { Wakeups } from '../wakeups.js';
import type { ActorRegistryStore, WorkerRegistryStore } from '../registry.js';
import type { WorkflowStore } from '../workflow-store.js';
import { RedisActorRegistry } from './actor-registry.js';
import { RedisClaims } from './claims.js';
import { connect } from './connect.js';
import { RedisEventLog } from './event-log.js';
import { Keys } from './keys.js';
import { RedisLeaseStore } from './lease-store.js';
import { scripts, type RedisClient } from './scripts.js';
import { RedisWakeups } from './wakeups.js';
import { RedisWorkerRegistry } from './worker-registry.js';
import { RedisWorkflowStore } from './workflow-store.js';

export interface StoreOptions {
  readonly target: RedisTarget;
  readonly keyPrefix: string;
  readonly allowEviction: boolean;
  /** Names the connections in CLIENT LIST. */
  readonly name: string;
  /** Names this life of the replica; no other process has it. */
  readonly life: string;
  /** The time limit of a renewal: --lease-renew-interval. */
  readonly renewTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when readiness changes. */
  readonly onReady: (ready: boolean) => void;
  /** Called once when Redis answers, but must not be used: one line that says why and what to do. */
  readonly onRefused: (why: string) => void;
}

export interface Stores {
  readonly eventLog: EventLogStore;
  readonly wakeups: Wakeups;
  readonly claims: ClaimStore;
  readonly workflows: WorkflowStore;
  readonly leases: LeaseStore;
  readonly actors: ActorRegistryStore;
  readonly workers: WorkerRegistryStore;
  close(): void;
}

/** Long enough for a slow disk or a fork, short enough that a caller hears of a dead Redis before it gives up. */
const MAX_COMMAND_MS = 5000;

/** A probe's period: Kubernetes asks every 10 s by default, people look every second. */
const PING_INTERVAL_MS = 1000;

export function openStores(options: StoreOptions): Stores {
  const { target, keyPrefix, name, renewTimeoutMs, logger } = options;
  const records = connect(target, `${name}:records`, Math.min(MAX_COMMAND_MS, renewTimeoutMs));
  const leases = connect(target, `${name}:leases`, renewTimeoutMs);
  const subscriber = connect(target, `${name}:wakeups`, Math.min(MAX_COMMAND_MS, renewTimeoutMs));
  for (const client of [records, leases, subscriber]) {
    // ioredis reconnects by itself; every command says what it needs to say.
    client.on('error', (error) => {
      logger.debug({ err: error }, 'Redis connection failed');
    });
  }
  const keys = new Keys(keyPrefix);
  const stopWatching = watch(records, leases, options);
  return {
    workflows: new RedisWorkflowStore(records, keys),
    leases: new RedisLeaseStore(leases, keys),
    eventLog: new RedisEventLog(records, keys),
    claims: new RedisClaims(records, keys),
    wakeups: new RedisWakeups(subscriber, keys, options.life),
    actors: new RedisActorRegistry(records, keys),
    workers: new RedisWorkerRegistry(records, keys),
    close() {
      stopWatching();
      records.disconnect();
      leases.disconnect();
      subscriber.disconnect();
    },
  };
}

function watch(records: RedisClient, leases: RedisClient, options: StoreOptions): () => void {
  const { clock, logger, onReady, onRefused } = options;
  let ready = false;
  let accepted = false;
  let stopped = false;
  let cancelTimer: CancelTimer | undefined;

  const look = async (): Promise<boolean> => {
    await Promise.all([records.ping(), leases.ping()]);
    if (accepted) return true;
    const refusal = await inspect(records, options.allowEviction);
    if (refusal !== undefined) {
      if (!stopped) onRefused(refusal);
      return false;
    }
    await Promise.all(Object.values(scripts).map(({ source }) => records.script('LOAD', source)));
    accepted = true;
    return true;
  };
  const turn = async (): Promise<void> => {
    const now = await withinMs(clock, ANSWER_WITHIN_MS, look()).catch((error: unknown) => {
      if (ready && !stopped) logger.warn({ err: error }, 'Redis does not answer');
      return false;
    });
    if (stopped) return;
    if (now !== ready) {
      ready = now;
      onReady(ready);
    }
    // Before the first answer nothing else can be done, so look often.
    cancelTimer = clock.setTimer(ready ? PING_INTERVAL_MS : PING_INTERVAL_MS / 20, () => void turn());
  };
  void turn();
  return () => {
    stopped = true;
    cancelTimer?.();
  };
}

/** Slower than this, Redis is of no use to a caller. */
const ANSWER_WITHIN_MS = 2000;

function withinMs<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(limitMs, () => {
      reject(new Error(`no answer within ${String(limitMs)} ms`));
    });
    promise.then(resolve, reject).finally(cancel);
  });
}

const MIN_VERSION = 7;

/** Why this Redis must not be used, if so. */
async function inspect(client: RedisClient, allowEviction: boolean): Promise<string | undefined> {
  const info = `${await client.info('server')}\n${await client.info('memory')}`;
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? 'unknown';
  if (field('valkey_version') === undefined && !(Number.parseInt(version, 10) >= MIN_VERSION)) {
    return `--redis-url: got Redis ${version}; expected 7.0 or newer, or Valkey`;
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && !allowEviction) {
    return `--redis-url: got a Redis with maxmemory-policy ${policy}, which may evict leases and records; expected noeviction, or --redis-allow-eviction if you accept that`;
  }
  return undefined;
}
