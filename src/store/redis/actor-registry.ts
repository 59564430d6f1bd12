// Actors as stored in Redis, for the registry. A record and its namespace's
// index are in different slots, so creation is two writes: the index first,
// since an entry without a record is skipped by listings and swept later,
// while a record without an entry would be lost from sight. Deletion is the
// record first, for the same reason.

import { formatRef, type Actor, type ActorRef } from '../../actor/actor.js';
import { CoordinatorError, leaseHeld } from '../../errors.js';
import type { ActorRegistryStore, NewActor, Page } from '../registry.js';
import { decodeActor, newRecord } from './actor-record.js';
import type { Keys } from './keys.js';
import { decodeHeldLease } from './lease-value.js';
import { record, run, scripts, text, type RedisClient, type Reply } from './scripts.js';
import { answered } from './unavailable.js';

const DELETABLE = ['SUSPENDED', 'PAUSED', 'CRASHED'] as const;

/** A creation that has not written its record this long after its index entry does not any more. */
const CREATE_WITHIN_US = 10_000_000;

/** An entry without a record is swept when it is this old: no creation can be under way for it, whatever the slots' clocks. */
const SWEEP_AFTER_US = 60_000_000;

export class RedisActorRegistry implements ActorRegistryStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async create(actor: NewActor): Promise<Actor> {
    const { namespace, name } = actor.ref;
    const stamp = Number(await run(this.#client, scripts.indexActor, this.#keys.index(namespace), [name]));
    const reply = await run(this.#client, 
      scripts.createActor,
      [this.#keys.actor(actor.ref)],
      [stamp + CREATE_WITHIN_US, ...newRecord(actor)],
    );
    switch (text(reply, 0)) {
      case 'created':
        return decodeActor(actor.ref, record(reply, 1));
      case 'exists':
        throw new CoordinatorError('ACTOR_ALREADY_EXISTS', `actor ${formatRef(actor.ref)} exists already`);
      default:
        throw new CoordinatorError('STORE_UNAVAILABLE', 'Redis took too long to create the record', { retryAfterMs: 1000 });
    }
  }

  async get(ref: ActorRef): Promise<Actor> {
    const actor = await this.#find(ref);
    if (actor === undefined) throw notFound(ref);
    return actor;
  }

  async list(namespace: string, pageSize: number, after: string): Promise<Page<Actor>> {
    const items: Actor[] = [];
    let from = after;
    // Entries without a record make a page short, so read on until it is full:
    // it is never empty before the last one.
    for (;;) {
      const wanted = pageSize + 1 - items.length;
      const rows = await run(this.#client, scripts.listIndex, this.#keys.index(namespace), [from, wanted]);
      const names = rows.filter((_, index) => index % 2 === 0) as string[];
      const found = await Promise.all(names.map((name) => this.#find({ namespace, name })));
      for (const [index, name] of names.entries()) {
        const actor = found[index];
        if (actor !== undefined) items.push(actor);
        else await this.#unindex(namespace, name, rows[2 * index + 1], SWEEP_AFTER_US);
      }
      const last = items[pageSize - 1];
      if (items.length > pageSize && last !== undefined) return { items: items.slice(0, pageSize), nextAfter: last.ref.name };
      if (names.length < wanted) return { items };
      from = names.at(-1) ?? from;
    }
  }

  async delete(ref: ActorRef): Promise<void> {
    const [, stamps] = this.#keys.index(ref.namespace);
    // Read before the record goes: a creation that comes between has a new one.
    const stamp = await answered(this.#client.hget(stamps, ref.name));
    const reply = await run(this.#client, 
      scripts.deleteActor,
      [this.#keys.actor(ref), this.#keys.lease(formatRef(ref))],
      [...DELETABLE],
    );
    switch (text(reply, 0)) {
      case 'not_found':
        throw notFound(ref);
      case 'held':
        throw leaseHeld(formatRef(ref), decodeHeldLease(text(reply, 1), Number(reply[2])));
      case 'conflict':
        throw new CoordinatorError(
          'INVALID_STATE',
          `actor ${formatRef(ref)} is ${text(reply, 1)}; only one that is ${DELETABLE.join(', ')} can be deleted: suspend it first`,
          { metadata: { state: text(reply, 1) } },
        );
    }
    const actor = decodeActor(ref, record(reply, 1));
    // A Suspend that died between its two last writes has left a claim; no actor will want it again.
    await run(this.#client, scripts.freeWorker, this.#keys.pool(actor.pool), [formatRef(ref), actor.fencingToken]);
    await this.#unindex(ref.namespace, ref.name, stamp, 0);
  }

  async #find(ref: ActorRef): Promise<Actor | undefined> {
    const fields = new Map(Object.entries(await answered(this.#client.hgetall(this.#keys.actor(ref)))));
    return fields.size === 0 ? undefined : decodeActor(ref, fields);
  }

  async #unindex(namespace: string, name: string, stamp: Reply[number] | undefined, leastAgeUs: number): Promise<void> {
    if (typeof stamp !== 'string') return;
    await run(this.#client, scripts.unindexActor, this.#keys.index(namespace), [name, stamp, leastAgeUs]);
  }
}

function notFound(ref: ActorRef): CoordinatorError {
  return new CoordinatorError('ACTOR_NOT_FOUND', `no actor ${formatRef(ref)}; ActorRegistry.CreateActor creates it`);
}
