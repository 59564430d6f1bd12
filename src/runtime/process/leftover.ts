// What an earlier runtime has left of an actor. Guarantees: nothing of it runs
// afterwards, frozen or not; what an actor that had been ready saved when it was
// told to stop is kept, so that a Checkpoint to a durable place can pack it. The
// memory of a frozen actor is lost, since nobody reads its output any more and
// the restart of a runtime has always meant the end of its actors.

import type { Logger } from 'pino';
import { formatRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import { readRecord, removePlace, writeRecord, type PlaceRecord } from './place-record.js';
import { isSame, kill, terminate } from './process-group.js';

export interface LeftoverContext {
  readonly stopGraceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Resolves with what is kept, or with undefined, the directory removed, where nothing in it is of worth. */
export async function takeOver(directory: string, context: LeftoverContext): Promise<PlaceRecord | undefined> {
  const { clock, logger, stopGraceMs } = context;
  const record = await readRecord(directory);
  const alive = record?.group !== undefined && (await isSame(record.group)) ? record.group : undefined;
  if (record === undefined || record.state === 'starting' || (record.state !== 'stopping' && alive === undefined)) {
    if (alive !== undefined) await kill(alive.pid, clock);
    await removePlace(directory);
    return undefined;
  }
  // Before the signal: this runtime may be killed in between as well.
  const kept: PlaceRecord = { ...record, state: 'stopping' };
  await writeRecord(directory, kept);
  if (alive !== undefined) {
    const end = await terminate(alive.pid, stopGraceMs, clock);
    logger.warn({ actor: formatRef(record.actor), pid: alive.pid, was: record.state, end }, 'stopped a leftover actor');
  }
  return kept;
}
