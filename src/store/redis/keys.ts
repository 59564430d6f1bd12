// The names of all keys. An actor's keys share the hash tag {namespace/name}, a
// pool's {pool:name}, a namespace's index {namespace}: each is one slot of a
// Redis Cluster, so that one script can work on it. Both parts of a name are
// DNS labels, so no name can break out of its tag.

import { formatRef, type ActorRef } from '../../actor/actor.js';

export class Keys {
  readonly #prefix: string;

  /** @param prefix comes before every key, such as `actorworkflow:` */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A hash: the actor's record. */
  actor(ref: ActorRef): string {
    return `${this.#prefix}actor:{${formatRef(ref)}}`;
  }

  /** A string: the lease on `namespace/name`, as JSON. */
  lease(resource: string): string {
    return `${this.#prefix}lease:{${resource}}`;
  }

  /** A sorted set and a hash: the names of a namespace's actors, and their stamps. */
  index(namespace: string): [names: string, stamps: string] {
    return [`${this.#prefix}actors:{${namespace}}`, `${this.#prefix}actors:{${namespace}}:stamps`];
  }

  /** A sorted set and a hash: who waits for the lease, and what queue.lua keeps of each. */
  leaseQueue(resource: string): [queue: string, waiters: string] {
    return [`${this.lease(resource)}:queue`, `${this.lease(resource)}:waiters`];
  }

  /** A string: the value of a lease that was broken by force, and why. */
  brokenLease(resource: string): string {
    return `${this.lease(resource)}:broken`;
  }

  /** A string: the last fencing token of a lease that is on no actor. */
  plainToken(resource: string): string {
    return `${this.lease(resource)}:token`;
  }

  /** The events of the latest workflow by sequence, which workflow that is (a hash), and the events of the one before. */
  events(ref: ActorRef): [events: string, of: string, before: string] {
    const base = `${this.#prefix}events:{${formatRef(ref)}}`;
    return [base, `${base}:of`, `${base}:before`];
  }

  /** A channel: tells the watchers of an actor that there are events. */
  eventsChannel(ref: ActorRef): string {
    return this.events(ref)[0];
  }

  /** A channel: wakes the waiters of one life of one replica. */
  wakeChannel(life: string): string {
    return `${this.#prefix}wake:${life}`;
  }

  /** A set: the names of all pools that ever had a worker. */
  pools(): string {
    return `${this.#prefix}pools`;
  }

  /** In the order that register_worker.lua gives. */
  pool(name: string): PoolKeys {
    const base = `${this.#prefix}workers:{pool:${name}}`;
    const of = (what: string): string => `${base}:${what}`;
    return [
      base,
      of('names'),
      of('free'),
      of('free-by-node'),
      of('holders'),
      of('order'),
      of('claims'),
      of('queue'),
      of('waiters'),
      of('expiries'),
    ];
  }
}

export type PoolKeys = readonly [
  workers: string,
  names: string,
  free: string,
  freeByNode: string,
  holders: string,
  order: string,
  claims: string,
  queue: string,
  waiters: string,
  expiries: string,
];
