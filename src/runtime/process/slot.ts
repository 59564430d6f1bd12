// One worker: a directory, and at most one actor in it. Guarantees: a process
// group is recorded before its program starts, so that `open` after a crash
// finds and ends it; the directory of an actor that was stopped so that it could
// save is kept until its snapshot is complete or its claim is over. It expects
// one call at a time; in-flight.ts sees to that.
//
//   <directory>/record.json   who is in it
//   <directory>/root/         the actor's working directory: what a snapshot holds
//   <directory>/output.log    what the actor wrote

import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { formatRef, type ActorRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../node-runtime.js';
import { ActorProcess } from './actor-process.js';
import { syncDirectory, writeDurably } from './durable-file.js';
import { asRuntimeFailure, runtimeFailed } from './failure.js';
import { OutputLog } from './output-log.js';
import { pack } from './pack.js';
import { isSame, kill, terminate, type GroupIdentity } from './process-group.js';
import { choosePort, waitUntilReady } from './ready.js';
import type { ReadyCheck } from './runtime-options.js';
import { openSnapshot, snapshotDirectory } from './snapshot.js';
import { unpack } from './unpack.js';

export interface SlotContext {
  readonly stopGraceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the runtime closes. */
  readonly closing: AbortSignal;
}

/**
 * `starting`: not ready yet, worth nothing. `running`: what it did since its
 * snapshot is in its memory. `stopping`: it has been, or is about to be, told to
 * save and exit: its directory is the only copy of what it saved.
 */
type State = 'starting' | 'running' | 'stopping';

interface SlotRecord {
  readonly actor: ActorRef;
  readonly fencingToken: number;
  readonly state: State;
  readonly group?: GroupIdentity;
}

/** What a program was started from and with, for starting it once more. */
interface Launch {
  readonly call: RestoreCall;
  readonly check: ReadyCheck;
  readonly port: number;
}

export class Slot {
  readonly #directory: string;
  readonly #root: string;
  readonly #context: SlotContext;
  readonly #logger: Logger;
  #record: SlotRecord | undefined;
  #process: ActorProcess | undefined;
  #launch: Launch | undefined;

  private constructor(directory: string, context: SlotContext) {
    this.#directory = directory;
    this.#root = join(directory, 'root');
    this.#context = context;
    this.#logger = context.logger;
  }

  /**
   * Takes a worker's directory over from an earlier runtime. An actor that still
   * runs there is told to save and is stopped, as for a checkpoint: a later
   * Checkpoint then packs what it saved, and nothing is lost.
   */
  static async open(directory: string, context: SlotContext): Promise<Slot> {
    const slot = new Slot(directory, context);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const record = await readRecord(join(directory, 'record.json'));
    if (record === undefined) {
      await slot.#clear();
      return slot;
    }
    slot.#record = record;
    const leftover = record.group !== undefined && (await isSame(record.group)) ? record.group : undefined;
    if (record.state === 'starting' || (record.state === 'running' && leftover === undefined)) {
      if (leftover !== undefined) await kill(leftover.pid, context.clock);
      await slot.#clear();
    } else {
      // Before the signal, as in `checkpoint`: this runtime may be killed in between as well.
      await slot.#write({ ...record, state: 'stopping' });
      if (leftover !== undefined) {
        const end = await terminate(leftover.pid, context.stopGraceMs, context.clock);
        slot.#logger.warn({ actor: formatRef(record.actor), pid: leftover.pid, end }, 'stopped a leftover actor');
      }
    }
    return slot;
  }

  /** Who is in it, dead or alive, as long as there is something of it to lose. */
  get occupant(): { readonly actor: ActorRef; readonly fencingToken: number } | undefined {
    return this.alive || this.#record?.state === 'stopping' ? this.#record : undefined;
  }

  holds(actor: ActorRef): boolean {
    return this.#record !== undefined && formatRef(this.#record.actor) === formatRef(actor);
  }

  get alive(): boolean {
    return this.#process?.alive === true;
  }

  /**
   * The address of the actor if it runs already, from the same snapshot and with
   * the same spec. From another one, it is not what the caller asks for: it may
   * for example want a fresh boot in place of a restored actor.
   */
  async alreadyServes(call: RestoreCall): Promise<string | undefined> {
    if (!this.holds(call.actor) || !this.alive || this.#record?.state !== 'running') return undefined;
    if (this.#launch === undefined || origin(this.#launch.call) !== origin(call)) return undefined;
    // The newer token, so that no claim older than this one can evict the actor.
    if (this.#record.fencingToken < call.fencingToken) {
      await this.#write({ ...this.#record, fencingToken: call.fencingToken });
    }
    return `127.0.0.1:${String(this.#launch.port)}`;
  }

  /** Removes whatever is there, then starts the actor. A call that fails leaves the worker empty. */
  async restore(call: RestoreCall, check: ReadyCheck, report: ReportProgress, signal: AbortSignal): Promise<string> {
    await this.stop();
    try {
      signal.throwIfAborted();
      await mkdir(this.#root, { mode: 0o700 });
      if (call.snapshot !== undefined) {
        const snapshot = await openSnapshot(snapshotDirectory(call.snapshot.uri), report, signal);
        try {
          await unpack(snapshot, this.#root, report, signal);
        } finally {
          await snapshot.archive.close();
        }
      }
      this.#launch = { call, check, port: await choosePort() };
      await this.#start(this.#launch, 'starting', report, signal);
      signal.throwIfAborted();
      return `127.0.0.1:${String(this.#launch.port)}`;
    } catch (error) {
      if (this.#process !== undefined) await kill(this.#process.group.pid, this.#context.clock);
      await this.#clear();
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'starting the actor');
    }
  }

  /**
   * Stops the actor so that it saves its state, and packs its directory. A call
   * that fails or is cancelled after the actor was stopped starts it again from
   * what it saved, on the same port if that is still free, and waits until it
   * is ready: so it serves again, and has lost no state but its connections.
   */
  async checkpoint(call: CheckpointCall, report: ReportProgress, signal: AbortSignal): Promise<number> {
    const { clock, stopGraceMs } = this.#context;
    const wasAlive = this.alive;
    try {
      if (this.#record !== undefined && this.#process !== undefined && wasAlive) {
        // Before the signal, so that a crash between the two does not take what the actor then saves for a corpse.
        await this.#write({ ...this.#record, state: 'stopping', fencingToken: call.fencingToken });
        signal.throwIfAborted();
        report({ phase: 'stop', done: 0, total: 0, unit: '', message: 'waiting for the actor to save and exit' });
        const end = await terminate(this.#process.group.pid, stopGraceMs, clock);
        if (end !== 'exited') this.#logger.warn({ actor: formatRef(call.actor), end, stopGraceMs }, 'killed the actor');
        await this.#process.exited;
      }
      const sizeBytes = await pack(this.#root, snapshotDirectory(call.snapshot.uri), call, clock, report, signal);
      // The snapshot is complete: whatever is left here is a copy, and if it cannot be removed, the next Restore does it.
      await this.#clear().catch((error: unknown) => {
        this.#logger.error({ err: error, directory: this.#directory }, 'could not empty the worker');
      });
      return sizeBytes;
    } catch (error) {
      if (wasAlive) await this.#resumeRunning(error);
      throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'writing the snapshot');
    }
  }

  /** Stops what is there, without a snapshot, and empties the worker. Resolves with whether anything ran. */
  async stop(): Promise<boolean> {
    const running = this.alive ? this.#process : undefined;
    if (running !== undefined) await terminate(running.group.pid, this.#context.stopGraceMs, this.#context.clock);
    await this.#clear();
    return running !== undefined;
  }

  /** Stops the actor as for a checkpoint and keeps its directory: see `open`. */
  async close(): Promise<void> {
    if (this.#record === undefined || this.#process === undefined || !this.alive) return;
    await this.#write({ ...this.#record, state: 'stopping' });
    await terminate(this.#process.group.pid, this.#context.stopGraceMs, this.#context.clock);
    await this.#process.exited;
  }

  async #start(launch: Launch, until: State, report: ReportProgress, signal: AbortSignal): Promise<void> {
    const { call, check, port } = launch;
    const { actor, fencingToken, spec } = call;
    const env = {
      ...spec.env,
      PORT: String(port),
      ACTOR_NAMESPACE: actor.namespace,
      ACTOR_NAME: actor.name,
    };
    const output = new OutputLog(join(this.#directory, 'output.log'));
    const program = await ActorProcess.hold(spec.command, env, this.#root, output);
    this.#process = program;
    await this.#write({ actor, fencingToken, state: until, group: program.group });
    program.release();
    await waitUntilReady(program, port, check, this.#context.clock, report, signal);
    await this.#write({ actor, fencingToken, state: 'running', group: program.group });
    void program.exited.then((end) => this.#onExit(program, end));
  }

  async #resumeRunning(cause: unknown): Promise<void> {
    const { clock, closing } = this.#context;
    if (this.#record === undefined || this.#launch === undefined) return;
    // `close` wants it stopped and saved, which it is, or sees to that next.
    if (closing.aborted) return;
    if (this.alive) {
      await this.#write({ ...this.#record, state: 'running' });
      return;
    }
    const actor = formatRef(this.#record.actor);
    try {
      const call = { ...this.#launch.call, fencingToken: this.#record.fencingToken };
      this.#launch = { ...this.#launch, call, port: await choosePort(this.#launch.port) };
      // Recorded as `stopping` until it is ready: what it saved is still the only copy.
      await this.#start(this.#launch, 'stopping', () => undefined, closing);
      this.#logger.warn({ actor, err: cause, port: this.#launch.port }, 'checkpoint undone; the actor runs again');
    } catch (error) {
      if (this.#process !== undefined) await kill(this.#process.group.pid, clock);
      this.#logger.error(
        { actor, err: error },
        'the actor does not start again; its directory is kept for a checkpoint',
      );
    }
  }

  async #onExit(program: ActorProcess, end: string): Promise<void> {
    if (this.#process !== program || this.#record?.state !== 'running') return;
    // What is left of the group is not the actor any more.
    await kill(program.group.pid, this.#context.clock);
    const output = await program.lastOutput(this.#context.clock);
    this.#logger.warn({ actor: formatRef(this.#record.actor), end, output }, 'an actor ended by itself');
  }

  async #write(record: SlotRecord): Promise<void> {
    await writeDurably(join(this.#directory, 'record.json'), `${JSON.stringify(record, undefined, 2)}\n`);
    this.#record = record;
  }

  /** The record goes first: a directory without one is rubbish, a record without its directory a lie. */
  async #clear(): Promise<void> {
    await rm(join(this.#directory, 'record.json'), { force: true });
    await syncDirectory(this.#directory);
    this.#record = undefined;
    this.#process = undefined;
    this.#launch = undefined;
    for (const name of ['root', 'output.log', 'output.log.1']) {
      await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }
}

function origin({ snapshot, spec }: RestoreCall): string {
  const env = Object.entries(spec.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([snapshot?.uri ?? '', spec.command, env, spec.runtimeOptions ?? {}]);
}

async function readRecord(path: string): Promise<SlotRecord | undefined> {
  try {
    // Written by `writeDurably` alone, so it is whole or missing.
    return JSON.parse(await readFile(path, 'utf8')) as SlotRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw runtimeFailed('INTERNAL', `${path}: ${(error as Error).message}`, error);
  }
}
