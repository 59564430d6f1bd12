// The way from a replica to a node: the port that the workflows call, over
// connections that break before the node has heard of the call, or after it
// has done it. As over gRPC: a call that is cancelled, or whose connection
// breaks, is undone by the node; what comes back then is RUNTIME_UNAVAILABLE,
// maybe done.

import { CoordinatorError } from '../../src/errors.js';
import type { NodeRuntime, ReportProgress } from '../../src/runtime/node-runtime.js';
import type { Faults } from './faults.js';
import type { Follower, SimulatedNode } from './node.js';
import type { Call } from './places.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** Longer than this a dead node is not waited for: its kernel, or keepalive, says so. */
const NOTICED_WITHIN_MS = 3000;

/** grpc-runtimes.ts: ANSWERS_WITHIN_MS */
const ANSWERS_WITHIN_MS = 3000;

export interface RuntimeLinkOptions {
  readonly world: World;
  readonly process: Process;
  readonly nodeAt: (address: string) => SimulatedNode | undefined;
  readonly faults: () => Faults;
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
      const node = nodeAt(address);
      const answers = node?.isAnswering === true && !isCut;
      world.after(answers ? world.random.skewed(0.2, 5) : ANSWERS_WITHIN_MS, () => {
        process.deliver(() => resolve(answers));
      });
    });
  };

  #call(address: string, call: Call, report: ReportProgress, signal: AbortSignal): Promise<void> {
    const { world, process, nodeAt, faults, onCall } = this.#options;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    onCall(call);
    return new Promise((resolve, reject) => {
      const node = nodeAt(address);
      const { random } = world;
      const lane = {};
      let isOver = false;
      let leave = (): void => undefined;
      const settle = (run: () => void): void => {
        if (isOver) return;
        isOver = true;
        signal.removeEventListener('abort', onAbort);
        run();
      };
      const unavailable = (): void =>
        settle(() =>
          reject(
            new CoordinatorError('RUNTIME_UNAVAILABLE', `the node runtime at ${address} is unavailable`, {
              maybeDone: true,
            }),
          ),
        );
      // The cancel goes its way; nobody waits for it.
      const cancel = (): void => {
        world.after(random.skewed(0.1, 3), () => leave());
      };
      const onAbort = (): void => {
        settle(() => reject(signal.reason as Error));
        cancel();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const back = (run: () => void): void => {
        world.after(random.skewed(0.1, 3), () => process.deliver(run, lane));
      };
      // What becomes of the connection: nothing, it breaks on the way there, under way, or on the way back.
      const cut = random.chance(faults().runtimeCut) ? random.pick(['there', 'under way', 'back']) : 'never';
      if (cut !== 'never') world.count(`fault: runtime cut off ${cut}`);
      const breakOff = (): void => {
        back(unavailable);
        cancel();
      };
      world.after(random.skewed(0.1, 3), () => {
        if (process.isDead && random.chance(0.5)) return;
        if (node?.isUp !== true || cut === 'there') {
          back(unavailable);
          return;
        }
        const follower: Follower = {
          progress: () =>
            back(() => {
              if (!isOver) report({ phase: 'work', done: 1, total: 2, unit: '', message: '' });
            }),
          end: (result) => {
            forget();
            if (cut === 'back') breakOff();
            else back(() => settle(() => (result === 'ok' ? resolve() : reject(result))));
          },
          // A machine that has gone with its node is noticed by keepalive.
          lost: () => world.after(random.skewed(0, NOTICED_WITHIN_MS), () => back(unavailable)),
        };
        leave = node.receive(call, follower);
        const forget = process.onKill(() => world.after(random.skewed(0, NOTICED_WITHIN_MS), leave));
        if (cut === 'under way') world.after(random.skewed(0, 1000), breakOff);
      });
    });
  }
}
