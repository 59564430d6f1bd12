// A node runtime in front of a Substrate node agent, which has no fencing, no
// Stop, no progress and no request ids. What it adds: fencing by a log of its
// own, joining of calls in this process, and a memory of what it asked for. What
// it cannot promise: that a call it has given up has stopped at the agent, which
// may go on with it; that an actor which died by itself is noticed before the
// agent is called; fencing of whoever calls the agent directly.

import { join } from 'node:path';
import type { Logger } from 'pino';
import { formatRef, type ActorRef, type WorkerRef } from '../../actor/actor.js';
import { CoordinatorError } from '../../errors.js';
import type { CheckpointRequest } from '../../generated/atelet/CheckpointRequest.js';
import type { CheckpointCall, NodeRuntime, ReportProgress, RestoreCall, RuntimeCall } from '../node-runtime.js';
import { runtimeFailed } from '../places/failure.js';
import { doesNotRun, formatWorker, Gate, unknownWorker } from '../places/gate.js';
import { occupied } from '../places/in-flight.js';
import { lost, origin } from '../places/launch.js';
import { HerdedActors, workerOf, type Herded } from './herded.js';
import { Herder } from './herder.js';
import { ateletOptions, discarded, placeOf, target } from './workload.js';

export interface AteletRuntimeOptions {
  /** The agent's gRPC target. */
  readonly address: string;
  /** An absolute directory that this runtime has for itself, across its restarts. */
  readonly dataDir: string;
  /** Their names are the uids of the agent's ateoms. */
  readonly workers: readonly WorkerRef[];
  readonly logger: Logger;
}

const silent: ReportProgress = () => undefined;
/** Longer than the agent takes to write a small snapshot; what takes longer is left to the next call. */
const UNDO_MS = 30_000;

export class AteletRuntime implements NodeRuntime {
  readonly #herder: Herder;
  readonly #gate: Gate;
  readonly #actors: HerdedActors;
  readonly #workers: ReadonlySet<string>;
  readonly #logger: Logger;

  private constructor(options: AteletRuntimeOptions, gate: Gate, actors: HerdedActors) {
    this.#herder = new Herder(options.address);
    this.#gate = gate;
    this.#actors = actors;
    this.#workers = new Set(options.workers.map(formatWorker));
    this.#logger = options.logger;
  }

  /** Does not call the agent. @throws an Error when another runtime uses the directory */
  static async open(options: AteletRuntimeOptions): Promise<AteletRuntime> {
    const gate = await Gate.open(options.dataDir);
    return new AteletRuntime(options, gate, await HerdedActors.open(join(options.dataDir, 'actors')));
  }

  /** The actor that the worker has, as far as the agent has said, for its registration. */
  runningOn(worker: WorkerRef): ActorRef | undefined {
    const herded = this.#actors.on(formatWorker(worker));
    return herded?.state === 'abandoned' ? undefined : herded?.call.actor;
  }

  async restore(call: RestoreCall, report: ReportProgress, signal: AbortSignal): Promise<{ readonly address: string }> {
    ateletOptions(call.spec);
    const worker = this.#known(call.worker);
    const { actor, snapshot, spec } = call;
    const from = snapshot === undefined ? undefined : placeOf(snapshot);
    await this.#pass('restore', call, true, report, signal, async (tell, cancelled) => {
      const herded = this.#actors.of(actor);
      const isThere = herded !== undefined && workerOf(herded) === worker && origin(herded.call) === origin(call);
      if (isThere && herded.state === 'running') {
        // The newer token, so that no claim older than this one can drive the actor out.
        await this.#actors.write({ ...herded, call });
        return;
      }
      const saved = asSaved(herded);
      if (snapshot?.location === 'LOCAL' && saved?.uri !== snapshot.uri) {
        throw lost(call, 'it was not written here, or has been used since');
      }
      await this.#vacate(worker, call);
      // What is not the same call once more: the agent would run it twice.
      const isRepeated = isThere && herded.state === 'starting';
      if (herded !== undefined && herded.state !== 'saved' && !isRepeated) await this.#stop(herded, cancelled);
      await this.#actors.write({ call, state: 'starting', ...uriOf(saved) });
      tell({ phase: 'agent', done: 0, total: 0, unit: '', message: 'the node agent tells no progress' });
      try {
        if (from === undefined) await this.#herder.call('Run', target(call, spec), cancelled);
        else await this.#herder.call('Restore', { ...target(call, spec), ...from }, cancelled);
      } catch (error) {
        await this.#undo(isRepeated ? herded : saved, call, error, cancelled);
        if (from === undefined || !isNotFound(error)) throw error;
        throw runtimeFailed('DATA_LOSS', (error as Error).message, error);
      }
      await this.#actors.write({ call, state: 'running' });
      this.#logger.info({ actor: formatRef(actor), worker }, 'actor started');
    });
    // The agent tells none: actors are reached through its own router, by their names.
    return { address: '' };
  }

  async checkpoint(
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const { actor, snapshot } = call;
    const to = placeOf(snapshot);
    const worker = formatWorker(call.worker);
    // One that is written already can have any worker named, also one that is not there any more.
    if (this.#actors.of(actor)?.state !== 'saved') this.#known(call.worker);
    await this.#pass('checkpoint', call, false, report, signal, async (tell, cancelled) => {
      const herded = this.#actors.of(actor);
      if (isSavedAs(herded, snapshot.uri)) return;
      if (herded === undefined || workerOf(herded) !== worker) throw this.#notThere(herded, worker, actor);
      const saving: Herded = { call: herded.call, state: 'saving', uri: snapshot.uri };
      await this.#actors.write(saving);
      tell({ phase: 'agent', done: 0, total: 0, unit: '', message: 'the node agent tells no progress' });
      const request = { ...target(herded.call, herded.call.spec), ...to };
      try {
        await this.#herder.call('Checkpoint', request, cancelled).catch(async (error: unknown) => {
          const isSecond = herded.state === 'saving' && herded.uri === snapshot.uri;
          if (!isSecond || !isNotFound(error)) throw error;
          await this.#saveAgain(request, error, cancelled);
        });
      } catch (error) {
        const { maybeDone, runtimeCode } = error as CoordinatorError;
        // Its record stays where nobody knows: the next call goes on from there.
        if (!cancelled.aborted && !maybeDone) {
          await (runtimeCode === 'NOT_FOUND' ? this.#actors.forget(actor) : this.#actors.write(herded));
        }
        throw error;
      }
      await this.#actors.write({ ...saving, state: 'saved' });
      this.#logger.info({ actor: formatRef(actor), worker, uri: snapshot.uri }, 'actor written');
    });
    // The agent does not say.
    return { sizeBytes: 0 };
  }

  async stop(call: RuntimeCall, signal: AbortSignal): Promise<{ readonly stopped: boolean }> {
    const worker = formatWorker(call.worker);
    const stopped = await this.#pass('stop', call, false, silent, signal, async (_tell, cancelled) => {
      cancelled.throwIfAborted();
      const herded = this.#actors.of(call.actor);
      if (herded?.state === 'saved' && isLocal(herded)) {
        // A paused actor is one that can be resumed: from now on it cannot.
        await this.#actors.forget(call.actor);
        return true;
      }
      return herded !== undefined && workerOf(herded) === worker && (await this.#stop(herded, cancelled));
    });
    return { stopped };
  }

  /** Cancels the calls under way. What the agent runs goes on, and is remembered. */
  async close(): Promise<void> {
    await this.#gate.shut();
    this.#herder.close();
    await this.#gate.leave();
  }

  /**
   * After a Checkpoint that may have been finished unheard, and one that finds no
   * actor: it is in its snapshot, or has died. Only restoring it can tell.
   */
  async #saveAgain(request: CheckpointRequest, notFound: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#herder.call('Restore', request, signal);
    } catch (error) {
      throw signal.aborted || (error as CoordinatorError).maybeDone ? error : notFound;
    }
    await this.#herder.call('Checkpoint', request, signal);
  }

  async #stop({ call }: Herded, signal: AbortSignal): Promise<boolean> {
    const stopped = await this.#discard(call, signal);
    await this.#actors.forget(call.actor);
    return stopped;
  }

  /** Ends what may run, by a snapshot that nobody restores. Resolves with whether the agent had it. */
  async #discard(call: RestoreCall, signal: AbortSignal): Promise<boolean> {
    const request = { ...target(call, call.spec), ...placeOf(discarded(call.actor)) };
    try {
      await this.#herder.call('Checkpoint', request, signal);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** After a Run or Restore that failed: as before where it surely did not happen, stopped where it was given up. */
  async #undo(before: Herded | undefined, call: RestoreCall, error: unknown, signal: AbortSignal): Promise<void> {
    const { actor } = call;
    if (!signal.aborted) {
      if ((error as CoordinatorError).maybeDone) return;
      // A snapshot on the node is still what it was, and a first call whose end nobody knows still unknown.
      await (before === undefined ? this.#actors.forget(actor) : this.#actors.write(before));
      return;
    }
    const saved = asSaved(before);
    try {
      if (!(await this.#discard(call, AbortSignal.timeout(UNDO_MS)))) {
        // The agent may yet begin with what it was asked for first.
        await this.#actors.write({ call, state: 'abandoned', ...uriOf(saved) });
      } else await (saved === undefined ? this.#actors.forget(actor) : this.#actors.write(saved));
    } catch (failure) {
      this.#logger.warn({ actor: formatRef(call.actor), err: failure }, 'a Restore was given up, and may go on');
    }
  }

  /** Ends whoever is left on the worker from a claim that is over. */
  async #vacate(worker: string, { actor, fencingToken }: RestoreCall): Promise<void> {
    const other = this.#actors.on(worker);
    if (other === undefined || formatRef(other.call.actor) === formatRef(actor)) return;
    if (other.state !== 'abandoned' && other.call.fencingToken >= fencingToken) {
      throw occupied(worker, formatRef(other.call.actor), other.call.fencingToken);
    }
    await this.#stop(other, this.#gate.closing);
  }

  #notThere(herded: Herded | undefined, worker: string, actor: ActorRef): CoordinatorError {
    if (herded?.state !== 'saved' || !isLocal(herded)) return doesNotRun(worker, formatRef(actor));
    return runtimeFailed('UNIMPLEMENTED', 'the node agent cannot write a paused actor elsewhere: resume it first');
  }

  #known(worker: WorkerRef): string {
    const name = formatWorker(worker);
    if (this.#workers.has(name)) return name;
    throw unknownWorker(name, this.#workers);
  }

  async #pass<T>(
    name: string,
    call: RuntimeCall & Partial<Pick<RestoreCall, 'snapshot' | 'spec'>>,
    takesWorker: boolean,
    report: ReportProgress,
    signal: AbortSignal,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const worker = formatWorker(call.worker);
    const isOnWorker = (): boolean => {
      const herded = this.#actors.of(call.actor);
      return herded !== undefined && workerOf(herded) === worker;
    };
    const identity = JSON.stringify([name, worker, call.snapshot?.uri ?? '', call.spec ?? '']);
    return await this.#gate.pass(call, { identity, takesWorker, isOnWorker }, report, signal, work);
  }
}

function isLocal({ uri }: Herded): boolean {
  return uri?.startsWith('local:') === true;
}

/** The actor as it was written before, where that has not been used up since. */
function asSaved(herded: Herded | undefined): Herded | undefined {
  if (herded?.uri === undefined || herded.state === 'running' || herded.state === 'saving') return undefined;
  return { ...herded, state: 'saved' };
}

function uriOf(saved: Herded | undefined): Pick<Herded, 'uri'> {
  return saved?.uri === undefined ? {} : { uri: saved.uri };
}

function isNotFound(error: unknown): boolean {
  return error instanceof CoordinatorError && error.runtimeCode === 'NOT_FOUND';
}

function isSavedAs(herded: Herded | undefined, uri: string): boolean {
  return herded?.state === 'saved' && herded.uri === uri;
}
