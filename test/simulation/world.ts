// Virtual time: what happens, and when. Events that are due at the same time
// come in an order that the seed decides; between two of them, everything runs
// that waits for nothing but its turn. Nobody else may run meanwhile: a seed
// is over before the real event loop turns.

import { Random } from './random.js';

export interface Event {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Cheaper than queueMicrotask, which makes an object for whoever traces asynchronous work. */
const settled = Promise.resolve();

export class World {
  readonly random: Random;
  #nowMs = 0;
  readonly #heap: Event[] = [];
  readonly #counts = new Map<string, number>();
  readonly #trace: string[] | undefined;
  /** Of everything that has happened: two runs of one seed have the same. */
  #fingerprint = 0;
  #events = 0;

  constructor(seed: number, isTraced: boolean) {
    this.random = new Random(seed);
    this.#trace = isTraced ? [] : undefined;
  }

  /** Real time, which no process knows. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get events(): number {
    return this.#events;
  }

  get fingerprint(): string {
    return `${this.#events}-${(this.#fingerprint >>> 0).toString(16)}`;
  }

  get trace(): readonly string[] {
    return this.#trace ?? [];
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** That something has happened which a reader of the figures wants to know of. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  note(who: string, what: () => string): void {
    this.#trace?.push(`${this.#nowMs.toFixed(3).padStart(11)} ${who.padEnd(10)} ${what()}`);
  }

  get isTraced(): boolean {
    return this.#trace !== undefined;
  }

  after(delayMs: number, run: () => void): Event {
    return this.at(this.#nowMs + delayMs, run);
  }

  at(atMs: number, run: () => void): Event {
    const event: Event = { atMs: Math.max(atMs, this.#nowMs), order: this.random.float(), run };
    this.#push(event);
    return event;
  }

  /** Runs events until there is none, or `isOver` says so after one. @throws what an event or `isOver` throws */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          const event = isOver() ? undefined : this.#pop();
          if (event === undefined) {
            resolve();
            return;
          }
          this.#nowMs = event.atMs;
          this.#events += 1;
          this.#fingerprint = (Math.imul(this.#fingerprint, 31) + event.order * 2 ** 32 + event.atMs * 1000) | 0;
          event.run?.();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        // From a microtask: the next tick then comes when all microtasks have run, and costs no turn of the event loop.
        void settled.then(next);
      };
      const next = (): void => process.nextTick(turn);
      next();
    });
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): Event | undefined {
    for (;;) {
      const [first] = this.#heap;
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) this.#sink(last);
      // A cancelled timer costs its place in the heap until its time has come.
      if (first.run !== undefined) return first;
    }
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      let below = heap[child];
      const right = heap[child + 1];
      if (below !== undefined && right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (below === undefined || isBefore(event, below)) break;
      heap[i] = below;
      i = child;
    }
    heap[i] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
