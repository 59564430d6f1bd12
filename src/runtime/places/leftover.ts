// What an earlier runtime has left of an actor. Guarantees: what an actor that
// had been ready saved when it was told to stop is kept, so that a Checkpoint to
// a durable place can pack it. Programs that do not go on without a runtime are
// stopped, frozen or not: nobody reads their output any more, and the memory of
// a frozen one is lost. Those that do are taken over as they were told to be.

import type { Logger } from 'pino';
import { formatRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import type { Kind, Program } from './kind.js';
import { readRecord, removePlace, writeRecord, type PlaceRecord } from './place-record.js';

export interface LeftoverContext {
  readonly kind: Kind;
  readonly stopGraceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Resolves with what is kept, or with undefined, the directory removed, where nothing in it is of worth. */
export async function takeOver(
  directory: string,
  context: LeftoverContext,
): Promise<{ readonly record: PlaceRecord; readonly program?: Program } | undefined> {
  const { kind, logger, stopGraceMs } = context;
  const record = await readRecord(directory);
  const alive = record?.group === undefined ? undefined : await kind.find(directory, record.group);
  if (record === undefined || record.state === 'starting' || (record.state !== 'stopping' && alive === undefined)) {
    await alive?.kill();
    await forget(directory, record, kind);
    return undefined;
  }
  const actor = formatRef(record.actor);
  const program = alive?.adopted;
  if (program !== undefined && record.state !== 'stopping') {
    // After a crash between the one and the other, the record says what the callers were told.
    await (record.state === 'frozen' ? program.freeze() : program.thaw());
    logger.info({ actor, state: record.state, address: program.address }, 'took over an actor');
    return { record, program };
  }
  // Before the signal: this runtime may be killed in between as well.
  const kept: PlaceRecord = { ...record, state: 'stopping' };
  await writeRecord(directory, kept);
  if (alive !== undefined) {
    const end = await alive.terminate(stopGraceMs);
    if (end === 'crashed') {
      await forget(directory, record, kind);
      return undefined;
    }
    logger.warn({ actor, group: record.group, was: record.state, end }, 'stopped a leftover actor');
  }
  return { record: kept };
}

async function forget(directory: string, record: PlaceRecord | undefined, kind: Kind): Promise<void> {
  await kind.clear(directory, record?.group);
  await removePlace(directory);
}
