// Workers as stored in Redis, for the registry: registrations, who is free in
// which order, and who holds what, all in one pool's slot. Taking a claimed
// worker out of service by force is two writes: the actor's record first, so
// that the operator's repetition finds the worker still there and goes on.

import type { ActorRef, WorkerRef } from '../../actor/actor.js';
import { CoordinatorError } from '../../errors.js';
import type { NewWorker, Page, Worker, WorkerRegistryStore } from '../registry.js';
import { breakLease } from './break-lease.js';
import { encodeFailure } from './actor-record.js';
import type { Keys } from './keys.js';
import { run, scripts, text, type RedisClient, type Reply } from './scripts.js';
import { answered } from './unavailable.js';

/** Each attempt finds another actor on the worker: more than a few means that it is in full use. */
const MAX_FORCE_ATTEMPTS = 5;

export class RedisWorkerRegistry implements WorkerRegistryStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async register({ ref, runtimeAddress, node, ttlMs }: NewWorker): Promise<Worker> {
    // Before the worker: a pool that is listed and empty is nothing to anybody.
    await answered(this.#client.sadd(this.#keys.pools(), ref.pool));
    const reply = await run(this.#client, scripts.registerWorker, this.#keys.pool(ref.pool), [
      ref.name,
      node,
      JSON.stringify({ node, runtime_address: runtimeAddress }),
      Math.floor(ttlMs ?? 0),
    ]);
    const expireTimeMs = Number(text(reply, 1));
    return {
      ref,
      runtimeAddress,
      node,
      ...decodeHolder(text(reply, 0)),
      ...(expireTimeMs > 0 && { expireTimeMs }),
    };
  }

  async deregister(ref: WorkerRef, force: boolean, onlyIfExpired = false): Promise<void> {
    const name = `${ref.pool}/${ref.name}`;
    let dealtWith = '';
    for (let attempt = 1; attempt <= MAX_FORCE_ATTEMPTS; attempt += 1) {
      const reply = await run(this.#client, scripts.deregisterWorker, this.#keys.pool(ref.pool), [
        ref.name,
        dealtWith,
        onlyIfExpired ? 'expired' : '',
      ]);
      switch (text(reply, 0)) {
        case 'removed':
        case 'registered':
          return;
        case 'not_found':
          throw new CoordinatorError('WORKER_NOT_FOUND', `no worker ${name}`);
      }
      const holder = text(reply, 1);
      const { actor } = decodeHolder(holder);
      if (!force || actor === undefined) {
        throw new CoordinatorError(
          'INVALID_STATE',
          `worker ${name} holds actor ${actor === undefined ? holder : `${actor.namespace}/${actor.name}`}; suspend it first, or set force to give it up as CRASHED`,
        );
      }
      await this.#crash(actor, ref);
      dealtWith = holder;
    }
    throw new CoordinatorError('INVALID_STATE', `worker ${name} is claimed again and again; try again`, {
      retryAfterMs: 100,
    });
  }

  async #crash(actor: ActorRef, worker: WorkerRef): Promise<void> {
    const message = `its worker ${worker.pool}/${worker.name} was taken out of service by force`;
    const failure = { workflowId: '', step: '', reason: 'WORKER_NOT_FOUND', message, timeMs: Date.now() };
    const args = [worker.pool, worker.name, encodeFailure(failure)];
    const crash = (): Promise<Reply> => run(this.#client, scripts.crashActor, [this.#keys.actor(actor)], args);
    if (text(await crash(), 0) === 'crashed') return;
    // A Resume that has claimed it may be about to write so. Without its lease it cannot; what it wrote meanwhile is found.
    await breakLease(this.#client, this.#keys, actor, message);
    await crash();
  }

  async list(pool: string, pageSize: number, after: string): Promise<Page<Worker>> {
    const [workers, names, , , holders, , , , , expiries] = this.#keys.pool(pool);
    const rows = await run(this.#client, scripts.listIndex, [names, workers, holders], [after, pageSize + 1]);
    const items: Worker[] = [];
    const found = rows.filter((_, index) => index % 3 === 0).map(String);
    const expireTimesMs = found.length === 0 ? [] : await answered(this.#client.zmscore(expiries, ...found));
    for (let i = 0; i < rows.length; i += 3) {
      const registration = JSON.parse(text(rows, i + 1)) as { node: string; runtime_address: string };
      const expireTimeMs = Number(expireTimesMs[i / 3] ?? 0);
      items.push({
        ref: { pool, name: text(rows, i) },
        ...(expireTimeMs > 0 && { expireTimeMs }),
        runtimeAddress: registration.runtime_address,
        node: registration.node,
        ...decodeHolder(typeof rows[i + 2] === 'string' ? text(rows, i + 2) : ''),
      });
    }
    const last = items[pageSize - 1];
    return items.length > pageSize && last !== undefined
      ? { items: items.slice(0, pageSize), nextAfter: last.ref.name }
      : { items };
  }
}

/** What claim_worker.lua wrote, or '' where the worker is free. */
export function decodeHolder(holder: string): Pick<Worker, 'actor' | 'fencingToken'> {
  if (holder === '') return { fencingToken: 0 };
  const { actor, fencing_token: fencingToken } = JSON.parse(holder) as { actor: string; fencing_token: number };
  const [namespace = '', name = ''] = actor.split('/');
  return { actor: { namespace, name }, fencingToken };
}
