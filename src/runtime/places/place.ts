// One actor as this node has it, from its start to its end: a directory and the
// program that belongs to it, on a worker or, frozen, beside the workers.
// Guarantees: the program is recorded before it starts, for leftover.ts to find
// after a crash; what an actor saved when it was stopped is kept until its
// snapshot is complete or its claim is over; the directory keeps its path when the
// actor changes workers, as programs remember paths. It holds record.json and
// what the kind of runtime keeps there. It expects one call at a time, `stop`
// aside; in-flight.ts sees to that.

import { mkdir } from 'node:fs/promises';
import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../node-runtime.js';
import { asRuntimeFailure, notUndone, runtimeFailed } from './failure.js';
import type { Launch, Program } from './kind.js';
import { lost, origin } from './launch.js';
import type { LeftoverContext } from './leftover.js';
import { removePlace, WrittenRecord, type PlaceRecord, type PlaceState } from './place-record.js';
import { waitUntilReady } from './ready.js';
import type { ReadyCheck } from './ready-options.js';

export interface PlaceContext extends LeftoverContext {
  /** Aborts when the runtime closes. */
  readonly closing: AbortSignal;
}

export class Place {
  readonly #directory: string;
  readonly #context: PlaceContext;
  readonly #record: WrittenRecord;
  #program: Program | undefined;
  #launch: Launch | undefined;
  #ended = false;
  #stopping: Promise<boolean> | undefined;

  /** `directory` is nobody else's: it comes into being with `start`, or `takeOver` has found `record` in it. */
  constructor(directory: string, record: PlaceRecord, context: PlaceContext, adopted?: Program) {
    this.#directory = directory;
    this.#record = new WrittenRecord(directory, record);
    this.#context = context;
    if (adopted === undefined || record.call === undefined) return;
    this.#program = adopted;
    this.#launch = { call: record.call, check: context.kind.checkSpec(record.call.spec) };
    void adopted.exited.then((end) => this.#onExit(adopted, end));
  }

  get actor(): ActorRef {
    return this.#record.now.actor;
  }

  get fencingToken(): number {
    return this.#record.now.fencingToken;
  }

  /** `pool/name`; undefined while it is parked. */
  get worker(): string | undefined {
    return this.parkedAs === undefined ? this.#record.now.worker : undefined;
  }

  /** The LOCAL snapshot that it is, or was until its process ended. */
  get parkedAs(): string | undefined {
    return this.#record.now.parkedAs;
  }

  get alive(): boolean {
    return this.#program?.alive === true;
  }

  /** Whether there is something of the actor to lose. */
  get isOfWorth(): boolean {
    return this.alive || (this.#record.now.state === 'stopping' && !this.#ended);
  }

  /** Whether nothing is left of it, so that it can be forgotten. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the memory that was frozen as the LOCAL snapshot `uri` is here, still frozen or thawed since. */
  has(uri: string): boolean {
    if (!this.alive) return false;
    const { state } = this.#record.now;
    return state === 'frozen' ? this.parkedAs === uri : state === 'running' && this.#launch?.call.snapshot?.uri === uri;
  }

  /** Where the actor serves if it runs already from the same snapshot and spec: from others, it is not what is asked for. */
  async alreadyServes(call: RestoreCall): Promise<string | undefined> {
    if (this.#program?.alive !== true || this.#record.now.state !== 'running') return undefined;
    if (this.#launch === undefined || origin(this.#launch.call) !== origin(call)) return undefined;
    // The newer token, so that no claim older than this one can evict the actor.
    if (this.#record.now.fencingToken < call.fencingToken) {
      await this.#record.change({ fencingToken: call.fencingToken });
    }
    return this.#program.address;
  }

  /** Once, before everything else. A call that fails leaves nothing. */
  async start(call: RestoreCall, check: ReadyCheck, report: ReportProgress, signal: AbortSignal): Promise<string> {
    const { kind, logger } = this.#context;
    try {
      signal.throwIfAborted();
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await kind.prepare(this.#directory, call, report, signal);
      this.#launch = { call, check };
      const program = await this.#run(this.#launch, 'starting', 'running', report, signal);
      signal.throwIfAborted();
      return program.address;
    } catch (error) {
      const reason = signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'starting the actor');
      // If that fails too, the place stays for the next call on the actor, which tries it again.
      const gone = Promise.resolve(this.#program?.kill()).then(() => this.#clear());
      await gone.catch((failure: unknown) => {
        logger.error({ err: failure, directory: this.#directory }, 'could not remove what did not start');
        throw signal.aborted ? reason : notUndone(reason);
      });
      throw reason;
    }
  }

  /** Takes the actor off its worker, as it stands, as the LOCAL snapshot `uri`. A call that fails leaves it as it was. */
  async freeze(uri: string, fencingToken: number, report: ReportProgress, signal: AbortSignal): Promise<void> {
    const { parkedAs } = this.#record.now;
    const program = this.#program;
    if (program === undefined || parkedAs === uri) return;
    try {
      signal.throwIfAborted();
      await program.freeze();
      report({ phase: 'freeze', done: 0, total: 0, unit: '', message: 'the actor stands still' });
      await this.#record.commit({ ...this.#record.now, state: 'frozen', parkedAs: uri, fencingToken }, signal);
    } catch (error) {
      if (parkedAs === undefined) await program.thaw();
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'freezing the actor');
    }
  }

  /**
   * Lets it go on where it stood, on the worker `worker`, at the address that it
   * had. Does no harm to one that goes on already: it then only moves.
   * @throws RUNTIME_FAILED: DATA_LOSS where its process has ended, else it is as it was
   */
  async thaw(call: RestoreCall, worker: string, report: ReportProgress, signal: AbortSignal): Promise<string> {
    const { state, actor } = this.#record.now;
    const program = this.#program;
    const launch = this.#launch;
    if (program === undefined || launch === undefined) throw lost(call, 'nothing runs of it');
    const { group } = program;
    try {
      signal.throwIfAborted();
      await program.thaw();
      // A frozen listener accepts too, so that this tells something only after the signal, and most with a ready_path.
      await waitUntilReady(program, launch.check, this.#context.clock, report, signal);
      const running: PlaceRecord = { actor, fencingToken: call.fencingToken, state: 'running', worker, group };
      await this.#record.commit(this.#context.kind.outlives ? { ...running, call } : running, signal);
      this.#launch = { ...launch, call };
      return program.address;
    } catch (error) {
      if (!program.alive) throw lost(call, `its process has ended with ${await program.exited}`);
      if (state === 'frozen') await program.freeze();
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'thawing the actor');
    }
  }

  /**
   * Stops the actor so that it saves its state, and packs its directory. A call
   * that fails or is cancelled after the actor was stopped starts it again from
   * what it saved, on the same port if that is still free, and waits until it
   * is ready: so it serves again, or is frozen again, and has lost no state but
   * its connections.
   */
  async checkpoint(call: CheckpointCall, report: ReportProgress, signal: AbortSignal): Promise<number> {
    const { kind, logger, stopGraceMs } = this.#context;
    const { state } = this.#record.now;
    const wasAlive = this.alive;
    let crashed = false;
    try {
      if (this.#program !== undefined && wasAlive) {
        // Before the signal, so that a crash between the two does not take what the actor then saves for a corpse.
        await this.#record.change({ state: 'stopping', fencingToken: call.fencingToken });
        signal.throwIfAborted();
        report({ phase: 'stop', done: 0, total: 0, unit: '', message: 'waiting for the actor to save and exit' });
        const end = await this.#program.terminate(stopGraceMs);
        crashed = end === 'crashed';
        if (crashed) {
          // As if it had ended before it was asked: what lies here is not what it knew, and must not become its latest.
          await this.#record.change({ state });
          const how = await this.#program.exited;
          throw runtimeFailed('NOT_FOUND', `actor ${formatRef(call.actor)} ended with ${how} while it was to save`);
        }
        if (end !== 'exited') logger.warn({ actor: formatRef(call.actor), end, stopGraceMs }, 'killed the actor');
        await this.#program.exited;
      }
      const sizeBytes = await kind.pack(this.#directory, this.#record.now.group, call, report, signal);
      // The snapshot is complete: whatever is left here is a copy, and if it cannot be removed, the next Restore does it.
      await this.#clear().catch((error: unknown) => {
        logger.error({ err: error, directory: this.#directory }, 'could not remove what was packed');
      });
      return sizeBytes;
    } catch (error) {
      const reason = signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'writing the snapshot');
      if (wasAlive && !crashed && !(await this.#undoStop(state, error)) && !signal.aborted) throw notUndone(reason);
      throw reason;
    }
  }

  /** Ends it without a snapshot and removes everything. Resolves with whether anything ran. */
  stop(): Promise<boolean> {
    // Two calls at a time are one: an actor may be driven out of its worker just when it is to start on another.
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** Stops the actor as for a checkpoint and keeps its directory, unless it goes on by itself: see leftover.ts. */
  async close(): Promise<void> {
    const program = this.#program;
    const { kind, stopGraceMs } = this.#context;
    if (program !== undefined && program.alive && !kind.outlives) {
      await this.#record.change({ state: 'stopping' });
      await program.terminate(stopGraceMs);
      await program.exited;
    }
    program?.detach();
  }

  async #stop(): Promise<boolean> {
    const running = this.alive ? this.#program : undefined;
    // One that is frozen is answering nobody: there is nothing that it should bring to an end first.
    if (running !== undefined && this.#record.now.state === 'frozen') await running.kill();
    else if (running !== undefined) await running.terminate(this.#context.stopGraceMs);
    await this.#clear();
    return running !== undefined;
  }

  async #run(
    launch: Launch,
    until: PlaceState,
    then: PlaceState,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<Program> {
    const { kind } = this.#context;
    const program = await kind.hold(this.#directory, launch, this.#program, signal);
    this.#program = program;
    const { call } = launch;
    await this.#record.change({ state: until, group: program.group, ...(kind.outlives ? { call } : {}) });
    await program.release();
    await waitUntilReady(program, launch.check, this.#context.clock, report, signal);
    if (then === 'frozen') await program.freeze();
    await this.#record.change({ state: then });
    void program.exited.then((end) => this.#onExit(program, end));
    return program;
  }

  /** Whether the actor is up again. Never rejects. */
  async #undoStop(state: PlaceState, cause: unknown): Promise<boolean> {
    const { closing, logger } = this.#context;
    // `close` wants it stopped and saved, which it is, or sees to that next.
    if (this.#launch === undefined || closing.aborted) return false;
    const actor = formatRef(this.#record.now.actor);
    try {
      if (this.alive) {
        await this.#record.change({ state });
        return true;
      }
      // Recorded as `stopping` until it is ready: what it saved is still the only copy.
      const { address } = await this.#run(this.#launch, 'stopping', state, () => undefined, closing);
      logger.warn({ actor, err: cause, state, address }, 'checkpoint undone; the actor is up again');
      return true;
    } catch (error) {
      await this.#program?.kill().catch(() => undefined);
      logger.error({ actor, err: error }, 'the actor does not start again; its directory is kept for a checkpoint');
      return false;
    }
  }

  /** Never rejects. */
  async #onExit(program: Program, end: string): Promise<void> {
    const { actor, state } = this.#record.now;
    const expected = this.#stopping !== undefined || (state !== 'running' && state !== 'frozen');
    if (this.#program !== program || expected) return;
    const output = await program.lastOutput(this.#context.clock);
    // What is left of it is not the actor any more.
    const left = await program.kill().catch((error: unknown) => error);
    this.#context.logger.warn({ actor: formatRef(actor), state, end, output, left }, 'an actor ended by itself');
  }

  async #clear(): Promise<void> {
    await this.#context.kind.clear(this.#directory, this.#program?.group ?? this.#record.now.group);
    await removePlace(this.#directory);
    this.#program?.detach();
    this.#program = undefined;
    this.#launch = undefined;
    this.#ended = true;
  }
}
