// A simulated node: workers, and a node runtime that keeps the promises of
// node_runtime.proto as the built-in one does. Of two calls on one actor the
// one with the greater token wins, and begins when the other has been undone; a
// repeated call joins; whoever has left is not worked for. The highest tokens
// are on the node's disk and outlive it; what runs does not.

import { formatRef } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import { failed, occupied, Places, type Call, type Place, type PlacesOptions } from './places.js';
import type { Event } from './world.js';

/** One who waits for a call's end. */
export interface Follower {
  progress(): void;
  end(result: 'ok' | CoordinatorError): void;
  /** The node has died under it. */
  lost(): void;
}

interface Flight {
  readonly call: Call;

  readonly followers: Set<Follower>;
  readonly timers: Event[];
  /** Nothing else may begin on its actor meanwhile. */
  undoing: boolean;
}

export interface NodeOptions extends PlacesOptions {
  readonly workers: readonly string[];
  /** How long work takes, at most. */
  readonly longestWorkMs: () => number;
}

export class SimulatedNode {
  readonly name: string;
  readonly workers: readonly string[];
  readonly #options: NodeOptions;
  readonly #places: Places;
  readonly #tokens = new Map<string, number>();
  readonly #flights = new Map<string, Flight>();
  /** Of every call that has arrived and not ended. */
  readonly #followers = new Set<Follower>();
  #isUp = true;
  #stoppedUntilMs = 0;
  #life = 1;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#places = new Places(options);
    this.name = options.node;
    this.workers = options.workers;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** A node that stands still answers nobody. */
  get isAnswering(): boolean {
    return this.#isUp && this.#stoppedUntilMs <= this.#options.world.nowMs;
  }

  /** Whether a call is under way. */
  get isBusy(): boolean {
    return this.#flights.size > 0;
  }

  /** What a worker runs, for its registration. */
  runningOn(worker: string): Place | undefined {
    return this.#places.runningOn(worker);
  }

  /** What there is of an actor, running or frozen. */
  readonly placeOf = (actor: string): Place | undefined => this.#places.of(actor);

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
    for (const { timers } of this.#flights.values()) cancel(timers);
    this.#flights.clear();
    this.#places.loseAll();
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
    const highest = this.#tokens.get(actor) ?? 0;
    if (call.fencingToken < highest) {
      this.#options.world.count('runtime: a stale token refused');
      this.#tell(follower, stale(actor, highest));
      return;
    }
    this.#tokens.set(actor, call.fencingToken);
    if (!this.workers.includes(call.worker.name)) {
      this.#tell(follower, failed('FAILED_PRECONDITION', `${call.worker.name} is not one of this node's`));
      return;
    }
    const other = this.#inTheWayOf(call);
    if (other === undefined) this.#begin(call, follower);
    else if (!other.undoing && isRepetition(call, other.call)) {
      this.#options.world.count('runtime: a call joined');
      other.followers.add(follower);
    } else this.#contend(call, follower, other.call);
  }

  /** Another call is under way on the actor, or on the worker. */
  #contend(call: Call, follower: Follower, other: Call): void {
    const flight = this.#flights.get(formatRef(other.actor));
    const isOfSame = formatRef(other.actor) === formatRef(call.actor);
    if (!isOfSame && call.name === 'restore' && other.fencingToken >= call.fencingToken) {
      this.#tell(follower, occupied(call.worker.name, formatRef(other.actor)));
      return;
    }
    // Who takes nothing from the other only waits for it.
    if (flight !== undefined && (isOfSame || call.name === 'restore')) {
      const isStale = isOfSame && other.fencingToken < call.fencingToken;
      this.#undo(flight, isStale ? stale(formatRef(call.actor), call.fencingToken) : failed('ABORTED', 'superseded'));
    }
    this.#later(LOOK_AGAIN_MS, () => this.#admit(call, follower));
  }

  #inTheWayOf(call: Call): Flight | undefined {
    const own = this.#flights.get(formatRef(call.actor));
    if (own !== undefined) return own;
    const takesWorker = (other: Call): boolean => call.name === 'restore' || other.name === 'restore';
    return [...this.#flights.values()].find(
      (flight) => flight.call.worker.name === call.worker.name && takesWorker(flight.call),
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

  #begin(call: Call, follower: Follower): void {
    const { world, longestWorkMs } = this.#options;
    const flight: Flight = {
      call,

      followers: new Set([follower]),
      timers: [],
      undoing: false,
    };
    this.#flights.set(formatRef(call.actor), flight);
    const step = (delayMs: number, run: () => void): void => {
      flight.timers.push(
        this.#later(delayMs, () => {
          // Undone while it was put off by a node that stood still.
          if (!flight.undoing) run();
        }),
      );
    };
    const known = this.#places.prepare(call);
    const workMs = known === 'done' ? 0 : world.random.skewed(1, longestWorkMs());
    if (workMs > PROGRESS_FROM_MS) step(workMs / 2, () => flight.followers.forEach((each) => each.progress()));
    step(workMs, () => {
      const result = known === undefined ? this.#work(call) : known === 'done' ? 'ok' : known;
      this.#flights.delete(formatRef(call.actor));
      for (const each of flight.followers) this.#tell(each, result);
    });
  }

  #work(call: Call): 'ok' | CoordinatorError {
    const { world, faults } = this.#options;
    if (!world.random.chance(faults().runtimeFails)) return this.#places.apply(call);
    world.count('fault: runtime refused');
    return failed(world.random.pick(['INTERNAL', 'FAILED_PRECONDITION', 'DEADLINE_EXCEEDED']), 'it failed');
  }

  #undo(flight: Flight, why: CoordinatorError | undefined): void {
    if (flight.undoing) return;
    const { world } = this.#options;
    world.count('runtime: a call undone');
    flight.undoing = true;
    cancel(flight.timers);
    if (why !== undefined) for (const follower of flight.followers) this.#tell(follower, why);
    this.#later(world.random.skewed(0, LONGEST_UNDO_MS), () => this.#flights.delete(formatRef(flight.call.actor)));
  }
}

const LOOK_AGAIN_MS = 10;
const LONGEST_UNDO_MS = 200;
const PROGRESS_FROM_MS = 200;

function cancel(timers: readonly Event[]): void {
  for (const timer of timers) timer.run = undefined;
}

function identityOf({ name, actor, worker, snapshot, fencingToken }: Call): string {
  return `${name} ${formatRef(actor)} ${worker.name} ${snapshot?.uri ?? ''} ${fencingToken}`;
}

function isRepetition(call: Call, other: Call): boolean {
  return identityOf(call) === identityOf(other);
}

function stale(actor: string, highest: number): CoordinatorError {
  return new CoordinatorError('STALE_FENCING_TOKEN', `${actor} has been called with the greater token ${highest}`);
}
