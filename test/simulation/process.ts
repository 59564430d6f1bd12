// A process of the simulated world: a monotonic clock that runs at a rate of
// its own, a wall clock that jumps, timers that are late, and a life that ends.
// While it is stopped, nothing reaches it; when it goes on, all that came
// meanwhile reaches it at once, in any order but that of one connection's
// messages. A SIGSTOP and a blocked event loop are the same thing from inside.

import type { Clock } from '../../src/clock.js';
import type { World } from './world.js';

/** How far apart clocks may run: ours allows 1 % of the TTL, for both ends together. */
const MAX_DRIFT = 0.003;

interface Delivery {
  /** Messages of one connection keep their order. */
  readonly lane: object | undefined;
  readonly run: () => void;
}

export class Process {
  readonly name: string;
  readonly clock: Clock;
  readonly #world: World;
  readonly #rate: number;
  readonly #startedAtMs: number;
  /** What is added to the world's time. */
  #wallMs: number;
  #latestWallMs: number;
  #waiting: Delivery[] | undefined;
  #isDead = false;
  readonly #onKill = new Set<() => void>();
  #stops = 0;

  /** @param former the one before of the same name: the machine's clock was not set back meanwhile (see lease/life.ts) */
  constructor(world: World, name: string, former?: Process) {
    const { random } = world;
    this.name = name;
    this.#world = world;
    this.#rate = 1 + random.between(-MAX_DRIFT, MAX_DRIFT);
    // What a monotonic clock shows at first means nothing.
    this.#startedAtMs = random.between(0, 1e6);
    this.#wallMs = former === undefined ? 1_700_000_000_000 + random.between(-1e6, 1e6) : former.#latestWallMs;
    this.#latestWallMs = this.#wallMs;
    this.clock = {
      nowMs: () => this.nowMs,
      wallMs: () => Math.floor(this.#wallMs + this.#world.nowMs),
      setTimer: (delayMs, callback) => {
        let isCancelled = false;
        const latenessMs = random.skewed(0.01, 2);
        const event = world.after(Math.max(0, delayMs) / this.#rate + latenessMs, () => {
          this.deliver(() => {
            // Cancelled, perhaps while it waited for a stopped process.
            if (!isCancelled) callback();
          });
        });
        return () => {
          isCancelled = true;
          event.run = undefined;
        };
      },
    };
  }

  /** On its monotonic clock. */
  get nowMs(): number {
    return this.#startedAtMs + this.#world.nowMs * this.#rate;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isStopped(): boolean {
    return this.#waiting !== undefined;
  }

  /** Hands it something: now, or when it goes on, or never if it has died. */
  deliver(run: () => void, lane?: object): void {
    if (this.#isDead) return;
    if (this.#waiting === undefined) run();
    else this.#waiting.push({ lane, run });
  }

  stop(forMs: number): void {
    if (this.#isDead) return;
    this.#stops += 1;
    const stop = this.#stops;
    this.#waiting ??= [];
    this.#world.after(forMs, () => {
      if (stop === this.#stops) this.goOn();
    });
  }

  goOn(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const lanes = new Map<object, Delivery[]>();
    for (const delivery of waiting) {
      if (delivery.lane === undefined) continue;
      const lane = lanes.get(delivery.lane);
      if (lane === undefined) lanes.set(delivery.lane, [delivery]);
      else lane.push(delivery);
    }
    for (const { lane, run } of waiting) {
      // Each turn of a lane takes what is the lane's first by then.
      const next = lane === undefined ? run : (): void => lanes.get(lane)?.shift()?.run();
      this.#world.after(0, () => {
        this.deliver(next);
      });
    }
  }

  /** @returns forgets it */
  onKill(callback: () => void): () => void {
    this.#onKill.add(callback);
    return () => this.#onKill.delete(callback);
  }

  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
    this.#latestWallMs = Math.max(this.#latestWallMs, this.#wallMs);
  }

  /** All that it knew is gone; what it has sent goes on. */
  kill(): void {
    this.#isDead = true;
    this.#waiting = undefined;
    for (const callback of this.#onKill) callback();
  }
}
