// The way from a replica to the nodes: the port that the workflows call, over
// connections that are slow, or break before the node has heard of the call,
// while it works, or after it has done it. As over gRPC: a call that is
// cancelled, or whose connection breaks, is undone by the node once it notices;
// what comes back of a broken connection is RUNTIME_UNAVAILABLE, maybe done.

import { CoordinatorError } from '../../src/errors.js';
import type { NodeRuntime, ReportProgress } from '../../src/runtime/node-runtime.js';
import type { Faults } from './faults.js';
import type { Follower, SimulatedNode } from './node.js';
import type { Call } from './places.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** Longer than this a peer that has gone is not waited for: its kernel, or keepalive, says so. */
const NOTICED_WITHIN_MS = 3000;

/** grpc-runtimes.ts: ANSWERS_WITHIN_MS */
const ANSWERS_WITHIN_MS = 3000;

export interface RuntimeLinkOptions {
  readonly world: World;
  readonly process: Process;
  readonly nodeAt: (address: string) => SimulatedNode | undefined;
  readonly faults: () => Faults;
  readonly ttlMs: number;
  readonly onCall: (call: Call) => void;
  readonly onStopFailed: (call: Call) => void;
}

export class RuntimeLink {
  readonly #options: RuntimeLinkOptions;

  constructor(options: RuntimeLinkOptions) {
    this.#options = options;
  }

  readonly at = (address: string): NodeRuntime => ({
    restore: async (call, report, signal) => {
      await this.#call(address, { ...call, name: 'restore' }, report, signal);
      return { address: `${address}/${call.worker.name}` };
    },
    checkpoint: async (call, report, signal) => {
      await this.#call(address, { ...call, name: 'checkpoint' }, report, signal);
      return { sizeBytes: 42 };
    },
    stop: async (call, signal) => {
      const stop: Call = { ...call, name: 'stop' };
      await this.#call(address, stop, () => undefined, signal).catch((error: unknown) => {
        this.#options.onStopFailed(stop);
        throw error;
      });
      return { stopped: true };
    },
  });

  readonly answers = (address: string): Promise<boolean> => {
    const { world, process, nodeAt, faults } = this.#options;
    const isCut = world.random.chance(faults().runtimeCut);
    return new Promise((resolve) => {
      const answers = nodeAt(address)?.isAnswering === true && !isCut;
      world.after(answers ? world.random.skewed(0.2, 5) : ANSWERS_WITHIN_MS, () => {
        process.deliver(() => resolve(answers));
      });
    });
  };

  #call(address: string, call: Call, report: ReportProgress, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.#options.onCall(call);
    return new Promise((resolve, reject) => {
      const stream = new Stream(this.#options, this.#options.nodeAt(address), call, report);
      const onAbort = (): void => {
        // The cancel goes its way; nobody waits for it.
        if (stream.isOver) return;
        stream.cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      stream.start((result) => {
        signal.removeEventListener('abort', onAbort);
        if (result === 'ok') resolve();
        else reject(result);
      });
    });
  }
}

/** One call on its way there and back: what is sent in one direction arrives in order. */
class Stream implements Follower {
  readonly #options: RuntimeLinkOptions;
  readonly #node: SimulatedNode | undefined;
  readonly #call: Call;
  readonly #report: ReportProgress;
  /** What becomes of the connection. */
  readonly #cut: 'never' | 'there' | 'under way' | 'back';
  #arrivesAtMs = 0;
  #answersAtMs = 0;
  #onEnd: (result: 'ok' | CoordinatorError) => void = () => undefined;
  #leave: () => void = () => undefined;
  #forget: () => void = () => undefined;
  isOver = false;

  constructor(options: RuntimeLinkOptions, node: SimulatedNode | undefined, call: Call, report: ReportProgress) {
    this.#options = options;
    this.#node = node;
    this.#call = call;
    this.#report = report;
    const { world, faults } = options;
    this.#cut = world.random.chance(faults().runtimeCut) ? world.random.pick(['there', 'under way', 'back']) : 'never';
    if (this.#cut !== 'never') world.count(`fault: runtime cut off ${this.#cut}`);
  }

  start(onEnd: (result: 'ok' | CoordinatorError) => void): void {
    const { world, process } = this.#options;
    this.#onEnd = onEnd;
    this.#send(() => {
      // What a process had sent when it died arrives, or does not.
      if (process.isDead && world.random.chance(0.5)) return;
      if (this.#node?.isUp !== true || this.#cut === 'there') {
        this.#breakOff();
        return;
      }
      this.#leave = this.#node.receive(this.#call, this);
      this.#forget = process.onKill(() => world.after(world.random.skewed(0, NOTICED_WITHIN_MS), this.#leave));
      if (this.#cut === 'under way') world.after(world.random.skewed(0, 1000), () => this.#breakOff());
    });
  }

  cancel(): void {
    this.isOver = true;
    this.#send(() => this.#leave());
  }

  progress(): void {
    this.#answer(() => this.#report({ phase: 'work', done: 1, total: 2, unit: '', message: '' }));
  }

  end(result: 'ok' | CoordinatorError): void {
    this.#forget();
    if (this.#cut === 'back') this.#breakOff();
    else this.#answer(() => this.#finish(result));
  }

  lost(): void {
    const { world } = this.#options;
    world.after(world.random.skewed(0, NOTICED_WITHIN_MS), () => this.#breakOff());
  }

  /** Each end notices by itself, the node perhaps only when the replica has tried again. */
  #breakOff(): void {
    const { world } = this.#options;
    this.#answer(() =>
      this.#finish(new CoordinatorError('RUNTIME_UNAVAILABLE', 'the node runtime is unavailable', { maybeDone: true })),
    );
    world.after(world.random.skewed(0, NOTICED_WITHIN_MS), () => this.#leave());
  }

  #finish(result: 'ok' | CoordinatorError): void {
    this.isOver = true;
    this.#onEnd(result);
  }

  #send(run: () => void): void {
    const { world } = this.#options;
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, world.nowMs + this.#latencyMs());
    world.at(this.#arrivesAtMs, run);
  }

  #answer(run: () => void): void {
    const { world, process } = this.#options;
    this.#answersAtMs = Math.max(this.#answersAtMs, world.nowMs + this.#latencyMs());
    world.at(this.#answersAtMs, () => {
      process.deliver(() => {
        if (!this.isOver) run();
      }, this);
    });
  }

  #latencyMs(): number {
    const { world, faults, ttlMs } = this.#options;
    const { messageDelayed, longestTtls } = faults();
    if (!world.random.chance(messageDelayed)) return world.random.skewed(0.1, 3);
    world.count('fault: runtime message delayed');
    return world.random.skewed(3, ttlMs * longestTtls);
  }
}
