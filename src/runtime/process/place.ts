// One actor as this node has it, from its start to its end: a directory and the
// process group that works in it, on a worker or, frozen, beside the workers.
// Guarantees: the group is recorded before its program starts, for leftover.ts to
// find after a crash; what an actor saved when it was stopped is kept until its
// snapshot is complete or its claim is over; the directory keeps its path when the
// actor changes workers, as programs remember paths. It holds record.json, root/
// (the working directory: what a snapshot holds) and output.log. It expects one
// call at a time, `stop` aside; in-flight.ts sees to that.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../node-runtime.js';
import { ActorProcess } from './actor-process.js';
import { asRuntimeFailure } from './failure.js';
import { addressOf, environmentOf, lost, origin, type Launch } from './launch.js';
import type { LeftoverContext } from './leftover.js';
import { OutputLog } from './output-log.js';
import { pack } from './pack.js';
import { removePlace, writeRecord, type PlaceRecord, type PlaceState } from './place-record.js';
import { freeze, kill, terminate, thaw } from './process-group.js';
import { choosePort, waitUntilReady } from './ready.js';
import type { ReadyCheck } from './runtime-options.js';
import { openSnapshot, snapshotDirectory } from './snapshot.js';
import { unpack } from './unpack.js';

export interface PlaceContext extends LeftoverContext {
  /** Aborts when the runtime closes. */
  readonly closing: AbortSignal;
}

export class Place {
  readonly #directory: string;
  readonly #root: string;
  readonly #context: PlaceContext;
  #record: PlaceRecord;
  #process: ActorProcess | undefined;
  #launch: Launch | undefined;
  #ended = false;
  #stopping: Promise<boolean> | undefined;

  /** `directory` is nobody else's: it comes into being with `start`, or `takeOver` has found `record` in it. */
  constructor(directory: string, record: PlaceRecord, context: PlaceContext) {
    this.#directory = directory;
    this.#root = join(directory, 'root');
    this.#record = record;
    this.#context = context;
  }

  get actor(): ActorRef {
    return this.#record.actor;
  }

  get fencingToken(): number {
    return this.#record.fencingToken;
  }

  /** `pool/name`; undefined while it is parked. */
  get worker(): string | undefined {
    return this.parkedAs === undefined ? this.#record.worker : undefined;
  }

  /** The LOCAL snapshot that it is, or was until its process ended. */
  get parkedAs(): string | undefined {
    return this.#record.parkedAs;
  }

  get alive(): boolean {
    return this.#process?.alive === true;
  }

  /** Whether there is something of the actor to lose. */
  get isOfWorth(): boolean {
    return this.alive || (this.#record.state === 'stopping' && !this.#ended);
  }

  /** Whether nothing is left of it, so that it can be forgotten. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the memory that was frozen as the LOCAL snapshot `uri` is here, still frozen or thawed since. */
  has(uri: string): boolean {
    if (!this.alive) return false;
    const { state } = this.#record;
    return state === 'frozen' ? this.parkedAs === uri : state === 'running' && this.#launch?.call.snapshot?.uri === uri;
  }

  /**
   * The address of the actor if it runs already, from the same snapshot and with
   * the same spec. From another one, it is not what the caller asks for: it may
   * for example want a fresh boot in place of a restored actor.
   */
  async alreadyServes(call: RestoreCall): Promise<string | undefined> {
    if (!this.alive || this.#record.state !== 'running' || this.#launch === undefined) return undefined;
    if (origin(this.#launch.call) !== origin(call)) return undefined;
    // The newer token, so that no claim older than this one can evict the actor.
    if (this.#record.fencingToken < call.fencingToken) {
      await this.#write({ ...this.#record, fencingToken: call.fencingToken });
    }
    return addressOf(this.#launch);
  }

  /** Once, before everything else. A call that fails leaves nothing. */
  async start(call: RestoreCall, check: ReadyCheck, report: ReportProgress, signal: AbortSignal): Promise<string> {
    try {
      signal.throwIfAborted();
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      if (call.snapshot !== undefined) {
        const snapshot = await openSnapshot(snapshotDirectory(call.snapshot.uri), report, signal);
        try {
          await unpack(snapshot, this.#root, report, signal);
        } finally {
          await snapshot.archive.close();
        }
      }
      this.#launch = { call, check, port: await choosePort() };
      await this.#run(this.#launch, 'starting', 'running', report, signal);
      signal.throwIfAborted();
      return addressOf(this.#launch);
    } catch (error) {
      if (this.#process !== undefined) await kill(this.#process.group.pid, this.#context.clock);
      await this.#clear();
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'starting the actor');
    }
  }

  /**
   * Stops the actor where it stands, memory and all, and takes it off its worker
   * as the LOCAL snapshot `uri`. A call that fails or is cancelled leaves it as
   * it was.
   */
  async freeze(uri: string, fencingToken: number, report: ReportProgress, signal: AbortSignal): Promise<void> {
    const { group, parkedAs } = this.#record;
    if (group === undefined || parkedAs === uri) return;
    try {
      signal.throwIfAborted();
      freeze(group.pid);
      report({ phase: 'freeze', done: 0, total: 0, unit: '', message: 'the actor stands still' });
      await this.#commit({ ...this.#record, state: 'frozen', parkedAs: uri, fencingToken }, signal);
    } catch (error) {
      if (parkedAs === undefined) thaw(group.pid);
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'freezing the actor');
    }
  }

  /**
   * Lets it go on where it stood, on the worker `worker`, at the address that it
   * had. Does no harm to one that goes on already: it then only moves.
   * @throws RUNTIME_FAILED: DATA_LOSS where its process has ended, else it is as it was
   */
  async thaw(call: RestoreCall, worker: string, report: ReportProgress, signal: AbortSignal): Promise<string> {
    const { state, actor, group } = this.#record;
    const program = this.#process;
    const launch = this.#launch;
    if (group === undefined || program === undefined || launch === undefined) throw lost(call, 'nothing runs of it');
    try {
      signal.throwIfAborted();
      thaw(group.pid);
      // A frozen listener accepts too, so that this tells something only after the signal, and most with a ready_path.
      await waitUntilReady(program, launch.port, launch.check, this.#context.clock, report, signal);
      await this.#commit({ actor, fencingToken: call.fencingToken, state: 'running', worker, group }, signal);
      this.#launch = { ...launch, call };
      return addressOf(launch);
    } catch (error) {
      if (!program.alive) throw lost(call, `its process has ended with ${await program.exited}`);
      if (state === 'frozen') freeze(group.pid);
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
    const { clock, logger, stopGraceMs } = this.#context;
    const { state } = this.#record;
    const wasAlive = this.alive;
    try {
      if (this.#process !== undefined && wasAlive) {
        // Before the signal, so that a crash between the two does not take what the actor then saves for a corpse.
        await this.#write({ ...this.#record, state: 'stopping', fencingToken: call.fencingToken });
        signal.throwIfAborted();
        report({ phase: 'stop', done: 0, total: 0, unit: '', message: 'waiting for the actor to save and exit' });
        const end = await terminate(this.#process.group.pid, stopGraceMs, clock);
        if (end !== 'exited') logger.warn({ actor: formatRef(call.actor), end, stopGraceMs }, 'killed the actor');
        await this.#process.exited;
      }
      const sizeBytes = await pack(this.#root, snapshotDirectory(call.snapshot.uri), call, clock, report, signal);
      // The snapshot is complete: whatever is left here is a copy, and if it cannot be removed, the next Restore does it.
      await this.#clear().catch((error: unknown) => {
        logger.error({ err: error, directory: this.#directory }, 'could not remove what was packed');
      });
      return sizeBytes;
    } catch (error) {
      if (wasAlive) await this.#undoStop(state, error);
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'writing the snapshot');
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

  /** Stops the actor as for a checkpoint and keeps its directory: see leftover.ts. */
  async close(): Promise<void> {
    if (this.#process === undefined || !this.alive) return;
    await this.#write({ ...this.#record, state: 'stopping' });
    await terminate(this.#process.group.pid, this.#context.stopGraceMs, this.#context.clock);
    await this.#process.exited;
  }

  async #stop(): Promise<boolean> {
    const { clock, stopGraceMs } = this.#context;
    const running = this.alive ? this.#process : undefined;
    // One that is frozen is answering nobody: there is nothing that it should bring to an end first.
    if (running !== undefined && this.#record.state === 'frozen') await kill(running.group.pid, clock);
    else if (running !== undefined) await terminate(running.group.pid, stopGraceMs, clock);
    await this.#clear();
    return running !== undefined;
  }

  async #run(
    launch: Launch,
    until: PlaceState,
    then: PlaceState,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { call, check, port } = launch;
    const output = new OutputLog(join(this.#directory, 'output.log'));
    const program = await ActorProcess.hold(call.spec.command, environmentOf(launch), this.#root, output);
    this.#process = program;
    await this.#write({ ...this.#record, state: until, group: program.group });
    program.release();
    await waitUntilReady(program, port, check, this.#context.clock, report, signal);
    if (then === 'frozen') freeze(program.group.pid);
    await this.#write({ ...this.#record, state: then });
    void program.exited.then((end) => this.#onExit(program, end));
  }

  async #undoStop(state: PlaceState, cause: unknown): Promise<void> {
    const { clock, closing, logger } = this.#context;
    // `close` wants it stopped and saved, which it is, or sees to that next.
    if (this.#launch === undefined || closing.aborted) return;
    if (this.alive) {
      await this.#write({ ...this.#record, state });
      return;
    }
    const actor = formatRef(this.#record.actor);
    try {
      this.#launch = { ...this.#launch, port: await choosePort(this.#launch.port) };
      // Recorded as `stopping` until it is ready: what it saved is still the only copy.
      await this.#run(this.#launch, 'stopping', state, () => undefined, closing);
      logger.warn({ actor, err: cause, state, port: this.#launch.port }, 'checkpoint undone; the actor is up again');
    } catch (error) {
      if (this.#process !== undefined) await kill(this.#process.group.pid, clock);
      logger.error({ actor, err: error }, 'the actor does not start again; its directory is kept for a checkpoint');
    }
  }

  async #onExit(program: ActorProcess, end: string): Promise<void> {
    const { actor, state } = this.#record;
    if (this.#process !== program || (state !== 'running' && state !== 'frozen')) return;
    // What is left of the group is not the actor any more.
    await kill(program.group.pid, this.#context.clock);
    const output = await program.lastOutput(this.#context.clock);
    this.#context.logger.warn({ actor: formatRef(actor), state, end, output }, 'an actor ended by itself');
  }

  async #write(record: PlaceRecord): Promise<void> {
    await writeRecord(this.#directory, record);
    this.#record = record;
  }

  /** As `#write`, unless the call is cancelled meanwhile: nobody has then seen the actor on or off a worker. */
  async #commit(record: PlaceRecord, signal: AbortSignal): Promise<void> {
    await writeRecord(this.#directory, record);
    if (signal.aborted) await writeRecord(this.#directory, this.#record);
    signal.throwIfAborted();
    this.#record = record;
  }

  async #clear(): Promise<void> {
    await removePlace(this.#directory);
    this.#process = undefined;
    this.#launch = undefined;
    this.#ended = true;
  }
}
