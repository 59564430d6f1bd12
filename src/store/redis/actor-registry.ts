// Actors as stored in Redis, for the registry. A record and its namespace's
// index are in different slots, so creation is two writes: the index first,
// since an entry without a record is skipped by listings and swept later,
// while a record without an entry would be lost from sight. Deletion is the
// record first, for the same reason.

import { formatRef, type Actor, type ActorRef } from '../../actor/actor.js';
import { actorNotFound, CoordinatorError } from '../../errors.js';
import type { LeaseIdentity } from '../../lease/lease-store.js';
import type { ActorRegistryStore, ActorView, NewActor, Page } from '../registry.js';
import type { HeldLease } from '../workflow-store.js';
import { breakLease } from './break-lease.js';
import { decodeActor, newRecord } from './actor-record.js';
import type { Keys } from './keys.js';
import { decodeHeldLease } from './lease-value.js';
import { record, run, scripts, text, type RedisClient, type Reply } from './scripts.js';
import { answered } from './unavailable.js';

/** Records that a listing reads at a time: with 64 KiB each, two megabytes in front of everybody else's commands. */
const READ_AT_ONCE = 32;

/** A page ends here, full or not: callers take 4 MB by default, and a record may be some times larger in protobuf. */
const MAX_PAGE_BYTES = 1024 * 1024;

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
    const reply = await run(
      this.#client,
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
        throw new CoordinatorError('STORE_UNAVAILABLE', 'Redis took too long to create the record', {
          retryAfterMs: 1000,
        });
    }
  }

  async look(ref: ActorRef): Promise<ActorView> {
    const name = formatRef(ref);
    const keys = [this.#keys.actor(ref), this.#keys.lease(name), this.#keys.events(ref)[1]];
    const reply = await run(this.#client, scripts.lookActor, keys, []);
    if (text(reply, 0) === 'not_found') throw actorNotFound(name);
    const actor = decodeActor(ref, record(reply, 1));
    const nowMs = Number(text(reply, 6));
    const value = text(reply, 2);
    if (value === '') return { actor, nowMs };
    const lease = decodeHeldLease(value, Number(reply[3]));
    // The log may still be that of the workflow before.
    const step = text(reply, 4) === lease.workflowId ? text(reply, 5) : '';
    return { actor, nowMs, lease: { ...lease, step } };
  }

  async list(
    namespace: string,
    pageSize: number,
    after: string,
    isWanted: (actor: Actor) => boolean,
  ): Promise<Page<Actor>> {
    const items: Actor[] = [];
    let itemBytes = 0;
    let from = after;
    // Entries without a record, and actors that nobody wants, make a page short, so
    // read on until it is full: it is never empty before the last one.
    for (;;) {
      const rows = await run(this.#client, scripts.listIndex, this.#keys.index(namespace), [from, READ_AT_ONCE]);
      const names = rows.filter((_, index) => index % 2 === 0) as string[];
      const records = await Promise.all(names.map((name) => this.#read({ namespace, name })));
      for (const [index, name] of names.entries()) {
        const fields = records[index] ?? {};
        const bytes = Object.values(fields).reduce((sum, value) => sum + value.length, 0);
        const actor = decodeIfAny({ namespace, name }, fields);
        if (actor === undefined) {
          await this.#unindex(namespace, name, rows[2 * index + 1], SWEEP_AFTER_US);
        } else if (isWanted(actor)) {
          const last = items.at(-1);
          const isFull = items.length === pageSize || itemBytes + bytes > MAX_PAGE_BYTES;
          if (isFull && last !== undefined) return { items, nextAfter: last.ref.name };
          items.push(actor);
          itemBytes += bytes;
        }
      }
      if (names.length < READ_AT_ONCE) return { items };
      from = names.at(-1) ?? from;
    }
  }

  async delete(ref: ActorRef, lease: LeaseIdentity): Promise<void> {
    const name = formatRef(ref);
    const [, stamps] = this.#keys.index(ref.namespace);
    // Read before the record goes: a creation that comes between has a new one.
    const stamp = await answered(this.#client.hget(stamps, ref.name));
    const keys = [...this.#leaseKeys(ref), ...this.#keys.events(ref)];
    const reply = await run(this.#client, scripts.deleteActor, keys, [lease.value]);
    switch (text(reply, 0)) {
      case 'not_found':
        throw actorNotFound(name);
      case 'lost':
        throw new CoordinatorError('LEASE_LOST', `the lease on ${name} was lost before it was deleted`);
    }
    const actor = decodeActor(ref, record(reply, 1));
    // No actor will want its claim again.
    await run(this.#client, scripts.freeWorker, this.#keys.pool(actor.pool), [name, actor.fencingToken]);
    await this.#unindex(ref.namespace, ref.name, stamp, 0);
  }

  async forceRelease(ref: ActorRef, reason: string): Promise<HeldLease | undefined> {
    const reply = await breakLease(this.#client, this.#keys, ref, reason);
    switch (text(reply, 0)) {
      case 'not_found':
        throw actorNotFound(formatRef(ref));
      case 'free':
        return undefined;
      default:
        return decodeHeldLease(text(reply, 1), Number(reply[2]));
    }
  }

  #leaseKeys(ref: ActorRef): string[] {
    const name = formatRef(ref);
    return [this.#keys.actor(ref), this.#keys.lease(name), ...this.#keys.leaseQueue(name)];
  }

  #read(ref: ActorRef): Promise<Record<string, string>> {
    return answered(this.#client.hgetall(this.#keys.actor(ref)));
  }

  async #unindex(namespace: string, name: string, stamp: Reply[number] | undefined, leastAgeUs: number): Promise<void> {
    if (typeof stamp !== 'string') return;
    await run(this.#client, scripts.unindexActor, this.#keys.index(namespace), [name, stamp, leastAgeUs]);
  }
}

function decodeIfAny(ref: ActorRef, fields: Readonly<Record<string, string>>): Actor | undefined {
  const entries = Object.entries(fields);
  return entries.length === 0 ? undefined : decodeActor(ref, new Map(entries));
}
