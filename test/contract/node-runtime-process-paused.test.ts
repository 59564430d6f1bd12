// Frozen actors of the process runtime: what can go wrong while they are, and
// what they cost.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ActorRef, Snapshot, WorkloadSpec } from '../../src/actor/actor.js';
import type { ReportProgress } from '../../src/runtime/node-runtime.js';
import { answers, ask, cancellable, count, failure, ignore, never } from './node-runtime-calls.js';
import {
  placeOf,
  places,
  ProcessRuntimeUnderTest,
  program,
  recordIn,
  stateOf,
  until,
  workers,
} from './node-runtime-process.js';

const actor: ActorRef = { namespace: 'tests', name: 'frozen' };
const other: ActorRef = { namespace: 'tests', name: 'other' };
let under: ProcessRuntimeUnderTest;
let local: Snapshot;

beforeEach(async () => {
  under = await ProcessRuntimeUnderTest.open({ maxParked: 1 });
  local = under.newLocalSnapshot();
});
afterEach(async () => {
  await under.close();
});

interface Changes {
  readonly actor?: ActorRef;
  readonly worker?: (typeof workers)[number];
  readonly spec?: WorkloadSpec;
  readonly report?: ReportProgress;
  readonly signal?: AbortSignal;
}

async function restore(fencingToken: number, snapshot?: Snapshot, changes: Changes = {}): Promise<string> {
  const { report = ignore, signal = never, ...rest } = changes;
  const call = { actor, worker: workers[0], fencingToken, workflowId: 'w', spec: under.remembering, ...rest };
  return (await under.runtime.restore(snapshot === undefined ? call : { ...call, snapshot }, report, signal)).address;
}

async function checkpoint(fencingToken: number, snapshot = local, changes: Changes = {}): Promise<void> {
  const { report = ignore, signal = never, ...rest } = changes;
  const call = { actor, worker: workers[0], fencingToken, workflowId: 'w', snapshot, ...rest };
  await under.runtime.checkpoint(call, report, signal);
}

async function pidOfActor(): Promise<number> {
  return (await recordIn(await placeOf(under.directory))).group.pid;
}

/** Resolves once the runtime knows: it is the parent, and the process is gone as soon as that has asked how it ended. */
async function killFrozen(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(async () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
}

/** Cancels at the first progress of a phase. */
function cancelAt(phase: string): Required<Pick<Changes, 'report' | 'signal'>> {
  const { signal, cancel } = cancellable();
  return { signal, report: (progress) => (progress.phase === phase ? cancel() : undefined) };
}

test('a freeze that is cancelled when the actor stands still lets it go on, on its worker', async () => {
  const address = await restore(1);
  const number = await ask(address);
  expect((await failure(checkpoint(2, local, cancelAt('freeze')))).reason).toBe('CANCELLED');
  expect(await ask(address)).toBe(number);
  expect(await recordIn(await placeOf(under.directory))).not.toHaveProperty('parkedAs');
  // Its worker is not free: a claim that is older is refused.
  expect(await failure(restore(1, undefined, { actor: other }))).toMatchObject({ runtimeCode: 'FAILED_PRECONDITION' });
  await checkpoint(3);
  await restore(4, local);
  expect(await ask(address)).toBe(number);
});

test('a thaw that is cancelled leaves the actor frozen, and its memory there for the next', async () => {
  const address = await restore(1);
  const number = await ask(address);
  await checkpoint(2);
  expect((await failure(restore(3, local, cancelAt('start')))).reason).toBe('CANCELLED');
  expect(await answers(address)).toBe(false);
  await restore(4, local, { worker: workers[1] });
  expect(await ask(address)).toBe(number);
});

test.runIf(process.platform === 'linux')('the whole process group is frozen and thawed', async () => {
  const child = `child_process.spawn('sleep', ['1000'])`;
  const spec = program(`const child = ${child}`, 'child.pid');
  const pids = [Number(await ask(await restore(1, undefined, { spec }))), await pidOfActor()];
  await checkpoint(2);
  for (const pid of pids) await until(async () => (await stateOf(pid)) === 'T');
  await restore(3, local, { spec });
  for (const pid of pids) await until(async () => (await stateOf(pid)) !== 'T');
});

test('an actor whose process dies while it is frozen is DATA_LOSS, and nothing of it stays', async () => {
  await restore(1, undefined, { spec: program(`child_process.spawn('sleep', ['1000'])`) });
  const pid = await pidOfActor();
  await checkpoint(2);
  await killFrozen(pid);
  const error = await failure(restore(3, local));
  expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS' });
  expect(error.message).toContain('its process has ended');
  expect(await places(under.directory)).toEqual([]);
  expect(await failure(checkpoint(4))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
});

test('past the limit an actor is not frozen and runs on, until one that was has gone', async () => {
  await restore(1);
  const pid = await pidOfActor();
  await checkpoint(2);
  const address = await restore(3, undefined, { actor: other });
  const number = await ask(address);
  const second = under.newLocalSnapshot();
  const error = await failure(checkpoint(4, second, { actor: other }));
  expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'RESOURCE_EXHAUSTED' });
  expect(error.message).toContain('maxParked is 1');
  expect(await ask(address)).toBe(number);

  // Nobody asks for one that has died: it makes room.
  await killFrozen(pid);
  await checkpoint(5, second, { actor: other });
  expect(await places(under.directory)).toHaveLength(1);
  expect(await failure(restore(6, local))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
  expect(await restore(7, second, { actor: other })).toBe(address);
});

test('two freezes at once do not exceed the limit', async () => {
  await Promise.all([restore(1), restore(1, undefined, { actor: other, worker: workers[1] })]);
  const results = await Promise.allSettled([
    checkpoint(2),
    checkpoint(2, under.newLocalSnapshot(), { actor: other, worker: workers[1] }),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a limit that is none is refused by its name', async () => {
  for (const maxParked of [-1, 1.5, Number.NaN]) {
    await expect(ProcessRuntimeUnderTest.start(under.directory, { maxParked })).rejects.toThrow('maxParked: got ');
  }
});

test('a DURABLE checkpoint of a frozen actor that cannot be written leaves it frozen, with its state', async () => {
  const address = await restore(1, undefined, { spec: under.counter });
  await count(address, 'POST');
  await checkpoint(2);
  const blocked = under.newSnapshot();
  const path = fileURLToPath(blocked.uri);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, 'a file where the directory should be');
  expect(await failure(checkpoint(3, blocked))).toMatchObject({ runtimeCode: 'INTERNAL' });
  expect(await answers(address)).toBe(false);
  await restore(4, local, { spec: under.counter, worker: workers[1] });
  expect(await count(address)).toBe(1);
});

test('its working directory is the same on another worker, for programs that remember the path', async () => {
  const spec = program(`const path = process.cwd() + '/file'`, `fs.writeFileSync(path, '') ?? path`);
  const path = await ask(await restore(1, undefined, { spec }));
  await checkpoint(2);
  await restore(3, undefined, { actor: other });
  const address = await restore(4, local, { spec, worker: workers[1] });
  expect(await ask(address)).toBe(path);
  expect(await readFile(path, 'utf8')).toBe('');
});

test('it resumes at the address that it had, within 50 ms', async () => {
  const tookMs: number[] = [];
  const address = await restore(1);
  for (let token = 2; token < 24; token += 2) {
    await checkpoint(token);
    const startMs = performance.now();
    expect(await restore(token + 1, local)).toBe(address);
    tookMs.push(performance.now() - startMs);
  }
  expect(tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length / 2)]).toBeLessThan(50);
});

test('it does not outlive the runtime, but what it saved then does', async () => {
  await count(await restore(1, undefined, { spec: under.counter }), 'POST');
  await checkpoint(2);
  await under.restart();
  expect(await failure(restore(3, local, { spec: under.counter }))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
  const durable = under.newSnapshot();
  await checkpoint(4, durable);
  expect(await count(await restore(5, durable, { spec: under.counter }))).toBe(1);
});

test.each(['file:///x', 's3://bucket/x'])('the uri %j is refused by the name of its field', async (uri) => {
  await restore(1);
  const wrong = { ...local, uri };
  for (const attempt of [() => checkpoint(2, wrong), () => restore(3, wrong)]) {
    const error = await failure(attempt());
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(/^snapshot\.uri: got /);
  }
});
