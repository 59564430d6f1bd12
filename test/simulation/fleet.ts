// The replicas of one seed: as many names, and one life after the other of
// each. Guarantees what an operator has to: two processes with one name never
// run at the same time.

import type { Process } from './process.js';
import { Replica, type ReplicaOptions } from './replica.js';
import type { World } from './world.js';

export class Fleet {
  readonly #world: World;
  readonly #longestAwayMs: number;
  readonly #options: readonly ReplicaOptions[];
  readonly #replicas: Replica[];

  /** @param longestAwayMs after which a life is followed by the next */
  constructor(world: World, longestAwayMs: number, options: readonly ReplicaOptions[]) {
    this.#world = world;
    this.#longestAwayMs = longestAwayMs;
    this.#options = options;
    this.#replicas = options.map((each) => new Replica(each));
  }

  /** The latest life of each. */
  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  get processes(): readonly Process[] {
    return this.#replicas.map(({ process }) => process);
  }

  /** One that takes calls. */
  pick(): Replica | undefined {
    return this.#world.random.pick(this.#replicas.filter(({ serves }) => serves));
  }

  /** One that runs, whether it takes calls or shuts down. */
  pickRunning(): Replica | undefined {
    return this.#world.random.pick(this.#replicas.filter(({ isGone }) => !isGone));
  }

  /** Ends one life of some replica; another begins after a while. */
  restart(end: (replica: Replica) => void): void {
    const old = this.pick();
    if (old === undefined) return;
    const i = this.#replicas.indexOf(old);
    end(old);
    const start = (): void => {
      const options = this.#options[i];
      if (!old.isGone) this.#world.after(LOOK_AGAIN_MS, start);
      else if (options !== undefined) this.#replicas[i] = new Replica(options, old);
    };
    this.#world.after(this.#world.random.skewed(1, this.#longestAwayMs), start);
  }
}

const LOOK_AGAIN_MS = 100;
