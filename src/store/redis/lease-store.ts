// Leases in Redis: renewals that are due together go out together, in one
// pipeline, over a connection of their own, so that no long reply is in their
// way. The connection never queues, resends or waits longer than its limit.

import { Redis } from 'ioredis';
import type { LeaseIdentity, LeaseStore, Renewal, RenewResult } from '../../lease/lease-store.js';
import type { Keys } from './keys.js';
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
    for (const renewal of renewals) pipeline.evalsha(scripts.renew.sha1, 1, ...this.#renewArguments(renewal));
    try {
      const replies = (await pipeline.exec()) ?? [];
      return await Promise.all(
        renewals.map((renewal, index) => {
          const [error, reply] = replies[index] ?? [new Error('no reply'), null];
          if (isNoScript(error)) return this.#renewOne(renewal);
          return error ? failed(error) : decodeRenewal(reply as Reply);
        }),
      );
    } catch (error) {
      return renewals.map(() => failed(error));
    }
  }

  async #renewOne(renewal: Renewal): Promise<RenewResult> {
    try {
      const [key, ...args] = this.#renewArguments(renewal);
      return decodeRenewal(await run(this.#client, scripts.renew, [key], args));
    } catch (error) {
      return failed(error);
    }
  }

  #renewArguments(renewal: Renewal): [key: string, value: string, ttlMs: number, notAfterUs: number] {
    return [this.#keys.lease(renewal.resource), renewal.value, Math.floor(renewal.ttlMs), renewal.notAfterUs];
  }

  async release(lease: LeaseIdentity): Promise<boolean> {
    const reply = await run(this.#client, scripts.release, [this.#keys.lease(lease.resource)], [lease.value]);
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
    default: {
      const current = text(reply, 1);
      return current === '' ? { type: 'lost' } : { type: 'lost', current };
    }
  }
}
