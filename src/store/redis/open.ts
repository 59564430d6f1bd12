// The stores of one replica on one Redis. Guarantees: leases have a connection
// of their own, and so have wake-ups; a connection to what is no longer the
// master is let go of.

import { Cluster, Redis } from 'ioredis';
import type { LeaseStore } from '../../lease/lease-store.js';
import type { ClaimStore } from '../claims.js';
import type { EventLogStore } from '../event-log.js';
import type { Wakeups } from '../wakeups.js';
import type { ActorRegistryStore, WorkerRegistryStore } from '../registry.js';
import type { WorkflowStore } from '../workflow-store.js';
import { RedisActorRegistry } from './actor-registry.js';
import { RedisClaims } from './claims.js';
import { connect } from './connect.js';
import { RedisEventLog } from './event-log.js';
import { followCluster, followSentinels } from './follow-masters.js';
import { Keys } from './keys.js';
import { RedisLeaseStore } from './lease-store.js';
import { Readiness, type ReadinessOptions } from './readiness.js';
import type { RedisClient } from './scripts.js';
import { RedisWakeups } from './wakeups.js';
import { RedisWorkerRegistry } from './worker-registry.js';
import { RedisWorkflowStore } from './workflow-store.js';

export interface StoreOptions extends ReadinessOptions {
  readonly keyPrefix: string;
  /** Names the connections in CLIENT LIST. */
  readonly name: string;
  /** Names this life of the replica; no other process has it. */
  readonly life: string;
  /** The time limit of a renewal: --lease-renew-interval. */
  readonly renewTimeoutMs: number;
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

export function openStores(options: StoreOptions): Stores {
  const { target, tls, keyPrefix, name, renewTimeoutMs } = options;
  const commandTimeoutMs = Math.min(MAX_COMMAND_MS, renewTimeoutMs);
  const failed = (error: Error): void => {
    readiness.failed(error);
  };
  const open = (what: string, timeoutMs: number): RedisClient =>
    connect(target, `${name}:${what}`, timeoutMs, { tls, onError: failed });
  const records = open('records', commandTimeoutMs);
  const leases = open('leases', renewTimeoutMs);
  const subscriber = open('wakeups', commandTimeoutMs);
  const clients = [records, leases, subscriber] as const;
  const readiness = new Readiness(records, leases, options);
  const stopFollowing = follow(clients, options);
  const keys = new Keys(keyPrefix);
  return {
    workflows: new RedisWorkflowStore(records, keys),
    leases: new RedisLeaseStore(leases, keys),
    eventLog: new RedisEventLog(records, keys),
    claims: new RedisClaims(records, keys),
    wakeups: new RedisWakeups(subscriber, keys, options.life, (error) => {
      options.logger.warn({ err: error }, 'Redis wakes nobody: this replica may not subscribe');
    }),
    actors: new RedisActorRegistry(records, keys),
    workers: new RedisWorkerRegistry(records, keys),
    close() {
      readiness.stop();
      stopFollowing();
      for (const client of clients) client.disconnect();
    },
  };
}

function follow(
  clients: readonly [records: RedisClient, leases: RedisClient, subscriber: RedisClient],
  { target, name, tls, clock }: StoreOptions,
): () => void {
  const [records, leases, subscriber] = clients;
  if (records instanceof Cluster && leases instanceof Cluster && subscriber instanceof Cluster) {
    return followCluster([records, leases], subscriber, clock);
  }
  if (target.type !== 'sentinel') return () => undefined;
  return followSentinels(
    clients.filter((client) => client instanceof Redis),
    target,
    `${name}:sentinels`,
    tls,
  );
}
