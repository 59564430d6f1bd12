// The built-in node runtime: runs each actor as a process group in a directory
// of its own, on this machine and with this process's rights, so for
// development and trusted workloads only. Guarantees what node_runtime.proto
// asks for: fencing that outlives restarts, calls that can be repeated, calls
// that are undone when cancelled. Stop alone is not undone once it has begun:
// what it throws away was given up already.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { formatRef, isDnsLabel, type WorkerRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import { CoordinatorError, invalidArgument } from '../../errors.js';
import type { CheckpointCall, NodeRuntime, ReportProgress, RestoreCall, RuntimeCall } from '../node-runtime.js';
import { writeDurably } from './durable-file.js';
import { asRuntimeFailure, runtimeFailed } from './failure.js';
import { InFlight, occupied } from './in-flight.js';
import { identify, isSame, type GroupIdentity } from './process-group.js';
import { checkSpec } from './runtime-options.js';
import { Slot, type SlotContext } from './slot.js';
import { isComplete, snapshotDirectory } from './snapshot.js';
import { TokenLog } from './token-log.js';

export interface ProcessRuntimeOptions {
  /** An absolute directory that this runtime has for itself, across its restarts. */
  readonly dataDir: string;
  readonly workers: readonly WorkerRef[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** How long a program may take to save and exit after SIGTERM, before SIGKILL. Default: 10 s, as containers have it. */
  readonly stopGraceMs?: number;
}

const DEFAULT_STOP_GRACE_MS = 10_000;
const silent: ReportProgress = () => undefined;

export class ProcessRuntime implements NodeRuntime {
  readonly #options: ProcessRuntimeOptions;
  readonly #tokens: TokenLog;
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #closing: AbortController;
  readonly #inFlight = new InFlight();

  private constructor(
    options: ProcessRuntimeOptions,
    tokens: TokenLog,
    slots: ReadonlyMap<string, Slot>,
    closing: AbortController,
  ) {
    this.#options = options;
    this.#tokens = tokens;
    this.#slots = slots;
    this.#closing = closing;
  }

  /**
   * Takes over what an earlier runtime left in the data directory: within
   * `stopGraceMs` all actors that still run are stopped.
   * @throws INVALID_ARGUMENT naming the option; an Error when another runtime uses the directory
   */
  static async open(options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
    for (const { pool, name } of options.workers) {
      if (!isDnsLabel(pool)) throw invalidArgument('worker.pool', pool, 'a DNS-1123 label');
      if (!isDnsLabel(name)) throw invalidArgument('worker.name', name, 'a DNS-1123 label');
    }
    const closing = new AbortController();
    const { clock, dataDir, logger, stopGraceMs = DEFAULT_STOP_GRACE_MS } = options;
    const context: SlotContext = { clock, logger, stopGraceMs, closing: closing.signal };
    const workersDir = join(dataDir, 'workers');
    await mkdir(workersDir, { recursive: true, mode: 0o700 });
    await takeDirectory(dataDir);
    // Also workers that are not served any more: what runs in them has to end.
    const names = new Set([...(await readdir(workersDir)), ...options.workers.map(directoryName)]);
    const opened = await Promise.all(
      [...names].map(async (name) => [name, await Slot.open(join(workersDir, name), context)] as const),
    );
    const all = new Map(opened);
    const slots = new Map<string, Slot>();
    for (const worker of options.workers) {
      const slot = all.get(directoryName(worker));
      if (slot !== undefined) slots.set(formatWorker(worker), slot);
    }
    return new ProcessRuntime(options, await TokenLog.open(join(dataDir, 'tokens.log')), slots, closing);
  }

  async restore(call: RestoreCall, report: ReportProgress, signal: AbortSignal): Promise<{ readonly address: string }> {
    const check = checkSpec(call.spec);
    if (call.snapshot !== undefined) snapshotDirectory(call.snapshot.uri);
    const worker = formatWorker(call.worker);
    const slot = this.#slots.get(worker);
    // Not NOT_FOUND: that would say something about the actor.
    if (slot === undefined) throw this.#unknownWorker(worker);
    const identity = JSON.stringify(['restore', worker, call.snapshot?.uri ?? '', call.spec]);
    const address = await this.#run(call, identity, true, report, signal, async (tell, cancelled) => {
      const running = await slot.alreadyServes(call);
      if (running !== undefined) return running;
      const { occupant } = slot;
      // Tokens are times, and claims exclusive: an occupant with a lower one is left from a claim that is over.
      if (occupant !== undefined && !slot.holds(call.actor) && occupant.fencingToken >= call.fencingToken) {
        throw occupied(worker, formatRef(occupant.actor), occupant.fencingToken);
      }
      // An actor runs once: what it left on another of our workers is over too.
      for (const other of this.#slots.values()) if (other !== slot && other.holds(call.actor)) await other.stop();
      const started = await slot.restore(call, check, tell, cancelled);
      this.#options.logger.info({ actor: formatRef(call.actor), worker, address: started }, 'actor started');
      return started;
    });
    return { address };
  }

  async checkpoint(
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const directory = snapshotDirectory(call.snapshot.uri);
    const worker = formatWorker(call.worker);
    const slot = this.#slots.get(worker);
    if (slot === undefined) throw this.#unknownWorker(worker);
    const identity = JSON.stringify(['checkpoint', worker, call.snapshot.uri]);
    const sizeBytes = await this.#run(call, identity, false, report, signal, async (tell, cancelled) => {
      if (!slot.holds(call.actor) || !slot.alive) {
        const size = await isComplete(directory, call.actor, tell, cancelled);
        if (size !== undefined) {
          // This is the repetition of a call that was cut off after its snapshot had become complete.
          if (slot.holds(call.actor)) await slot.stop();
          return size;
        }
        if (!slot.holds(call.actor) || slot.occupant === undefined) {
          throw runtimeFailed('NOT_FOUND', `worker ${worker} does not run actor ${formatRef(call.actor)}`);
        }
      }
      const size = await slot.checkpoint(call, tell, cancelled);
      this.#options.logger.info({ actor: formatRef(call.actor), worker, uri: call.snapshot.uri, size }, 'actor packed');
      return size;
    });
    return { sizeBytes };
  }

  async stop(call: RuntimeCall, signal: AbortSignal): Promise<{ readonly stopped: boolean }> {
    const worker = formatWorker(call.worker);
    const slot = this.#slots.get(worker);
    const identity = JSON.stringify(['stop', worker]);
    const stopped = await this.#run(call, identity, false, silent, signal, async (_tell, cancelled) => {
      cancelled.throwIfAborted();
      return slot?.holds(call.actor) === true && (await slot.stop());
    });
    return { stopped };
  }

  /**
   * Cancels the calls under way, then stops every actor as for a checkpoint. A
   * runtime opened on the same directory can write their snapshots.
   */
  async close(): Promise<void> {
    const reason = new CoordinatorError('RUNTIME_UNAVAILABLE', 'the node runtime is shutting down', {
      maybeDone: true,
    });
    this.#closing.abort(reason);
    await this.#inFlight.close(reason);
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
    await this.#tokens.close();
    await rm(ownerFile(this.#options.dataDir), { force: true });
  }

  async #run<T>(
    call: RuntimeCall,
    identity: string,
    takesWorker: boolean,
    report: ReportProgress,
    signal: AbortSignal,
    work: (report: ReportProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#closing.signal.throwIfAborted();
    const actor = formatRef(call.actor);
    const { fencingToken } = call;
    try {
      // Before anything has an effect: a token that could be forgotten fences nothing.
      await this.#tokens.admit(actor, fencingToken);
      const worker = formatWorker(call.worker);
      const usesWorker = (): boolean => takesWorker || this.#slots.get(worker)?.holds(call.actor) === true;
      const exclusive = { actor, worker, fencingToken, identity, takesWorker, usesWorker };
      const refuse = (): void => {
        this.#closing.signal.throwIfAborted();
        this.#tokens.refuseStale(actor, fencingToken);
      };
      return await this.#inFlight.run(exclusive, refuse, report, signal, work);
    } catch (error) {
      throw error === signal.reason ? error : asRuntimeFailure(error, `running ${actor}`);
    }
  }

  #unknownWorker(worker: string): CoordinatorError {
    const known = [...this.#slots.keys()].join(', ');
    return runtimeFailed('FAILED_PRECONDITION', `worker ${worker} is not one of this node runtime's: ${known}`);
  }
}

function formatWorker({ pool, name }: WorkerRef): string {
  return `${pool}/${name}`;
}

/** DNS labels have no "_", so that no two workers share a directory. */
function directoryName({ pool, name }: WorkerRef): string {
  return `${pool}_${name}`;
}

function ownerFile(dataDir: string): string {
  return join(dataDir, 'owner.json');
}

/** Two runtimes on one directory would take each other's actors for leftovers. Catches a mistake, not a race of two starts. */
async function takeDirectory(dataDir: string): Promise<void> {
  const path = ownerFile(dataDir);
  const text = await readFile(path, 'utf8').catch(() => 'null');
  const owner = JSON.parse(text) as GroupIdentity | null;
  if (owner !== null && (await isSame(owner))) {
    throw new Error(`${dataDir} is in use by the node runtime with process id ${String(owner.pid)}`);
  }
  await writeDurably(path, `${JSON.stringify(await identify(process.pid))}\n`);
}
