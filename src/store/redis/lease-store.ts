// Leases in Redis: renewals that are due together go out together, in one
// pipeline, over a connection of their own, so that no long reply is in their
// way. The connection never queues, resends or waits longer than its limit.

import { Redis } from 'ioredis';
import type {
  LeaseIdentity,
  LeaseStore,
  PlainLeaseRequest,
  PlainLeaseResult,
  Renewal,
  RenewResult,
} from '../../lease/lease-store.js';
import type { Keys } from './keys.js';
import { leaseValueHead } from './lease-value.js';
import { isNoScript, run, scripts, text, type RedisClient, type Reply } from './scripts.js';

export class RedisLeaseStore implements LeaseStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewResult[]> {
    const [only] = renewals;
    if (only === undefined) return [];
    // A Cluster takes a pipeline for one node only; it writes what is sent in
    // one tick to each node together anyway.
    if (renewals.length === 1 || !(this.#client instanceof Redis)) {
      return await Promise.all(renewals.map((renewal) => this.#renewOne(renewal)));
    }
    const pipeline = this.#client.pipeline();
    for (const renewal of renewals) pipeline.evalsha(scripts.renew.sha1, 2, ...this.#renewArguments(renewal));
    try {
      const replies = (await pipeline.exec()) ?? [];
      return await Promise.all(
        renewals.map(async (renewal, index) => {
          const [error, reply] = replies[index] ?? [new Error('no reply'), null];
          if (isNoScript(error)) return await this.#renewOne(renewal);
          return error ? failed(error) : decodeRenewal(reply as Reply);
        }),
      );
    } catch (error) {
      return renewals.map(() => failed(error));
    }
  }

  async #renewOne(renewal: Renewal): Promise<RenewResult> {
    try {
      const [lease, broken, ...args] = this.#renewArguments(renewal);
      return decodeRenewal(await run(this.#client, scripts.renew, [lease, broken], args));
    } catch (error) {
      return failed(error);
    }
  }

  #renewArguments(renewal: Renewal): [lease: string, broken: string, value: string, ttlMs: number, notAfterUs: number] {
    const { resource, value, ttlMs, notAfterUs } = renewal;
    return [this.#keys.lease(resource), this.#keys.brokenLease(resource), value, Math.floor(ttlMs), notAfterUs];
  }

  async acquire(request: PlainLeaseRequest): Promise<PlainLeaseResult> {
    const { resource } = request;
    const head = leaseValueHead({ ...request, kind: resource });
    const keys = [this.#keys.lease(resource), this.#keys.plainToken(resource)];
    const reply = await run(this.#client, scripts.acquirePlain, keys, [Math.floor(request.ttlMs), head]);
    if (text(reply, 0) === 'held') return undefined;
    const token = text(reply, 1);
    return { resource, value: `${head}${token}}`, fencingToken: Number(token), serverTimeUs: Number(text(reply, 2)) };
  }

  async release(lease: LeaseIdentity): Promise<boolean> {
    const { resource, value } = lease;
    const keys = [this.#keys.lease(resource), ...this.#keys.leaseQueue(resource)];
    const reply = await run(this.#client, scripts.release, keys, [value, '']);
    return text(reply, 0) === 'released';
  }
}

function failed(error: unknown): RenewResult {
  return { type: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
}

function decodeRenewal(reply: Reply): RenewResult {
  switch (text(reply, 0)) {
    case 'renewed':
      return { type: 'renewed', serverTimeUs: Number(text(reply, 1)) };
    case 'late':
      return { type: 'late', serverTimeUs: Number(text(reply, 1)) };
    case 'broken':
      return { type: 'broken', reason: text(reply, 1) };
    default: {
      const current = text(reply, 1);
      return current === '' ? { type: 'lost' } : { type: 'lost', current };
    }
  }
}
