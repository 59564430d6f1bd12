// A node runtime for actors that are programs of one kind on this machine.
// Guarantees what node_runtime.proto asks for: fencing that outlives restarts,
// calls that can be repeated, calls that are undone when cancelled. Stop alone is
// not undone once it has begun: what it throws away was given up already. A LOCAL
// snapshot is the actor itself, frozen and parked beside the workers: it lives as
// long as its program does.

import { join } from 'node:path';
import type { Logger } from 'pino';
import { formatRef, isDnsLabel, type ActorRef, type WorkerRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import { invalidArgument } from '../../errors.js';
import type { CheckpointCall, NodeRuntime, ReportProgress, RestoreCall, RuntimeCall } from '../node-runtime.js';
import { doesNotRun, formatWorker, Gate, unknownWorker, type Entry } from './gate.js';
import type { Kind } from './kind.js';
import type { PlaceContext } from './place.js';
import { Places } from './places.js';
import { checkUri, isComplete, snapshotDirectory } from './snapshot.js';

export interface PlacedRuntimeOptions {
  /** An absolute directory that this runtime has for itself, across its restarts. */
  readonly dataDir: string;
  readonly workers: readonly WorkerRef[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** How long a program may take to save and exit after SIGTERM, before SIGKILL. Default: 10 s, as containers have it. */
  readonly stopGraceMs?: number;
  /** How many actors can be frozen at once. They take memory, and a port each, beside those that run. Default: 10 per worker. */
  readonly maxParked?: number;
}

const DEFAULT_STOP_GRACE_MS = 10_000;
/** A small program has some 50 MB, and who gives a node more workers also gives it more memory. */
const DEFAULT_PARKED_PER_WORKER = 10;
const silent: ReportProgress = () => undefined;

export class PlacedRuntime implements NodeRuntime {
  readonly #kind: Kind;
  readonly #options: PlacedRuntimeOptions;
  readonly #gate: Gate;
  readonly #places: Places;
  readonly #workers: ReadonlySet<string>;

  private constructor(kind: Kind, options: PlacedRuntimeOptions, gate: Gate, places: Places) {
    this.#kind = kind;
    this.#options = options;
    this.#gate = gate;
    this.#places = places;
    this.#workers = new Set(options.workers.map(formatWorker));
  }

  /**
   * Takes over what an earlier runtime left in the data directory: see leftover.ts.
   * @throws INVALID_ARGUMENT naming the option; an Error when another runtime uses the directory
   */
  static async open(kind: Kind, options: PlacedRuntimeOptions): Promise<PlacedRuntime> {
    for (const { pool, name } of options.workers) {
      if (!isDnsLabel(pool)) throw invalidArgument('worker.pool', pool, 'a DNS-1123 label');
      if (!isDnsLabel(name)) throw invalidArgument('worker.name', name, 'a DNS-1123 label');
    }
    const { clock, dataDir, logger, stopGraceMs = DEFAULT_STOP_GRACE_MS } = options;
    const maxParked = options.maxParked ?? DEFAULT_PARKED_PER_WORKER * options.workers.length;
    if (!Number.isSafeInteger(maxParked) || maxParked < 0) {
      throw invalidArgument('maxParked', maxParked, 'a whole number, 0 or greater');
    }
    const gate = await Gate.open(dataDir);
    const context: PlaceContext = { kind, clock, logger, stopGraceMs, closing: gate.closing };
    const isUnderWay = (actor: string): boolean => gate.concerns(actor);
    const places = await Places.open({ directory: join(dataDir, 'actors'), maxParked, isUnderWay }, context);
    return new PlacedRuntime(kind, options, gate, places);
  }

  /** The actor that the worker has, for its registration. */
  runningOn(worker: WorkerRef): ActorRef | undefined {
    return this.#places.on(formatWorker(worker));
  }

  async restore(call: RestoreCall, report: ReportProgress, signal: AbortSignal): Promise<{ readonly address: string }> {
    const check = this.#kind.checkSpec(call.spec);
    if (call.snapshot !== undefined) checkUri(call.snapshot);
    const worker = formatWorker(call.worker);
    // Not NOT_FOUND: that would say something about the actor.
    if (!this.#workers.has(worker)) throw unknownWorker(worker, this.#workers);
    const actor = formatRef(call.actor);
    const entry = this.#entry(call, JSON.stringify(['restore', worker, call.snapshot?.uri ?? '', call.spec]), true);
    const address = await this.#gate.pass(call, entry, report, signal, async (tell, cancelled) => {
      const place = this.#places.of(call.actor);
      const running = place?.worker === worker ? await place.alreadyServes(call) : undefined;
      if (running !== undefined) return running;
      const parked = call.snapshot?.location === 'LOCAL' ? await this.#places.parked(call) : undefined;
      await this.#places.vacate(worker, call);
      if (parked !== undefined) {
        const thawed = await parked.thaw(call, worker, tell, cancelled);
        this.#options.logger.info({ actor, worker, address: thawed }, 'actor thawed');
        return thawed;
      }
      // An actor runs once: what it left elsewhere on this node, frozen or not, is over too.
      if (place !== undefined) await this.#places.remove(place);
      const started = await this.#places.add(call, worker, (fresh) => fresh.start(call, check, tell, cancelled));
      this.#options.logger.info({ actor, worker, address: started }, 'actor started');
      return started;
    });
    return { address };
  }

  async checkpoint(
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<{ readonly sizeBytes: number }> {
    const { uri, location } = call.snapshot;
    checkUri(call.snapshot);
    const worker = formatWorker(call.worker);
    const actor = formatRef(call.actor);
    // An actor that is parked can have any worker named, also one that is not there any more.
    const known = this.#workers.has(worker) || this.#places.at(call.actor, worker) !== undefined;
    if (!known) throw unknownWorker(worker, this.#workers);
    const entry = this.#entry(call, JSON.stringify(['checkpoint', worker, uri]));
    const sizeBytes = await this.#gate.pass(call, entry, report, signal, async (tell, cancelled) => {
      const place = this.#places.at(call.actor, worker);
      if (location === 'LOCAL') {
        if (place?.alive !== true) throw doesNotRun(worker, actor);
        await this.#places.freeze(place, call, tell, cancelled);
        this.#options.logger.info({ actor, worker, uri }, 'actor frozen');
        // Nothing was written: what it takes is the memory that it had before.
        return 0;
      }
      if (place?.alive !== true) {
        const size = await isComplete(snapshotDirectory(uri), this.#kind.name, call.actor, tell, cancelled);
        // This is the repetition of a call that was cut off after its snapshot had become complete.
        if (size !== undefined && place !== undefined) await this.#places.remove(place);
        if (size !== undefined) return size;
      }
      if (place?.isOfWorth !== true) throw doesNotRun(worker, actor);
      const size = await place.checkpoint(call, tell, cancelled);
      this.#places.forgetEnded(place);
      this.#options.logger.info({ actor, worker, uri, size }, 'actor packed');
      return size;
    });
    return { sizeBytes };
  }

  async stop(call: RuntimeCall, signal: AbortSignal): Promise<{ readonly stopped: boolean }> {
    const worker = formatWorker(call.worker);
    const entry = this.#entry(call, JSON.stringify(['stop', worker]));
    const stopped = await this.#gate.pass(call, entry, silent, signal, async (_tell, cancelled) => {
      cancelled.throwIfAborted();
      const place = this.#places.at(call.actor, worker);
      return place !== undefined && (await this.#places.remove(place));
    });
    return { stopped };
  }

  /**
   * Cancels the calls under way, then stops every actor as for a checkpoint, the
   * frozen ones too, unless actors of this kind go on. A runtime opened on the
   * same directory can write their snapshots.
   */
  async close(): Promise<void> {
    await this.#gate.shut();
    await this.#places.close();
    await this.#gate.leave();
  }

  #entry({ actor, worker }: RuntimeCall, identity: string, takesWorker = false): Entry {
    return { identity, takesWorker, isOnWorker: () => this.#places.of(actor)?.worker === formatWorker(worker) };
  }
}
