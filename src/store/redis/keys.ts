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

  /** In the order that register_worker.lua gives; claims come last. */
  pool(name: string): [workers: string, names: string, free: string, freeByNode: string, holders: string, order: string, claims: string] {
    const base = `${this.#prefix}workers:{pool:${name}}`;
    return [base, `${base}:names`, `${base}:free`, `${base}:free-by-node`, `${base}:holders`, `${base}:order`, `${base}:claims`];
  }
}
