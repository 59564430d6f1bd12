// What the adapter remembers of each actor, since the agent cannot be asked:
// where it was last told to be, from what, and what became of it. Guarantees:
// written durably before the agent is called, so that after a crash what may be
// running is known; bounded, by forgetting the snapshots written longest ago.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { RestoreCall } from '../node-runtime.js';
import { syncDirectory, writeDurably } from '../places/durable-file.js';
import { notRemembered } from '../places/failure.js';

/**
 * `starting`: it may run. `running`: it does, as far as the agent has said.
 * `saving`: it may run, or have been written to `uri`. `saved`: it has been
 * written to `uri`, and runs nowhere here. `abandoned`: its start was given up,
 * and it runs only if the agent has gone on with that.
 */
export type HerdedState = 'starting' | 'running' | 'saving' | 'saved' | 'abandoned';

export interface Herded {
  readonly call: RestoreCall;
  readonly state: HerdedState;
  /** The snapshot of a `saving` or `saved` actor; of the others that from which they can still be started again. */
  readonly uri?: string;
}

/** A kilobyte or so each, in memory and on disk. */
const MAX_SAVED = 10_000;

export class HerdedActors {
  readonly #directory: string;
  /** Those that were written longest ago first. */
  readonly #byActor = new Map<string, Herded>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<HerdedActors> {
    const actors = new HerdedActors(directory);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory)) {
      if (!name.endsWith('.json')) continue;
      // Written by `writeDurably` alone, so it is whole.
      const herded = JSON.parse(await readFile(join(directory, name), 'utf8')) as Herded;
      actors.#byActor.set(formatRef(herded.call.actor), herded);
    }
    return actors;
  }

  of(actor: ActorRef): Herded | undefined {
    return this.#byActor.get(formatRef(actor));
  }

  /** Who is, or may be, on the worker, `pool/name`. */
  on(worker: string): Herded | undefined {
    return [...this.#byActor.values()].find((herded) => workerOf(herded) === worker);
  }

  /** @throws RUNTIME_UNAVAILABLE, maybe done */
  async write(herded: Herded): Promise<void> {
    const name = formatRef(herded.call.actor);
    await writeDurably(this.#path(herded.call.actor), `${JSON.stringify(herded)}\n`).catch((error: unknown) => {
      throw notRemembered(error, `what becomes of ${name}`);
    });
    this.#byActor.delete(name);
    this.#byActor.set(name, herded);
    if (herded.state === 'saved') await this.#forgetOldest();
  }

  /** @throws RUNTIME_UNAVAILABLE, maybe done */
  async forget(actor: ActorRef): Promise<void> {
    try {
      await rm(this.#path(actor), { force: true });
      await syncDirectory(this.#directory);
    } catch (error) {
      throw notRemembered(error, `that ${formatRef(actor)} has gone`);
    }
    this.#byActor.delete(formatRef(actor));
  }

  async #forgetOldest(): Promise<void> {
    const saved = [...this.#byActor.values()].filter(({ state }) => state === 'saved');
    const oldest = saved.length > MAX_SAVED ? saved[0] : undefined;
    if (oldest !== undefined) await this.forget(oldest.call.actor);
  }

  #path({ namespace, name }: ActorRef): string {
    return join(this.#directory, `${namespace}_${name}.json`);
  }
}

/** `pool/name`; undefined where it is on none. */
export function workerOf({ state, call: { worker } }: Herded): string | undefined {
  return state === 'saved' ? undefined : `${worker.pool}/${worker.name}`;
}
