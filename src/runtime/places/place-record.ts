// What is written down of one actor on this node, for the runtime that comes
// after a crash. Guarantees: a reader gets a whole record or none; a directory
// without a record has nothing of worth in it.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActorRef } from '../../actor/actor.js';
import { syncDirectory, writeDurably } from './durable-file.js';
import { runtimeFailed } from './failure.js';
import type { RestoreCall } from '../node-runtime.js';

/**
 * `starting`: not ready yet, worth nothing. `running`: what it did since its
 * snapshot is in its memory. `frozen`: the same, but it does nothing. `stopping`:
 * it has been, or is about to be, told to save and exit: its directory is the
 * only copy of what it saved.
 */
export type PlaceState = 'starting' | 'running' | 'frozen' | 'stopping';

export interface PlaceRecord {
  readonly actor: ActorRef;
  readonly fencingToken: number;
  readonly state: PlaceState;
  /** `pool/name` of the worker that it is on, or was on before it was parked. */
  readonly worker: string;
  /** The LOCAL snapshot that it is, and with that: it is on no worker. */
  readonly parkedAs?: string;
  /** What its program is to the kind of runtime: see `Program.group`. */
  readonly group?: unknown;
  /** What it was started from, where the next runtime takes it over alive. */
  readonly call?: RestoreCall;
}

const RECORD = 'record.json';

export async function writeRecord(directory: string, record: PlaceRecord): Promise<void> {
  await writeDurably(join(directory, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
}

export async function readRecord(directory: string): Promise<PlaceRecord | undefined> {
  const path = join(directory, RECORD);
  try {
    // Written by `writeDurably` alone, so it is whole or missing.
    return JSON.parse(await readFile(path, 'utf8')) as PlaceRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw runtimeFailed('INTERNAL', `${path}: ${(error as Error).message}`, error);
  }
}

/** The record of a place, as it is on disk now. */
export class WrittenRecord {
  readonly #directory: string;
  #now: PlaceRecord;

  constructor(directory: string, now: PlaceRecord) {
    this.#directory = directory;
    this.#now = now;
  }

  get now(): PlaceRecord {
    return this.#now;
  }

  async write(record: PlaceRecord): Promise<void> {
    await writeRecord(this.#directory, record);
    this.#now = record;
  }

  async change(changes: Partial<PlaceRecord>): Promise<void> {
    await this.write({ ...this.#now, ...changes });
  }

  /**
   * As `write`, unless the call is cancelled meanwhile: nobody has then seen the actor on or off a worker.
   * @throws the signal's reason, with the record as it was
   */
  async commit(record: PlaceRecord, signal: AbortSignal): Promise<void> {
    await writeRecord(this.#directory, record);
    if (signal.aborted) await writeRecord(this.#directory, this.#now);
    signal.throwIfAborted();
    this.#now = record;
  }
}

/** Removes all of it. The record goes first: a directory without one is rubbish, a record without its directory a lie. */
export async function removePlace(directory: string): Promise<void> {
  await rm(join(directory, RECORD), { force: true });
  await syncDirectory(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rm(directory, { recursive: true, force: true });
}
