// A process runtime that is killed with SIGKILL, and the one that is started in
// its place.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkloadSpec } from '../../src/actor/actor.js';
import { isAlive } from '../../src/runtime/process/process-group.js';
import { count, failure, ignore, never } from './node-runtime-calls.js';
import {
  example,
  placeOf,
  places,
  ProcessRuntimeUnderTest,
  recordIn,
  stateOf,
  until,
  workers,
} from './node-runtime-process.js';
import type { TestRecord } from './node-runtime-process.js';
import { Owner, type Told } from './runtime-owner.js';

const actor = { namespace: 'tests', name: 'orphan' };
const isResult = ({ result }: Told): boolean => result !== undefined;
let under: ProcessRuntimeUnderTest;
let owner: Owner;

beforeEach(async () => {
  under = await ProcessRuntimeUnderTest.open();
  await under.runtime.close();
  owner = new Owner(under.directory);
  await owner.until(isResult);
});
afterEach(async () => {
  // Once more, for what a test that failed has left behind: frozen, it would stay for ever.
  await under.runtime.close();
  await restart();
  await under.close();
});

const call = (fencingToken: number, spec: WorkloadSpec): object => ({
  actor,
  worker: workers[0],
  fencingToken,
  workflowId: 'w',
  spec,
});
const record = async (): Promise<TestRecord> => recordIn(await placeOf(under.directory));

async function restart(): Promise<void> {
  await owner.kill();
  under.runtime = await ProcessRuntimeUnderTest.start(under.directory);
}

test('an actor that still runs is stopped, and what it saved then can be checkpointed', async () => {
  owner.call('restore', call(1, { ...example('counter'), env: {} }));
  await owner.until(isResult);
  const { group } = await record();
  const port = /PORT=(\d+)/.exec(await readFile(`/proc/${String(group.pid)}/environ`, 'utf8'))?.[1] ?? '';
  await count(`127.0.0.1:${port}`, 'POST');

  await owner.kill();
  expect(await isAlive(group.pid)).toBe(true);
  under.runtime = await ProcessRuntimeUnderTest.start(under.directory);
  expect(await isAlive(group.pid)).toBe(false);

  const snapshot = under.newSnapshot();
  const base = { actor, workflowId: 'w', fencingToken: 2 };
  await under.runtime.checkpoint({ ...base, worker: workers[0], snapshot }, ignore, never);
  const { address } = await under.runtime.restore(
    { ...base, worker: workers[1], spec: example('counter'), snapshot },
    ignore,
    never,
  );
  expect(await count(address)).toBe(1);
});

test.runIf(process.platform === 'linux')(
  'a frozen actor does not stay behind: it is stopped, and what it saved then can be checkpointed',
  async () => {
    owner.call('restore', call(1, { ...example('counter'), env: {} }));
    await owner.until(isResult);
    const { group } = await record();
    const port = /PORT=(\d+)/.exec(await readFile(`/proc/${String(group.pid)}/environ`, 'utf8'))?.[1] ?? '';
    await count(`127.0.0.1:${port}`, 'POST');
    const local = under.newLocalSnapshot();
    owner.call('checkpoint', { ...call(2, example('counter')), snapshot: local });
    await owner.until(isResult);

    await owner.kill();
    // A process that waited for its turn on the processor stops when that comes.
    await until(async () => (await stateOf(group.pid)) === 'T');
    await restart();
    expect(await isAlive(group.pid)).toBe(false);

    const base = { actor, workflowId: 'w', fencingToken: 3, worker: workers[0] };
    const thaw = { ...base, spec: example('counter'), snapshot: local };
    const error = await failure(under.runtime.restore(thaw, ignore, never));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS' });
    expect(error.message).toContain('what it saved then is kept');
    const snapshot = under.newSnapshot();
    await under.runtime.checkpoint({ ...base, snapshot }, ignore, never);
    const { address } = await under.runtime.restore({ ...thaw, snapshot }, ignore, never);
    expect(await count(address)).toBe(1);
  },
);

test('an actor that was only starting is ended, and its directory removed', async () => {
  owner.call('restore', call(1, under.slow(60)));
  await owner.until(({ phase }) => phase === 'start');
  const { group, state } = await record();
  expect(state).toBe('starting');
  await restart();
  expect(await isAlive(group.pid)).toBe(false);
  expect(await places(under.directory)).toEqual([]);
  const snapshot = under.newSnapshot();
  const late = { actor, worker: workers[0], fencingToken: 2, workflowId: 'w', snapshot };
  expect(await failure(under.runtime.checkpoint(late, ignore, never))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
});

test('a checkpoint that was cut off after the stop is finished by its repetition', async () => {
  const save = `setTimeout(() => { fs.writeFileSync('saved', 'yes'); process.exit() }, 300)`;
  const saves = `process.on('SIGTERM', () => { fs.writeFileSync('told', ''); ${save} })`;
  const listen = `http.createServer((q, r) => r.end(fs.existsSync('saved') ? 'saved' : 'lost')).listen(process.env.PORT, '127.0.0.1')`;
  const spec = { command: [process.execPath, '-e', `${saves};${listen}`], env: {}, image: '' };
  owner.call('restore', call(1, spec));
  await owner.until(isResult);
  const snapshot = under.newSnapshot();
  const checkpoint = { actor, worker: workers[0], fencingToken: 2, workflowId: 'w', snapshot };
  owner.call('checkpoint', checkpoint);
  await until(async () => (await readdir(join(await placeOf(under.directory), 'root'))).includes('told'));
  await owner.kill();
  // So that the next runtime finds no process, only what the record says of its end.
  const { group } = await record();
  await until(async () => !(await isAlive(group.pid)));
  under.runtime = await ProcessRuntimeUnderTest.start(under.directory);

  await under.runtime.checkpoint(checkpoint, ignore, never);
  const again = { actor, worker: workers[1], fencingToken: 3, workflowId: 'w', spec, snapshot };
  const { address } = await under.runtime.restore(again, ignore, never);
  expect(await (await fetch(`http://${address}/`)).text()).toBe('saved');
});

test('the highest token of a killed runtime is remembered', async () => {
  owner.call('restore', call(50, example('counter')));
  await owner.until(isResult);
  await restart();
  const stale = { actor, worker: workers[0], fencingToken: 49, workflowId: 'w' };
  expect((await failure(under.runtime.stop(stale, never))).reason).toBe('STALE_FENCING_TOKEN');
});

test('two runtimes cannot use one directory at the same time', async () => {
  await expect(ProcessRuntimeUnderTest.start(under.directory)).rejects.toThrow(/is in use by the node runtime/);
  await restart();
});
