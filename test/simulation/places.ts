// What one simulated node has of each actor, running on a worker or frozen
// beside them, and what a call does to it once its work is done.

import { formatRef, type Snapshot } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import type { RuntimeCall } from '../../src/runtime/node-runtime.js';
import type { Faults } from './faults.js';
import type { World } from './world.js';

export type CallName = 'restore' | 'checkpoint' | 'stop';

export interface Call extends RuntimeCall {
  readonly name: CallName;
  readonly snapshot?: Snapshot;
}

/** What a node has of an actor. */
export interface Place {
  readonly actor: string;
  /** Undefined while it is frozen. */
  worker: string | undefined;
  /** The LOCAL snapshot that it is, while it is frozen, or was resumed from. */
  frozenAs: string | undefined;
  fencingToken: number;
  /** The snapshot that it was started from; empty: booted. */
  origin: string;
  /** What it knows: everything that a snapshot with a lower number has in it. */
  memory: number;
}

export interface StoredSnapshot {
  readonly isComplete: boolean;
  readonly memory: number;
}

export interface NodeObserver {
  /** The call has done what it was for. */
  onEffect(node: string, call: Call, place: Place | undefined): void;
  onRestoring(call: Call, snapshot: StoredSnapshot | undefined): void;
  /** A durable snapshot is about to become complete. */
  onWritten(call: Call, before: StoredSnapshot | undefined): void;
  /** It is gone, with the node, or because its worker was needed for another. */
  onLost(node: string, place: Place, evicted: boolean): void;
}

export interface PlacesOptions {
  readonly world: World;
  readonly node: string;
  /** Durable ones, by URI: kept elsewhere, and so they outlive every node. */
  readonly snapshots: Map<string, StoredSnapshot>;
  readonly faults: () => Faults;
  readonly observer: NodeObserver;
  /** Numbers that only grow, for what actors know. */
  readonly nextMemory: () => number;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #byActor = new Map<string, Place>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  of(actor: string): Place | undefined {
    return this.#byActor.get(actor);
  }

  runningOn(worker: string): Place | undefined {
    return [...this.#byActor.values()].find((place) => place.worker === worker);
  }

  loseAll(): void {
    const { observer, node } = this.#options;
    for (const place of this.#byActor.values()) observer.onLost(node, place, false);
    this.#byActor.clear();
  }

  /** What can be said before any work: that it is done already, or cannot be. */
  prepare(call: Call): 'done' | CoordinatorError | undefined {
    switch (call.name) {
      case 'stop':
        return undefined;
      case 'restore':
        return this.#prepareRestore(call);
      case 'checkpoint':
        return this.#prepareCheckpoint(call);
    }
  }

  apply(call: Call): 'ok' | CoordinatorError {
    switch (call.name) {
      case 'stop':
        if (this.#here(call) !== undefined) this.#byActor.delete(formatRef(call.actor));
        this.#options.observer.onEffect(this.#options.node, call, undefined);
        return 'ok';
      case 'restore':
        return this.#restore(call);
      case 'checkpoint':
        return this.#checkpoint(call);
    }
  }

  /** What there is of the actor on the worker, or beside all workers, whichever is named. */
  #here(call: Call): Place | undefined {
    const place = this.of(formatRef(call.actor));
    return place?.worker === undefined || place.worker === call.worker.name ? place : undefined;
  }

  #prepareRestore(call: Call): 'done' | CoordinatorError | undefined {
    const { snapshots, observer, world } = this.#options;
    const place = this.of(formatRef(call.actor));
    const uri = call.snapshot?.uri ?? '';
    if (place?.worker === call.worker.name && place.origin === uri) {
      place.fencingToken = Math.max(place.fencingToken, call.fencingToken);
      world.count('runtime: restored already');
      return 'done';
    }
    if (call.snapshot?.location === 'LOCAL') {
      return place?.frozenAs === uri ? undefined : failed('DATA_LOSS', `it is not frozen here as ${uri}`);
    }
    if (uri === '') return undefined;
    const snapshot = snapshots.get(uri);
    observer.onRestoring(call, snapshot);
    return snapshot?.isComplete === true ? undefined : failed('DATA_LOSS', `${uri} is not complete`);
  }

  #prepareCheckpoint(call: Call): 'done' | CoordinatorError | undefined {
    const { snapshots, world, faults } = this.#options;
    const place = this.#here(call);
    const uri = call.snapshot?.uri ?? '';
    const doesNotRun = failed('NOT_FOUND', `${formatRef(call.actor)} does not run on ${call.worker.name}`);
    if (call.snapshot?.location === 'LOCAL') {
      if (place?.frozenAs === uri && place.worker === undefined) return 'done';
      return place === undefined ? doesNotRun : undefined;
    }
    const isComplete = snapshots.get(uri)?.isComplete === true;
    if (place === undefined) {
      if (isComplete) world.count('runtime: written already');
      return isComplete ? 'done' : doesNotRun;
    }
    // From here on until it is complete, a torn one lies there.
    if (!isComplete) snapshots.set(uri, { isComplete: false, memory: 0 });
    if (!world.random.chance(faults().diskFull)) return undefined;
    world.count('fault: disk full');
    return failed('RESOURCE_EXHAUSTED', 'no space left on device');
  }

  #restore(call: Call): 'ok' | CoordinatorError {
    const { snapshots, observer, nextMemory, world, node } = this.#options;
    const actor = formatRef(call.actor);
    const worker = call.worker.name;
    const { fencingToken } = call;
    const there = this.runningOn(worker);
    if (there !== undefined && there.actor !== actor) {
      // Who holds a worker with a lower token makes way: its claim is over.
      if (there.fencingToken >= fencingToken) return occupied(worker, there.actor);
      this.#byActor.delete(there.actor);
      observer.onLost(node, there, true);
      world.count('runtime: a leftover made way');
    }
    const place = this.of(actor);
    const uri = call.snapshot?.uri ?? '';
    const isThawed = call.snapshot?.location === 'LOCAL' && place !== undefined;
    const memory = uri === '' ? nextMemory() : (snapshots.get(uri)?.memory ?? 0);
    const started: Place = isThawed
      ? { ...place, worker, fencingToken, origin: uri }
      : { actor, worker, frozenAs: undefined, fencingToken, origin: uri, memory };
    this.#byActor.set(actor, started);
    observer.onEffect(node, call, started);
    return 'ok';
  }

  #checkpoint(call: Call): 'ok' | CoordinatorError {
    const { snapshots, observer, nextMemory, node } = this.#options;
    const actor = formatRef(call.actor);
    const place = this.of(actor);
    const uri = call.snapshot?.uri ?? '';
    if (place === undefined) return failed('NOT_FOUND', `${actor} does not run on ${call.worker.name}`);
    if (call.snapshot?.location === 'LOCAL') {
      place.worker = undefined;
      place.frozenAs = uri;
      place.fencingToken = call.fencingToken;
    } else {
      observer.onWritten(call, snapshots.get(uri));
      snapshots.set(uri, { isComplete: true, memory: nextMemory() });
      this.#byActor.delete(actor);
    }
    observer.onEffect(node, call, place);
    return 'ok';
  }
}

export function failed(runtimeCode: string, message: string): CoordinatorError {
  // As toRuntimeError has it: after these the work may have been done.
  const maybeDone = ['CANCELLED', 'DEADLINE_EXCEEDED', 'UNKNOWN'].includes(runtimeCode);
  return new CoordinatorError('RUNTIME_FAILED', message, { runtimeCode, maybeDone });
}

export function occupied(worker: string, actor: string): CoordinatorError {
  return failed('FAILED_PRECONDITION', `worker ${worker} holds ${actor}, whose token is not lower`);
}
