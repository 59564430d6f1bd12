// What one check works with: two actors and places for snapshots that nobody
// else has, workers, tokens that only grow, and the calls. Guarantees: tokens
// are greater than those of every earlier scene, so that what a failed check
// has left on a worker gives way to the next; `clear` stops all that were started.

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatRef, type ActorRef, type Snapshot, type WorkerRef, type WorkloadSpec } from '../actor/actor.js';
import { sleep, type Clock } from '../clock.js';
import type { WorkloadSpec as WorkloadSpecMessage } from '../generated/actorworkflow/v1/WorkloadSpec.js';
import { encodeSnapshot, encodeSpec } from '../rpc/encode.js';
import { ask, type Heard } from './actor-program.js';
import { Broken, Skipped } from './verdict.js';
import { expectAnswer } from './expect.js';
import type { Answer, Pending, Target } from './target.js';

/** What all checks of a run share. */
export interface Stage {
  /** Another one after a restart. */
  readonly target: Target;
  /** The gRPC target that it calls. */
  readonly address: string;
  readonly workers: readonly WorkerRef[];
  /** Starts the actor of actor-program.ts, or one that does the same. */
  readonly spec: WorkloadSpec;
  /** The URI under which snapshots are written. */
  readonly snapshotLocation: string;
  /** How long the actor takes to start or to save where a check needs that to be slow, in milliseconds. */
  readonly paceMs: number;
  readonly clock: Clock;
  /** Opens another connection to the runtime. Close it. */
  readonly connect: (address: string) => Target;
  /** Restarts the runtime with what it keeps, and resolves when it answers again. Absent: it cannot be restarted. */
  readonly restart?: () => Promise<void>;
  readonly signal: AbortSignal;
  /** Greater than all tokens that were used before. */
  readonly nextToken: () => number;
}

export interface CallChanges {
  /** Default: the scene's first actor. */
  readonly actor?: ActorRef;
  /** Default: the first worker. */
  readonly worker?: WorkerRef;
  /** Default: greater than all before. */
  readonly token?: number;
  readonly timeoutMs?: number;
  /** Default: the stage's. */
  readonly through?: Target;
}

export interface RestoreChanges extends CallChanges {
  readonly snapshot?: Snapshot;
  /** Added to the spec's environment: see actor-program.ts. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An actor that answers at all answers within this. */
const ANSWER_MS = 2_000;
/** An actor that a machine under load lets go of is still reached for some milliseconds. */
const POLL_MS = 20;

export class Scene {
  readonly stage: Stage;
  readonly actor: ActorRef;
  readonly other: ActorRef;
  readonly #name: string;
  /** Which actors may be on which workers. */
  readonly #used = new Map<string, { readonly actor: ActorRef; readonly worker: WorkerRef }>();
  #snapshots = 0;

  constructor(stage: Stage, id: string) {
    this.stage = stage;
    this.#name = `${id.replaceAll('/', '-')}-${randomBytes(4).toString('hex')}`;
    this.actor = { namespace: 'conformance', name: this.#name };
    this.other = { namespace: 'conformance', name: `${this.#name}-other` };
  }

  get worker(): WorkerRef {
    const [first] = this.stage.workers;
    if (first === undefined) throw new Skipped('needs a worker');
    return first;
  }

  /** @throws Skipped where the run has one worker only */
  get secondWorker(): WorkerRef {
    const second = this.stage.workers[1];
    if (second === undefined) throw new Skipped('needs a second worker; name one more with --worker');
    return second;
  }

  get paceMs(): number {
    return this.stage.paceMs;
  }

  /** Greater than every token before. */
  token(): number {
    return this.stage.nextToken();
  }

  /** A place that nobody has written to. */
  durable(): Snapshot {
    this.#snapshots += 1;
    const uri = `${this.stage.snapshotLocation}/${this.actor.namespace}/${this.#name}/${String(this.#snapshots)}`;
    return { uri, location: 'DURABLE', node: '', workflowId: 'conformance', sizeBytes: 0 };
  }

  local(): Snapshot {
    this.#snapshots += 1;
    const uri = `local:///${this.actor.namespace}/${this.#name}/${String(this.#snapshots)}`;
    return { uri, location: 'LOCAL', node: 'here', workflowId: 'conformance', sizeBytes: 0 };
  }

  /** Starts a Restore and returns while it is under way. */
  startRestore(changes: RestoreChanges = {}): Pending {
    const { spec } = this.stage;
    const request = {
      ...this.#request(changes),
      spec: encodeSpec({ ...spec, env: { ...spec.env, ...changes.env } }),
      ...(changes.snapshot !== undefined && { snapshot: encodeSnapshot(changes.snapshot) }),
    };
    return (changes.through ?? this.stage.target).call('Restore', request, changes.timeoutMs);
  }

  startCheckpoint(snapshot: Snapshot, changes: CallChanges = {}): Pending {
    const request = { ...this.#request(changes), snapshot: encodeSnapshot(snapshot) };
    return (changes.through ?? this.stage.target).call('Checkpoint', request, changes.timeoutMs);
  }

  startStop(changes: CallChanges = {}): Pending {
    return (changes.through ?? this.stage.target).call('Stop', this.#request(changes), changes.timeoutMs);
  }

  restore(changes?: RestoreChanges): Promise<Answer> {
    return this.startRestore(changes).ended;
  }

  checkpoint(snapshot: Snapshot, changes?: CallChanges): Promise<Answer> {
    return this.startCheckpoint(snapshot, changes).ended;
  }

  stop(changes?: CallChanges): Promise<Answer> {
    return this.startStop(changes).ended;
  }

  /** @returns the address. @throws Broken where the runtime refuses */
  async started(changes: RestoreChanges = {}): Promise<string> {
    return expectAnswer(await this.restore(changes)).address ?? '';
  }

  /** @returns the size. @throws Broken where the runtime refuses */
  async saved(snapshot: Snapshot, changes: CallChanges = {}): Promise<number> {
    return expectAnswer(await this.checkpoint(snapshot, changes)).sizeBytes ?? 0;
  }

  /** @throws Broken where the runtime refuses */
  async stopped(changes: CallChanges = {}): Promise<boolean> {
    return expectAnswer(await this.stop(changes)).stopped === true;
  }

  /**
   * Waits until a call that was started is surely under way: until its first message, or, as progress is not
   * asked for, half of what a slow start takes.
   */
  async underWay(call: Pending): Promise<void> {
    await Promise.race([call.heard, this.pause(this.paceMs / 2)]);
  }

  pause(ms: number): Promise<void> {
    return sleep(this.stage.clock, ms, this.stage.signal);
  }

  /** Asks the actor. @throws Skipped where the runtime tells no address; Broken where the actor does not answer */
  async ask(address: string, method: 'GET' | 'POST' = 'GET'): Promise<Heard> {
    if (address === '') throw new Skipped('the runtime tells no address, so that the actor cannot be asked');
    try {
      return await ask(address, method, ANSWER_MS);
    } catch (error) {
      throw new Broken(`the actor to answer at ${address}`, (error as Error).message);
    }
  }

  /** The memory of the process that answers there; empty where the runtime tells no address, so that all are alike. */
  async memory(address: string): Promise<string> {
    return address === '' ? '' : (await this.ask(address)).id;
  }

  async count(address: string, method: 'GET' | 'POST' = 'GET'): Promise<number> {
    return (await this.ask(address, method)).count;
  }

  /** Whether the actor answers at the address, or does so within `limitMs`. */
  async answers(address: string, limitMs = 0): Promise<boolean> {
    if (address === '') throw new Skipped('the runtime tells no address, so that the actor cannot be asked');
    const { clock, paceMs } = this.stage;
    const limitAtMs = clock.nowMs() + limitMs;
    for (;;) {
      // One that is frozen accepts and says nothing.
      const heard = await ask(address, 'GET', Math.min(ANSWER_MS, Math.max(paceMs, 100))).catch(() => undefined);
      if (heard !== undefined) return true;
      if (clock.nowMs() >= limitAtMs) return false;
      await this.pause(POLL_MS);
    }
  }

  /**
   * Starts the other actor with `token`, trying again while the worker is held; a token lower than the holder's
   * disturbs nobody.
   * @returns the last answer: OK once the worker was free, or what it was after `limitMs`
   */
  async takeWhenFree(token: number, limitMs: number, worker = this.worker): Promise<Answer> {
    const { clock } = this.stage;
    const limitAtMs = clock.nowMs() + limitMs;
    for (;;) {
      const answer = await this.restore({ actor: this.other, worker, token });
      if (answer.code === 'OK' || clock.nowMs() >= limitAtMs) return answer;
      await this.pause(POLL_MS);
    }
  }

  /** @throws Skipped where the runtime cannot be restarted from here */
  async restart(): Promise<void> {
    const { restart } = this.stage;
    if (restart === undefined) throw new Skipped('needs a runtime that can be restarted; see --restart-command');
    await restart();
  }

  /** The spec on the wire, for requests that are put together by hand. */
  encodedSpec(): WorkloadSpecMessage {
    return encodeSpec(this.stage.spec);
  }

  /** Stops whatever was started and removes the snapshots, as far as that can be done from here. */
  async clear(): Promise<void> {
    for (const { actor, worker } of [...this.#used.values()]) await this.stop({ actor, worker });
    const { snapshotLocation } = this.stage;
    if (!snapshotLocation.startsWith('file:///')) return;
    const directory = join(fileURLToPath(snapshotLocation), this.actor.namespace, this.#name);
    // What belongs to somebody else stays: it is none of this machine's business to remove it.
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }

  #request({ actor = this.actor, worker = this.worker, token = this.token() }: CallChanges): {
    actor: ActorRef;
    worker: WorkerRef;
    fencing_token: number;
    workflow_id: string;
  } {
    this.#used.set(`${formatRef(actor)} ${worker.name}`, { actor, worker });
    return { actor, worker, fencing_token: token, workflow_id: `conformance-${String(token)}` };
  }
}
