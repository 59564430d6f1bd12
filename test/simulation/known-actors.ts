// What has happened to each actor so far, as the store and the nodes did it:
// what those that watch them hold the next thing against.
//
// What a failover that forgets writes takes away is the writes. From then on an
// actor may run where no record says so, and a snapshot may be complete that no
// record names. Tokens still rise, each write still needs the lease as Redis
// has it, no worker is claimed twice, no incomplete snapshot is promoted, and
// every workflow ends. The replica that takes over has a prefix of the writes,
// in the order in which they were made, as one server has; and its clock is
// behind by less than the failover takes, as the floor of tokens needs it.
//
// Taking a worker out of service by force, or deleting an actor by force, says
// that nobody needs to care what still runs: then it may run twice.

export interface KnownActor {
  version: number;
  /** Of the last lease that Redis has granted and not forgotten; and of any that it ever granted. */
  granted: number;
  everGranted: number;
  /** Nobody has released it. */
  isLeased: boolean;
  /** The greatest token that any node has worked for. */
  worked: number;
  /** The snapshot that it would be restored from if its node were lost. */
  durable: string;
  /** Raw, to see whether they have changed. */
  latestSnapshot: string;
  durableSnapshot: string;
  /** What runs of it is nobody's care any more. */
  isForced: boolean;
  /** What was frozen of it may be gone: with its node, or by a deletion that failed after its Stop. */
  isLost: boolean;
  /** A Stop of it has failed, or its node had left without it: what is frozen of it may stay on its node. */
  isLeft: boolean;
}

export class KnownActors {
  readonly #actors = new Map<string, KnownActor>();
  /** Whether Redis has. */
  hasForgotten = false;

  get names(): readonly string[] {
    return [...this.#actors.keys()];
  }

  /** @param name `namespace/name` */
  of(name: string): KnownActor {
    let known = this.#actors.get(name);
    if (known === undefined) {
      known = {
        version: 0,
        granted: 0,
        everGranted: 0,
        isLeased: false,
        worked: 0,
        durable: '',
        latestSnapshot: '',
        durableSnapshot: '',
        isForced: false,
        isLost: false,
        isLeft: false,
      };
      this.#actors.set(name, known);
    }
    return known;
  }

  /** Another one by that name may come: its tokens go on. */
  forget(name: string): void {
    const { everGranted, worked, isForced } = this.of(name);
    this.#actors.delete(name);
    Object.assign(this.of(name), { everGranted, worked, isForced });
  }

  /** Whether what runs of it need not be what its record says. */
  isExcused(name: string): boolean {
    return this.hasForgotten || this.of(name).isForced;
  }
}
