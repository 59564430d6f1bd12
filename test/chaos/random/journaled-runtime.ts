// The fake node runtime with a memory that outlives its process: a journal that
// it writes before each effect and reads at its start, and a directory for
// durable snapshots that all nodes share. So it keeps the contract of
// node_runtime.proto across SIGKILL, and what it did can be read afterwards. An
// actor's state is one number, one more at each checkpoint; a restore reads it
// back from where the checkpoint put it.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatRef } from '../../../src/actor/actor.js';
import { CoordinatorError } from '../../../src/errors.js';
import type { NodeRuntime, ReportProgress, RuntimeCall } from '../../../src/runtime/node-runtime.js';
import { takes, type Behaviour, type FakeCall } from '../../fake-node-runtime.js';
import { FakeRuntimeState } from '../../fake-runtime-state.js';
import type { Effect } from './history.js';

/** `slow`: seconds for what takes milliseconds; `full`: nothing can be written. */
export type Mode = 'normal' | 'slow' | 'full';

// Spread over a union, so that each of its kinds stays one.
type Untold<T> = T extends unknown ? Omit<T, 'atMs' | 'node'> : never;

export interface JournaledRuntimeOptions {
  readonly node: string;
  /** The file; one that is there is continued. */
  readonly journal: string;
  /** Where durable snapshots are. */
  readonly store: string;
}

const NO_WIRE = { breakConnections: () => undefined, applyEffect: () => undefined };

export class JournaledRuntime implements NodeRuntime {
  mode: Mode = 'normal';
  readonly #node: string;
  readonly #store: string;
  readonly #journal: number;
  readonly #state = new FakeRuntimeState('127.0.0.1:8080', () => undefined);
  /** What runs on each worker, as a number. */
  readonly #contents = new Map<string, number>();
  /** LOCAL snapshots, by URI. */
  readonly #frozen = new Map<string, number>();

  constructor({ node, journal, store }: JournaledRuntimeOptions) {
    this.#node = node;
    this.#store = store;
    mkdirSync(store, { recursive: true });
    if (existsSync(journal)) readJournal(journal).forEach((effect) => this.#remember(effect));
    this.#journal = openSync(journal, 'a');
    this.#state.defaults.restore = this.#restore;
    this.#state.defaults.checkpoint = this.#checkpoint;
    this.#state.defaults.stop = this.#stop;
  }

  /** `pool/name` → `namespace/name`. */
  get running(): ReadonlyMap<string, string> {
    return this.#state.running;
  }

  readonly restore: NodeRuntime['restore'] = (call, report, signal) =>
    this.#admit(call, () => this.#state.restore(call, report, signal));

  readonly checkpoint: NodeRuntime['checkpoint'] = (call, report, signal) =>
    this.#admit(call, () => this.#state.checkpoint(call, report, signal));

  readonly stop: NodeRuntime['stop'] = (call, signal) => this.#admit(call, () => this.#state.stop(call, signal));

  async #admit<T>({ actor, fencingToken, workflowId }: RuntimeCall, work: () => Promise<T>): Promise<T> {
    const facts = { actor: formatRef(actor), token: fencingToken, workflowId };
    const highest = this.#state.fencing.get(facts.actor) ?? 0;
    if (fencingToken > highest) this.#put({ type: 'admitted', ...facts });
    if (fencingToken < highest) this.#put({ type: 'refused', ...facts });
    try {
      return await work();
    } finally {
      for (const message of this.#state.violations.splice(0)) this.#put({ type: 'complaint', message });
      // Nobody reads them, and there may be hours of them.
      this.#state.calls.length = 0;
    }
  }

  readonly #restore: Behaviour = async (call, signal, report, wire) => {
    await this.#work(call, signal, report);
    const { actor, worker, snapshotUri } = call;
    const content = snapshotUri === undefined ? 0 : this.#read(actor, snapshotUri);
    for (const [other, runs] of [...this.#state.running]) {
      if (other !== worker && runs !== actor) continue;
      this.#put({ type: 'displaced', actor: runs, worker: other });
      this.#state.running.delete(other);
    }
    this.#take('restored', call, content);
    this.#contents.set(worker, content);
    // The process runs on: it is no snapshot any more.
    this.#frozen.delete(snapshotUri ?? '');
    wire.applyEffect();
    await this.#dawdle(call, signal, report);
  };

  readonly #checkpoint: Behaviour = async (call, signal, report, wire) => {
    await this.#work(call, signal, report);
    const { worker, snapshotUri = '' } = call;
    if (this.mode === 'full') {
      throw new CoordinatorError('RUNTIME_FAILED', 'no space left on device', { runtimeCode: 'RESOURCE_EXHAUSTED' });
    }
    const content = (this.#contents.get(worker) ?? 0) + 1;
    if (isLocal(snapshotUri)) this.#frozen.set(snapshotUri, content);
    else this.#write(snapshotUri, content);
    this.#take('checkpointed', call, content);
    this.#contents.delete(worker);
    wire.applyEffect();
    await this.#dawdle(call, signal, report);
  };

  readonly #stop: Behaviour = (call, _signal, _report, wire) => {
    const { actor, worker } = call;
    for (const uri of this.#frozen.keys()) if (uri.includes(`/${actor}/`)) this.#frozen.delete(uri);
    if (this.#state.running.get(worker) !== actor) return;
    this.#put({ type: 'stopped', actor, worker, token: call.fencingToken, workflowId: call.workflowId });
    this.#contents.delete(worker);
    wire.applyEffect();
  };

  async #work(call: FakeCall, signal: AbortSignal, report: ReportProgress): Promise<void> {
    const luck = Math.random();
    const usualMs = luck < 0.4 ? 0 : luck < 0.8 ? 100 : 800;
    await takes(this.mode === 'slow' ? 500 + 3000 * luck : usualMs)(call, signal, report, NO_WIRE);
    // From here to the effect nothing is awaited: either all of it happens or nothing.
    signal.throwIfAborted();
  }

  /** What is done is done, but now and then its caller gives up before it hears of that. */
  async #dawdle(call: FakeCall, signal: AbortSignal, report: ReportProgress): Promise<void> {
    if (Math.random() < 0.15) await takes(1000 * Math.random())(call, signal, report, NO_WIRE);
  }

  #take(type: 'restored' | 'checkpointed', call: FakeCall, content: number): void {
    const { actor, worker, fencingToken: token, workflowId, snapshotUri } = call;
    const uri = snapshotUri === undefined ? {} : { uri: snapshotUri };
    this.#put({ type, actor, worker, token, workflowId, content, ...uri });
  }

  #path(uri: string): string {
    // Not the URI itself, which is longer than a name may be.
    return join(this.#store, createHash('sha256').update(uri).digest('hex'));
  }

  #write(uri: string, content: number): void {
    writeFileSync(`${this.#path(uri)}.new`, JSON.stringify({ content }));
    renameSync(`${this.#path(uri)}.new`, this.#path(uri));
  }

  #read(actor: string, uri: string): number {
    const frozen = this.#frozen.get(uri);
    if (frozen !== undefined) return frozen;
    try {
      return (JSON.parse(readFileSync(this.#path(uri), 'utf8')) as { content: number }).content;
    } catch (cause) {
      this.#put({ type: 'missing', actor, uri });
      throw new CoordinatorError('RUNTIME_FAILED', `${uri} is not here`, { runtimeCode: 'DATA_LOSS', cause });
    }
  }

  #put(effect: Untold<Effect>): void {
    appendFileSync(this.#journal, `${JSON.stringify({ atMs: Date.now(), node: this.#node, ...effect })}\n`);
  }

  /** Brings an effect of a former life about again. */
  #remember(effect: Effect): void {
    const { running, restoredFrom, snapshots, fencing } = this.#state;
    switch (effect.type) {
      case 'admitted':
        fencing.set(effect.actor, effect.token);
        break;
      case 'restored':
        running.set(effect.worker, effect.actor);
        restoredFrom.set(effect.worker, effect.uri);
        this.#contents.set(effect.worker, effect.content);
        this.#frozen.delete(effect.uri ?? '');
        break;
      case 'checkpointed':
        running.delete(effect.worker);
        snapshots.set(effect.uri ?? '', 'complete');
        if (isLocal(effect.uri ?? '')) this.#frozen.set(effect.uri ?? '', effect.content);
        break;
      case 'stopped':
      case 'displaced':
        running.delete(effect.worker);
        break;
      case 'rebooted':
        running.clear();
        this.#frozen.clear();
        for (const uri of snapshots.keys()) if (isLocal(uri)) snapshots.delete(uri);
        break;
      case 'refused':
      case 'missing':
      case 'complaint':
        break;
    }
  }
}

function isLocal(uri: string): boolean {
  return uri.startsWith('local:');
}

/** What is in a node's journal, in its order; a line that a kill has cut off is left out. */
export function readJournal(path: string): readonly Effect[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Effect);
}
