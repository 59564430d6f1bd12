// The calls that are under way, at most one per actor and one per worker. Guarantees: of two calls on one actor the one with the greater
// fencing token wins, and starts only when the other has been undone; a call
// that repeats one under way joins it, and the work is cancelled only when all
// who wait for it have gone. It does not remember calls that have ended.

import { abortable } from '../../clock.js';
import { CoordinatorError } from '../../errors.js';
import type { ReportProgress } from '../node-runtime.js';
import { runtimeFailed } from './failure.js';

export interface Exclusive {
  readonly actor: string;
  readonly worker: string;
  readonly fencingToken: number;
  /** Calls with the same actor, token and identity are repetitions of each other. */
  readonly identity: string;
  /** Whether the call puts the actor on the worker, and so may drive another one out. */
  readonly takesWorker: boolean;
  /** Whether the call has to do with what the worker holds now. Where not, it need not wait for others there. */
  readonly usesWorker: () => boolean;
}

interface Flight {
  readonly call: Exclusive;
  readonly abort: AbortController;
  readonly reports: Set<ReportProgress>;
  readonly result: Promise<unknown>;
  waiting: number;
}

export class InFlight {
  readonly #flights = new Set<Flight>();

  /**
   * Runs `work`, or joins it.
   * @param refuseStale called whenever another call may have come first meanwhile
   * @throws what `work` does; RUNTIME_FAILED, FAILED_PRECONDITION, where an actor with a greater token takes the worker
   */
  async run<T>(
    call: Exclusive,
    refuseStale: () => void,
    report: ReportProgress,
    signal: AbortSignal,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // Its own function each time, so that two followers with the same one are two.
    const listener: ReportProgress = (progress) => {
      report(progress);
    };
    for (;;) {
      signal.throwIfAborted();
      refuseStale();
      const other = this.#inTheWayOf(call);
      if (other === undefined) return await this.#follow<T>(this.#launch(call, work, listener), listener, signal);
      if (isRepetition(call, other.call) && !other.abort.signal.aborted) {
        return await this.#follow<T>(other, listener, signal);
      }
      if (other.call.actor !== call.actor && call.takesWorker && other.call.fencingToken >= call.fencingToken) {
        throw occupied(call.worker, other.call.actor, other.call.fencingToken);
      }
      // Not more than awaited by a call that takes nothing from the other: it then finds what that one has left.
      if (other.call.actor === call.actor || call.takesWorker) other.abort.abort(superseded(other.call, call));
      await abortable(
        other.result.catch(() => undefined),
        signal,
      );
    }
  }

  /** Whether a call on the actor is under way. */
  concerns(actor: string): boolean {
    return [...this.#flights].some((flight) => flight.call.actor === actor);
  }

  /** Cancels every call and waits until all have been undone. */
  async close(reason: CoordinatorError): Promise<void> {
    for (const flight of this.#flights) flight.abort.abort(reason);
    await Promise.allSettled([...this.#flights].map((flight) => flight.result));
  }

  #inTheWayOf(call: Exclusive): Flight | undefined {
    const flights = [...this.#flights];
    const sharesWorker = (other: Exclusive): boolean =>
      other.worker === call.worker && other.usesWorker() && call.usesWorker();
    return (
      flights.find((flight) => flight.call.actor === call.actor) ?? flights.find((flight) => sharesWorker(flight.call))
    );
  }

  #launch<T>(
    call: Exclusive,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
    first: ReportProgress,
  ): Flight {
    const abort = new AbortController();
    // The first follower before the work: it may report at once, and what nobody hears is lost.
    const reports = new Set([first]);
    const result = work((progress) => {
      for (const report of reports) report(progress);
    }, abort.signal);
    const flight: Flight = { call, abort, reports, result, waiting: 0 };
    this.#flights.add(flight);
    const end = (): void => {
      this.#flights.delete(flight);
    };
    result.then(end, end);
    return flight;
  }

  async #follow<T>(flight: Flight, listener: ReportProgress, signal: AbortSignal): Promise<T> {
    flight.reports.add(listener);
    flight.waiting += 1;
    let leave: ((reason: Error) => void) | undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = reject;
    });
    left.catch(() => undefined);
    const onAbort = (): void => {
      flight.waiting -= 1;
      // The last one to go waits for the work to be undone; the others have nothing to wait for.
      if (flight.waiting === 0) flight.abort.abort(signal.reason);
      else leave?.(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([flight.result as Promise<T>, left]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      flight.reports.delete(listener);
    }
  }
}

export function occupied(worker: string, actor: string, fencingToken: number): CoordinatorError {
  return runtimeFailed(
    'FAILED_PRECONDITION',
    `worker ${worker} holds actor ${actor}, whose fencing token ${String(fencingToken)} is not lower than the call's`,
  );
}

function isRepetition(call: Exclusive, other: Exclusive): boolean {
  return call.actor === other.actor && call.fencingToken === other.fencingToken && call.identity === other.identity;
}

function superseded(old: Exclusive, by: Exclusive): CoordinatorError {
  if (old.actor === by.actor && old.fencingToken < by.fencingToken) {
    return new CoordinatorError(
      'STALE_FENCING_TOKEN',
      `a call with fencing token ${String(by.fencingToken)} has superseded this one with ${String(old.fencingToken)}`,
    );
  }
  return runtimeFailed('ABORTED', `another call on ${by.actor} at ${by.worker} has superseded this one`);
}
