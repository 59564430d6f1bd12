// What this node has of each actor: one place at most, on a worker or parked
// beside them. Guarantees: as many are parked at once as the limit says, dead
// ones among them; who holds a worker with a lower token makes way, and with an
// equal or greater one does not. It leaves to in-flight.ts that no two calls
// work on one place.

import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../node-runtime.js';
import { runtimeFailed } from './failure.js';
import { occupied } from './in-flight.js';
import { lost } from './launch.js';
import { takeOver } from './leftover.js';
import { Place, type PlaceContext } from './place.js';

export interface PlacesOptions {
  readonly directory: string;
  readonly maxParked: number;
  /** Whether a call on the actor, `namespace/name`, is under way. */
  readonly isUnderWay: (actor: string) => boolean;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #context: PlaceContext;
  readonly #byActor = new Map<string, Place>();
  /** Those that are about to be parked: they count for the limit. */
  readonly #freezing = new Set<Place>();

  private constructor(options: PlacesOptions, context: PlaceContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Takes over what an earlier runtime left, on whichever workers: see leftover.ts. */
  static async open(options: PlacesOptions, context: PlaceContext): Promise<Places> {
    const places = new Places(options, context);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const leftovers = (await readdir(options.directory)).map(async (name) => {
      const directory = join(options.directory, name);
      const left = await takeOver(directory, context);
      if (left === undefined) return;
      const { record, program } = left;
      places.#byActor.set(formatRef(record.actor), new Place(directory, record, context, program));
    });
    await Promise.all(leftovers);
    return places;
  }

  of(actor: ActorRef): Place | undefined {
    return this.#byActor.get(formatRef(actor));
  }

  /** The actor that the worker has: it runs there, or has saved there what a Checkpoint can still pack. */
  on(worker: string): ActorRef | undefined {
    return [...this.#byActor.values()].find((place) => place.worker === worker && place.isOfWorth)?.actor;
  }

  /** What there is of the actor on the worker, or beside all workers, whichever is named. */
  at(actor: ActorRef, worker: string): Place | undefined {
    const place = this.of(actor);
    return place?.worker === undefined || place.worker === worker ? place : undefined;
  }

  /**
   * The place whose memory is the LOCAL snapshot that the call names.
   * @throws RUNTIME_FAILED, DATA_LOSS, where it is not here
   */
  async parked(call: RestoreCall): Promise<Place> {
    const place = this.of(call.actor);
    if (place === undefined) throw lost(call, 'this node runtime has nothing of the actor');
    if (place.has(call.snapshot?.uri ?? '')) return place;
    if (place.alive)
      throw lost(call, `the actor is here as ${place.parkedAs ?? 'one that runs from another snapshot'}`);
    if (place.isOfWorth) {
      throw lost(call, 'it was stopped; what it saved then is kept for a DURABLE Checkpoint until the next Restore');
    }
    await this.remove(place);
    throw lost(call, 'its process has ended');
  }

  /**
   * Removes from the worker whoever is left there from a claim that is over: tokens are times, and claims exclusive.
   * @throws RUNTIME_FAILED, FAILED_PRECONDITION, where another actor holds it with a token that is not lower
   */
  async vacate(worker: string, { actor, fencingToken }: RestoreCall): Promise<void> {
    for (const place of [...this.#byActor.values()]) {
      const name = formatRef(place.actor);
      if (place.worker !== worker || name === formatRef(actor)) continue;
      if (place.isOfWorth && place.fencingToken >= fencingToken) throw occupied(worker, name, place.fencingToken);
      await this.remove(place);
    }
  }

  /** Runs `start` on a new place for the actor, and forgets that where nothing is left of it. */
  async add(call: RestoreCall, worker: string, start: (place: Place) => Promise<string>): Promise<string> {
    const { actor, fencingToken } = call;
    // Of its own for each start: in an older one a process might be left that could not be ended.
    const directory = join(this.#options.directory, `${actor.namespace}_${actor.name}_${randomUUID()}`);
    const place = new Place(directory, { actor, fencingToken, state: 'starting', worker }, this.#context);
    this.#byActor.set(formatRef(actor), place);
    try {
      return await start(place);
    } finally {
      this.forgetEnded(place);
    }
  }

  /** @throws RUNTIME_FAILED, RESOURCE_EXHAUSTED, where the limit is reached; what `Place.freeze` does */
  async freeze(place: Place, call: CheckpointCall, report: ReportProgress, signal: AbortSignal): Promise<void> {
    const dead = place.parkedAs === undefined ? this.#makeRoom() : undefined;
    this.#freezing.add(place);
    try {
      if (dead !== undefined) await this.remove(dead);
      await place.freeze(call.snapshot.uri, call.fencingToken, report, signal);
    } finally {
      this.#freezing.delete(place);
    }
  }

  /** Ends and forgets it. Resolves with whether anything ran. */
  async remove(place: Place): Promise<boolean> {
    const stopped = await place.stop();
    this.forgetEnded(place);
    return stopped;
  }

  forgetEnded(place: Place): void {
    // Not the place that the actor may have meanwhile.
    if (place.ended && this.of(place.actor) === place) this.#byActor.delete(formatRef(place.actor));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byActor.values()].map((place) => place.close()));
  }

  /** At the limit, a place whose process died while it was frozen has to go; nobody has missed it so far. */
  #makeRoom(): Place | undefined {
    const { maxParked, isUnderWay } = this.#options;
    const parked = [...this.#byActor].filter(([, place]) => place.parkedAs !== undefined || this.#freezing.has(place));
    if (parked.length < maxParked) return undefined;
    const [actor, dead] = parked.find(([name, place]) => !place.isOfWorth && !isUnderWay(name)) ?? [];
    if (actor === undefined || dead === undefined) {
      throw runtimeFailed(
        'RESOURCE_EXHAUSTED',
        `${String(parked.length)} actors are frozen here already, and maxParked is ${String(maxParked)}`,
      );
    }
    // At once, so that no call finds it any more.
    this.#byActor.delete(actor);
    return dead;
  }
}
