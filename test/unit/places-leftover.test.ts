import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { takeOver } from '../../src/runtime/places/leftover.js';
import { readRecord, writeRecord, type PlaceState } from '../../src/runtime/places/place-record.js';
import { identify } from '../../src/runtime/places/process-identity.js';
import { processes } from '../../src/runtime/process/processes.js';

/** Says when it runs; on SIGTERM keeps what its record says by then, as its last act. */
const PROGRAM = `trap 'cp record.json seen.json; exit 0' TERM; echo up; while :; do sleep 0.02; done`;

const context = {
  kind: processes(systemClock),
  stopGraceMs: 5000,
  clock: systemClock,
  logger: pino({ level: 'silent' }),
};
let directory: string;
let actor: ChildProcess;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leftover-'));
  await mkdir(join(directory, 'root'));
  actor = spawn('/bin/sh', ['-c', PROGRAM], { cwd: directory, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  if (actor.stdout !== null) await once(actor.stdout, 'data');
});
afterEach(async () => {
  actor.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** Leaves the actor as a runtime does that is killed while the actor is in that state. */
async function leave(state: PlaceState): Promise<void> {
  const group = await identify(actor.pid ?? 0);
  const ref = { namespace: 'ns', name: 'a' };
  await writeRecord(directory, { actor: ref, fencingToken: 7, state, worker: 'p/w', group });
}

test('that an actor is told to save is written down first, for the runtime after one that is killed meanwhile', async () => {
  await leave('running');
  const ended = once(actor, 'exit');
  const left = await takeOver(directory, context);
  await ended;
  expect(JSON.parse(await readFile(join(directory, 'seen.json'), 'utf8'))).toMatchObject({ state: 'stopping' });
  expect(left?.record).toMatchObject({ state: 'stopping', fencingToken: 7 });
  // And again, as often as it takes.
  expect((await takeOver(directory, context))?.record).toMatchObject({ state: 'stopping', fencingToken: 7 });
});

test('an actor that was only starting is ended, and nothing of it is kept', async () => {
  await leave('starting');
  const ended = once(actor, 'exit');
  expect(await takeOver(directory, context)).toBeUndefined();
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(await readRecord(directory)).toBeUndefined();
});
