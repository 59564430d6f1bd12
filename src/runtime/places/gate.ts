// What every call passes before it has an effect: whether the runtime still
// takes calls, whether the token is not too low, and whether another call is
// under way. Guarantees: the token is remembered, durably, before the work
// begins; one runtime at a time has a data directory.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatRef, type WorkerRef } from '../../actor/actor.js';
import { CoordinatorError } from '../../errors.js';
import type { ReportProgress, RuntimeCall } from '../node-runtime.js';
import { asRuntimeFailure, notRemembered, runtimeFailed } from './failure.js';
import { InFlight } from './in-flight.js';
import { leaveDirectory, takeDirectory } from './owner-file.js';
import { TokenLog } from './token-log.js';

export interface Entry {
  /** Calls with the same actor, token and identity are repetitions of each other. */
  readonly identity: string;
  /** Whether the call puts the actor on the worker, and so may drive another one out. */
  readonly takesWorker: boolean;
  /** Whether the actor is on the worker now. */
  readonly isOnWorker: () => boolean;
}

export class Gate {
  readonly #dataDir: string;
  readonly #tokens: TokenLog;
  readonly #inFlight = new InFlight();
  readonly #closing = new AbortController();

  private constructor(dataDir: string, tokens: TokenLog) {
    this.#dataDir = dataDir;
    this.#tokens = tokens;
  }

  /** @throws an Error when another runtime uses the directory */
  static async open(dataDir: string): Promise<Gate> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await takeDirectory(dataDir);
    return new Gate(dataDir, await TokenLog.open(join(dataDir, 'tokens.log')));
  }

  /** Aborts when the runtime closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether a call on the actor, `namespace/name`, is under way. */
  concerns(actor: string): boolean {
    return this.#inFlight.concerns(actor);
  }

  /** @throws STALE_FENCING_TOKEN, RUNTIME_UNAVAILABLE where the token cannot be kept, what `work` throws as RUNTIME_FAILED, or the signal's reason */
  async pass<T>(
    call: RuntimeCall,
    { identity, takesWorker, isOnWorker }: Entry,
    report: ReportProgress,
    signal: AbortSignal,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.closing.throwIfAborted();
    const actor = formatRef(call.actor);
    const { fencingToken } = call;
    try {
      // Before anything has an effect: a token that could be forgotten fences nothing.
      await this.#tokens.admit(actor, fencingToken).catch((error: unknown) => {
        throw notRemembered(error, `the fencing token of ${actor}`);
      });
      const worker = formatWorker(call.worker);
      const usesWorker = (): boolean => takesWorker || isOnWorker();
      const exclusive = { actor, worker, fencingToken, identity, takesWorker, usesWorker };
      const refuse = (): void => {
        this.closing.throwIfAborted();
        this.#tokens.refuseStale(actor, fencingToken);
      };
      return await this.#inFlight.run(exclusive, refuse, report, signal, work);
    } catch (error) {
      throw error === signal.reason ? error : asRuntimeFailure(error, `running ${actor}`);
    }
  }

  /** Lets no call in any more, cancels those under way, and waits until they have been undone. */
  async shut(): Promise<void> {
    const text = 'the node runtime is shutting down';
    const reason = new CoordinatorError('RUNTIME_UNAVAILABLE', text, { maybeDone: true });
    this.#closing.abort(reason);
    await this.#inFlight.close(reason);
  }

  /** After `shut`: lets another runtime have the directory. */
  async leave(): Promise<void> {
    await this.#tokens.close();
    await leaveDirectory(this.#dataDir);
  }
}

export function formatWorker({ pool, name }: WorkerRef): string {
  return `${pool}/${name}`;
}

export function unknownWorker(worker: string, known: ReadonlySet<string>): CoordinatorError {
  const names = [...known].join(', ');
  return runtimeFailed('FAILED_PRECONDITION', `worker ${worker} is not one of this node runtime's: ${names}`);
}

export function doesNotRun(worker: string, actor: string): CoordinatorError {
  return runtimeFailed('NOT_FOUND', `worker ${worker} does not run actor ${actor}`);
}
