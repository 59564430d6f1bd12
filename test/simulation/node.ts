// A simulated node: workers, what runs on them or stands frozen beside them,
// and a node runtime that keeps the promises of node_runtime.proto as the
// built-in one does. Tokens are on its disk, and so outlive it; what runs does
// not. Durable snapshots are kept elsewhere, and outlive every node.

import { formatRef, type Snapshot } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import type { RuntimeCall } from '../../src/runtime/node-runtime.js';
import type { Faults } from './faults.js';
import type { Event, World } from './world.js';

export type CallName = 'restore' | 'checkpoint' | 'stop';

export interface Call extends RuntimeCall {
  readonly name: CallName;
  readonly snapshot?: Snapshot;
}

/** One who waits for a call's end. */
export interface Follower {
  progress(): void;
  end(result: 'ok' | CoordinatorError): void;
  /** The node has died under it. */
  lost(): void;
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
  isComplete: boolean;
  readonly actor: string;
  memory: number;
}

export interface NodeObserver {
  /** The call has done what it was for. */
  onEffect(node: SimulatedNode, call: Call, place: Place | undefined): void;
  onRestoring(call: Call, snapshot: StoredSnapshot | undefined): void;
  /** It is gone, with the node, or because its worker was needed for another. */
  onLost(node: SimulatedNode, place: Place, evicted: boolean): void;
}

interface Flight {
  readonly call: Call;
  readonly identity: string;
  readonly followers: Set<Follower>;
  readonly timers: Event[];
  /** Set while it is being undone: nothing else may begin on its actor. */
  undoing: boolean;
}

export interface NodeOptions {
  readonly world: World;
  readonly name: string;
  readonly workers: readonly string[];
  /** Durable ones, by URI. */
  readonly snapshots: Map<string, StoredSnapshot>;
  readonly faults: () => Faults;
  readonly observer: NodeObserver;
  /** How long work takes, at most. */
  readonly longestWorkMs: () => number;
  /** Numbers that only grow, for what actors know. */
  readonly nextMemory: () => number;
}

export class SimulatedNode {
  readonly name: string;
  readonly workers: readonly string[];
  readonly places = new Map<string, Place>();
  readonly tokens = new Map<string, number>();
  readonly #options: NodeOptions;
  readonly #flights = new Map<string, Flight>();
  /** Of every call that has arrived and not ended. */
  readonly #followers = new Set<Follower>();
  #isUp = true;
  #stoppedUntilMs = 0;
  #life = 1;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.workers = options.workers;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** A node that stands still answers nobody. */
  get stoppedUntilMs(): number {
    return this.#stoppedUntilMs;
  }

  /** Whether a call is under way. */
  get isBusy(): boolean {
    return this.#flights.size > 0;
  }

  /** What a worker runs, for its registration. */
  runningOn(worker: string): Place | undefined {
    return [...this.places.values()].find((place) => place.worker === worker);
  }

  stop(forMs: number): void {
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, this.#options.world.nowMs + forMs);
  }

  goOn(): void {
    this.#stoppedUntilMs = 0;
  }

  /** With all that runs, or stands frozen, on it. */
  die(): void {
    this.#isUp = false;
    this.#life += 1;
    for (const follower of this.#followers) follower.lost();
    this.#followers.clear();
    for (const flight of this.#flights.values()) for (const timer of flight.timers) timer.run = undefined;
    this.#flights.clear();
    for (const place of this.places.values()) this.#options.observer.onLost(this, place, false);
    this.places.clear();
  }

  restart(): void {
    this.#isUp = true;
  }

  /** A call has arrived. `follower` hears of it until it leaves. @returns leaves */
  receive(call: Call, follower: Follower): () => void {
    this.#followers.add(follower);
    this.#later(0, () => this.#admit(call, follower));
    return () => {
      if (!this.#followers.delete(follower)) return;
      const flight = this.#flights.get(formatRef(call.actor));
      if (flight?.followers.delete(follower) === true && flight.followers.size === 0) this.#undo(flight, undefined);
    };
  }

  #tell(follower: Follower, result: 'ok' | CoordinatorError): void {
    if (this.#followers.delete(follower)) follower.end(result);
  }

  #admit(call: Call, follower: Follower): void {
    if (!this.#followers.has(follower)) return;
    const actor = formatRef(call.actor);
    const highest = this.tokens.get(actor) ?? 0;
    if (call.fencingToken < highest) {
      this.#tell(follower, stale(actor, highest));
      return;
    }
    this.tokens.set(actor, call.fencingToken);
    if (!this.workers.includes(call.worker.name)) {
      this.#tell(follower, failed('FAILED_PRECONDITION', `${call.worker.name} is not one of this node's`));
      return;
    }
    const identity = `${call.name} ${call.worker.name} ${call.snapshot?.uri ?? ''}`;
    const other = this.#inTheWayOf(call);
    if (other === undefined) {
      this.#begin({ call, identity, followers: new Set([follower]), timers: [], undoing: false });
    } else if (
      !other.undoing &&
      other.identity === identity &&
      other.call.actor.name === call.actor.name &&
      other.call.fencingToken === call.fencingToken
    ) {
      this.#options.world.count('runtime: a call joined');
      other.followers.add(follower);
    } else {
      const isOfSame = formatRef(other.call.actor) === actor;
      if (!isOfSame && call.name === 'restore' && other.call.fencingToken >= call.fencingToken) {
        this.#tell(follower, occupied(call.worker.name, formatRef(other.call.actor)));
        return;
      }
      if (!isOfSame && call.name !== 'restore') this.#options.world.count('runtime: waited for another actor');
      else
        this.#undo(
          other,
          isOfSame && other.call.fencingToken < call.fencingToken
            ? stale(actor, call.fencingToken)
            : failed('ABORTED', 'superseded'),
        );
      // Until it has been undone, or has ended.
      this.#later(10, () => this.#admit(call, follower));
    }
  }

  #inTheWayOf(call: Call): Flight | undefined {
    const own = this.#flights.get(formatRef(call.actor));
    if (own !== undefined) return own;
    return [...this.#flights.values()].find(
      (flight) =>
        flight.call.worker.name === call.worker.name && (call.name === 'restore' || flight.call.name === 'restore'),
    );
  }

  #later(forMs: number, run: () => void): Event {
    const { world } = this.#options;
    const life = this.#life;
    const go = (): void => {
      if (life !== this.#life) return;
      // A node that stands still goes on where it stood.
      if (this.#stoppedUntilMs > world.nowMs) world.at(this.#stoppedUntilMs, go);
      else run();
    };
    return world.after(forMs, go);
  }

  #begin(flight: Flight): void {
    const { world, faults, longestWorkMs } = this.#options;
    this.#flights.set(formatRef(flight.call.actor), flight);
    const step = (delayMs: number, run: () => void): void => {
      const timer = this.#later(delayMs, () => {
        // Undone while it was put off by a node that stood still.
        if (!flight.undoing) run();
      });
      flight.timers.push(timer);
    };
    const refusal = this.#prepare(flight.call);
    const workMs = refusal === 'done' ? 0 : world.random.skewed(1, longestWorkMs());
    if (workMs > 200) step(workMs / 2, () => flight.followers.forEach((follower) => follower.progress()));
    step(workMs, () => {
      if (refusal === 'done') this.#end(flight, 'ok');
      else if (refusal !== undefined) this.#end(flight, refusal);
      else if (world.random.chance(faults().runtimeFails)) {
        world.count('fault: runtime refused');
        this.#end(
          flight,
          failed(world.random.pick(['INTERNAL', 'FAILED_PRECONDITION', 'DEADLINE_EXCEEDED']), 'it failed'),
        );
      } else this.#end(flight, this.#apply(flight.call));
    });
  }

  #undo(flight: Flight, why: CoordinatorError | undefined): void {
    if (flight.undoing) return;
    const { world } = this.#options;
    world.count('runtime: a call undone');
    flight.undoing = true;
    for (const timer of flight.timers) timer.run = undefined;
    if (why !== undefined) for (const follower of flight.followers) this.#tell(follower, why);
    this.#later(world.random.skewed(0, 200), () => this.#flights.delete(formatRef(flight.call.actor)));
  }

  #end(flight: Flight, result: 'ok' | CoordinatorError): void {
    this.#flights.delete(formatRef(flight.call.actor));
    for (const follower of flight.followers) this.#tell(follower, result);
  }

  /** What can be said before any work: that it is done, or cannot be. */
  #prepare(call: Call): 'done' | CoordinatorError | undefined {
    const { snapshots, observer, world, faults } = this.#options;
    const actor = formatRef(call.actor);
    const place = this.places.get(actor);
    const worker = call.worker.name;
    const uri = call.snapshot?.uri ?? '';
    const isHere = place !== undefined && (place.worker === undefined || place.worker === worker);
    switch (call.name) {
      case 'stop':
        return undefined;
      case 'restore': {
        if (place?.worker === worker && place.origin === uri) {
          place.fencingToken = Math.max(place.fencingToken, call.fencingToken);
          world.count('runtime: restored already');
          return 'done';
        }
        if (call.snapshot?.location === 'LOCAL') {
          return place?.frozenAs === uri ? undefined : failed('DATA_LOSS', `${actor} is not frozen here as ${uri}`);
        }
        const snapshot = snapshots.get(uri);
        if (uri !== '') observer.onRestoring(call, snapshot);
        if (uri !== '' && snapshot?.isComplete !== true) return failed('DATA_LOSS', `${uri} is not complete`);
        return undefined;
      }
      case 'checkpoint': {
        if (call.snapshot?.location === 'LOCAL') {
          if (place?.frozenAs === uri && place.worker === undefined) return 'done';
          return isHere ? undefined : failed('NOT_FOUND', `${actor} does not run on ${worker}`);
        }
        if (!isHere) {
          if (snapshots.get(uri)?.isComplete !== true) return failed('NOT_FOUND', `${actor} does not run on ${worker}`);
          world.count('runtime: written already');
          return 'done';
        }
        // From here on until it is complete, a torn one lies there.
        if (snapshots.get(uri)?.isComplete !== true) snapshots.set(uri, { isComplete: false, actor, memory: 0 });
        if (!world.random.chance(faults().diskFull)) return undefined;
        world.count('fault: disk full');
        return failed('RESOURCE_EXHAUSTED', 'no space left on device');
      }
    }
  }

  #apply(call: Call): 'ok' | CoordinatorError {
    const { snapshots, observer, nextMemory } = this.#options;
    const actor = formatRef(call.actor);
    const worker = call.worker.name;
    const uri = call.snapshot?.uri ?? '';
    const place = this.places.get(actor);
    switch (call.name) {
      case 'stop': {
        const isHere = place !== undefined && (place.worker === undefined || place.worker === worker);
        if (isHere) this.places.delete(actor);
        observer.onEffect(this, call, undefined);
        return 'ok';
      }
      case 'restore': {
        const there = this.runningOn(worker);
        if (there !== undefined && there.actor !== actor) {
          // Who holds a worker with a lower token makes way: its claim is over.
          if (there.fencingToken >= call.fencingToken) return occupied(worker, there.actor);
          this.places.delete(there.actor);
          observer.onLost(this, there, true);
          this.#options.world.count('runtime: a leftover made way');
        }
        const { fencingToken } = call;
        const fresh: Place =
          call.snapshot?.location === 'LOCAL' && place !== undefined
            ? { ...place, worker, fencingToken, origin: uri }
            : {
                actor,
                worker,
                frozenAs: undefined,
                fencingToken,
                origin: uri,
                memory: uri === '' ? nextMemory() : (snapshots.get(uri)?.memory ?? 0),
              };
        this.places.set(actor, fresh);
        observer.onEffect(this, call, fresh);
        return 'ok';
      }
      case 'checkpoint': {
        if (place === undefined) return failed('NOT_FOUND', `${actor} does not run on ${worker}`);
        if (call.snapshot?.location === 'LOCAL') {
          place.worker = undefined;
          place.frozenAs = uri;
          place.fencingToken = call.fencingToken;
          observer.onEffect(this, call, place);
          return 'ok';
        }
        snapshots.set(uri, { isComplete: true, actor, memory: nextMemory() });
        this.places.delete(actor);
        observer.onEffect(this, call, place);
        return 'ok';
      }
    }
  }
}

function failed(runtimeCode: string, message: string): CoordinatorError {
  // As toRuntimeError has it: after these the work may have been done.
  const maybeDone = ['CANCELLED', 'DEADLINE_EXCEEDED', 'UNKNOWN'].includes(runtimeCode);
  return new CoordinatorError('RUNTIME_FAILED', message, { runtimeCode, maybeDone });
}

function occupied(worker: string, actor: string): CoordinatorError {
  return failed('FAILED_PRECONDITION', `worker ${worker} holds ${actor}, whose token is not lower`);
}

function stale(actor: string, highest: number): CoordinatorError {
  return new CoordinatorError('STALE_FENCING_TOKEN', `${actor} has been called with the greater token ${highest}`);
}
