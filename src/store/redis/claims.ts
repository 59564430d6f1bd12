// Claims in Redis, for the reconciler.

import { formatRef } from '../../actor/actor.js';
import type { Claim, ClaimStore, ExpiredWorker } from '../claims.js';
import type { Keys } from './keys.js';
import { run, scripts, text, type RedisClient } from './scripts.js';
import { answered } from './unavailable.js';
import { decodeHolder } from './worker-registry.js';

/** A portion that takes Redis well below a millisecond. */
const PORTION = 200;

export class RedisClaims implements ClaimStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async pools(): Promise<readonly string[]> {
    return (await answered(this.#client.smembers(this.#keys.pools()))).sort();
  }

  async *claims(pool: string): AsyncGenerator<readonly Claim[], void, undefined> {
    const [, , , , holders] = this.#keys.pool(pool);
    let cursor = '0';
    do {
      const [next, flat] = await answered(this.#client.hscan(holders, cursor, 'COUNT', PORTION));
      const claims: Claim[] = [];
      for (let i = 0; i < flat.length; i += 2) {
        const { actor, fencingToken } = decodeHolder(flat[i + 1] ?? '');
        if (actor !== undefined) claims.push({ worker: { pool, name: flat[i] ?? '' }, actor, fencingToken });
      }
      yield claims;
      cursor = next;
    } while (cursor !== '0');
  }

  async freeClaim({ worker, actor, fencingToken }: Claim): Promise<void> {
    // A newer claim of the same actor has a greater token, and stays.
    await run(this.#client, scripts.freeWorker, this.#keys.pool(worker.pool), [formatRef(actor), fencingToken]);
  }

  async expiredWorkers(pool: string): Promise<readonly ExpiredWorker[]> {
    const rows = await run(this.#client, scripts.expiredWorkers, this.#keys.pool(pool), [PORTION]);
    const expired: ExpiredWorker[] = [];
    for (let i = 0; i < rows.length; i += 3) {
      const { runtime_address: runtimeAddress } = JSON.parse(text(rows, i + 1)) as { runtime_address: string };
      expired.push({ ref: { pool, name: text(rows, i) }, runtimeAddress, isClaimed: typeof rows[i + 2] === 'string' });
    }
    return expired;
  }
}
