// The adapter to Substrate node agents, against a fake of one: what it keeps of
// the contract, what it asks the agent for, and what it makes of its answers.

import { status } from '@grpc/grpc-js';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import { startNode } from '../../src/cli/node.js';
import { chooseRuntime } from '../../src/cli/open-runtime.js';
import { AteletRuntime } from '../../src/runtime/atelet/atelet-runtime.js';
import { describeConformance, type ServedRuntime } from '../conformance.js';
import { FakeHerder, goOn, hang, loseReply, refuse } from '../fake-herder.js';
import { cancellable, failure, ignore, never } from './node-runtime-calls.js';
import { logger } from './node-runtime-process.js';

const UIDS = ['0d9f4e4e-58c1-4c8e-9d5e-000000000001', '0d9f4e4e-58c1-4c8e-9d5e-000000000002'];
const spec: WorkloadSpec = { command: ['counts'], env: { COLOUR: 'blue' }, image: 'example/counter:1' };

async function open(): Promise<ServedRuntime> {
  const directory = await mkdtemp(join(tmpdir(), 'node-'));
  const herder = await FakeHerder.start();
  const start = (): ReturnType<typeof startNode> =>
    startNode({
      listen: ['127.0.0.1:0'],
      dataDir: join(directory, 'data'),
      pool: 'default',
      workers: 1,
      workerNames: UIDS,
      nodeName: 'here',
      coordinator: '127.0.0.1:1',
      openRuntime: chooseRuntime({ runtime: 'atelet', publishIp: '', atelet: herder.address, ateom: UIDS }),
      logger,
    });
  let node = await start();
  return {
    get address() {
      return node.addresses[0] ?? '';
    },
    workers: UIDS.map((name) => ({ pool: 'default', name })),
    spec,
    snapshotLocation: 'gs://bucket/conformance',
    paceMs: 200,
    restart: async () => {
      await node.close();
      node = await start();
      return node.addresses[0] ?? '';
    },
    close: async () => {
      await node.close();
      herder.close();
      await rm(directory, { recursive: true });
    },
  };
}

// The agent tells no address, so what an actor itself would have to answer stays open.
const OPEN = [
  ...['restore/ready', 'restore/spec', 'restore/limits', 'restore/fresh', 'restore/replaces'],
  ...['snapshots/keeps-state', 'snapshots/torn', 'snapshots/altered', 'workers/two'],
  ...['cancelling/checkpoint', 'cancelling/no-snapshot', 'cancelling/earlier-stays'],
  ...['pause/keeps-memory', 'pause/durable', 'restart/honest', 'restart/snapshots'],
];
describeConformance(
  'the adapter to node agents',
  open,
  Object.fromEntries(OPEN.map((id) => [id, 'the runtime tells no address'])),
);

describe('the flags of the adapter', () => {
  const flags = { runtime: 'atelet', publishIp: '127.0.0.1', atelet: '127.0.0.1:8085', ateom: UIDS };

  test.each([
    [{ runtime: 'atelett' }, '--atelet and --ateom: got "atelett" for --runtime; expected atelet'],
    [{ runtime: 'process' }, '--atelet and --ateom: got "process" for --runtime; expected atelet'],
    [{ atelet: undefined }, '--atelet: got nothing; expected the agent'],
    [{ atelet: 'nowhere' }, '--atelet: got "nowhere"; expected the agent'],
    [{ ateom: undefined }, '--ateom: got nothing; expected the uid'],
  ])('are refused: %o', (changes, message) => {
    expect(() => chooseRuntime({ ...flags, ...changes } as typeof flags)).toThrow(message);
  });

  test.each([
    ['what is no uid', ['Not_A_Uid'], 'got "Not_A_Uid"'],
    ['the same one twice', ['a', 'a'], 'got "a"'],
    ['too many', Array.from({ length: 1_001 }, (_, index) => `w${index}`), 'got "1001 of them"; expected at most 1000'],
  ])('are refused: %s as --ateom', async (_what, workerNames, message) => {
    const options = { listen: ['127.0.0.1:0'], dataDir: '/nonexistent', pool: 'p', workers: 1, nodeName: 'here' };
    const starting = startNode({ ...options, workerNames, coordinator: '127.0.0.1:1', logger });
    await expect(starting).rejects.toThrow(`--ateom: ${message}`);
  });
});

describe('the adapter', () => {
  const actor = { namespace: 'tests', name: 'herded' };
  const other = { namespace: 'tests', name: 'other' };
  const workers: WorkerRef[] = UIDS.map((name) => ({ pool: 'default', name }));
  const [first, second] = workers as [WorkerRef, WorkerRef];
  const durable: Snapshot = { uri: 'gs://bucket/1', location: 'DURABLE', node: '', workflowId: 'w', sizeBytes: 0 };
  const local: Snapshot = { ...durable, uri: 'local:///tests/herded/w', location: 'LOCAL', node: 'here' };
  let directory: string;
  let herder: FakeHerder;
  let runtime: AteletRuntime;

  const openRuntime = (): Promise<AteletRuntime> =>
    AteletRuntime.open({ address: herder.address, dataDir: join(directory, 'data'), workers, logger });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'atelet-'));
    herder = await FakeHerder.start();
    runtime = await openRuntime();
  });
  afterEach(async () => {
    await runtime.close();
    herder.close();
    await rm(directory, { recursive: true });
  });

  const call = (fencingToken: number, changes: object = {}) => ({
    actor,
    worker: first,
    fencingToken,
    workflowId: 'w',
    ...changes,
  });
  const restore = (token: number, changes: object = {}, signal = never) =>
    runtime.restore({ ...call(token, changes), spec }, ignore, signal);
  const checkpoint = (token: number, snapshot = durable, changes: object = {}, signal = never) =>
    runtime.checkpoint({ ...call(token, changes), snapshot }, ignore, signal);
  const methods = (): string[] => herder.calls.map(({ method }) => method);

  test('asks for what the call says, in the words of the agent', async () => {
    const options = { actor_template: 'sandbox', pause_image: 'example/pause:1', port: 9000, ready_path: '/up' };
    const full = { ...spec, runtimeOptions: options };
    await runtime.restore({ ...call(1), spec: full }, ignore, never);
    await runtime.checkpoint({ ...call(2), snapshot: durable }, ignore, never);
    await runtime.restore({ ...call(3), spec: full, snapshot: durable }, ignore, never);
    await runtime.checkpoint({ ...call(4), snapshot: local }, ignore, never);
    const target = {
      target_ateom_uid: UIDS[0],
      actor_template_namespace: 'tests',
      actor_template_name: 'sandbox',
      actor_id: 'herded',
    };
    const env = [
      { name: 'COLOUR', value: 'blue' },
      { name: 'PORT', value: '9000' },
      { name: 'ACTOR_NAMESPACE', value: 'tests' },
      { name: 'ACTOR_NAME', value: 'herded' },
    ];
    const container = { name: 'main', image: 'example/counter:1', command: ['counts'], env };
    const readyz = { http_get: { path: '/up', port: 9000 } };
    const wanted = { ...target, spec: { pause_image: 'example/pause:1', containers: [{ ...container, readyz }] } };
    const external = { type: 'SNAPSHOT_TYPE_EXTERNAL', external_config: { snapshot_uri_prefix: 'gs://bucket/1' } };
    const scope = 'SNAPSHOT_SCOPE_FULL';
    expect(herder.calls).toMatchObject([
      { method: 'Run', request: wanted },
      { method: 'Checkpoint', request: { ...wanted, ...external, scope } },
      { method: 'Restore', request: { ...wanted, ...external, scope } },
      {
        method: 'Checkpoint',
        request: { type: 'SNAPSHOT_TYPE_LOCAL', local_config: { snapshot_prefix: 'tests/herded/w' }, scope },
      },
    ]);
  });

  test('does not repeat what it knows to be done, also after a restart', async () => {
    await restore(1);
    await restore(1);
    await runtime.close();
    runtime = await openRuntime();
    expect(runtime.runningOn(first)).toEqual(actor);
    await restore(2);
    await checkpoint(3);
    await checkpoint(3);
    await runtime.close();
    runtime = await openRuntime();
    await checkpoint(4);
    expect(methods()).toEqual(['Run', 'Checkpoint']);
  });

  test('stops by a snapshot that nobody restores', async () => {
    await restore(1);
    expect(await runtime.stop(call(2), never)).toEqual({ stopped: true });
    expect(herder.running.size).toBe(0);
    expect([...herder.snapshots]).toEqual(['local:discarded/tests/herded']);
    expect(await runtime.stop(call(3), never)).toEqual({ stopped: false });
    expect(methods()).toEqual(['Run', 'Checkpoint']);
    // And nobody gets at it by its name.
    const name = { ...local, uri: 'local:///discarded/tests/herded' };
    expect(await failure(restore(4, { snapshot: name }))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
  });

  test.each([status.UNAVAILABLE, status.CANCELLED, status.DEADLINE_EXCEEDED])(
    'status %i says that it may have happened, and the next call asks again',
    async (code) => {
      herder.script.Run.push(refuse(code));
      expect(await failure(restore(1))).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
      await restore(2);
      herder.script.Checkpoint.push(refuse(code));
      expect(await failure(checkpoint(3))).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
      await checkpoint(4);
      expect(methods()).toEqual(['Run', 'Run', 'Checkpoint', 'Checkpoint']);
    },
  );

  test.each([
    [status.INTERNAL, 'INTERNAL'],
    [status.UNKNOWN, 'INTERNAL'],
    [status.RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED'],
    [status.FAILED_PRECONDITION, 'FAILED_PRECONDITION'],
  ])('status %i says that it did not happen, and all is as before', async (code, runtimeCode) => {
    herder.script.Run.push(refuse(code));
    const refused = { reason: 'RUNTIME_FAILED', runtimeCode, maybeDone: false };
    expect(await failure(restore(1))).toMatchObject(refused);
    expect(runtime.runningOn(first)).toBeUndefined();
    await restore(2, { actor: other });
    herder.script.Checkpoint.push(refuse(code));
    expect(await failure(checkpoint(3, durable, { actor: other }))).toMatchObject(refused);
    expect(runtime.runningOn(first)).toEqual(other);
  });

  test('a Restore whose reply was lost is finished by the next call, on the same ateom', async () => {
    herder.script.Run.push(loseReply);
    await failure(restore(1));
    expect(runtime.runningOn(first)).toEqual(actor);
    await restore(2);
    expect([...herder.running]).toEqual([[UIDS[0], 'tests/default/herded']]);
  });

  test('an actor that may run elsewhere is stopped before it starts again', async () => {
    herder.script.Run.push(loseReply);
    await failure(restore(1));
    await restore(2, { worker: second });
    expect(methods()).toEqual(['Run', 'Checkpoint', 'Run']);
    expect([...herder.running]).toEqual([[UIDS[1], 'tests/default/herded']]);
  });

  test('a Checkpoint whose reply was lost is found out by restoring from it, and made again', async () => {
    await restore(1);
    herder.script.Checkpoint.push(loseReply);
    await failure(checkpoint(2));
    await checkpoint(3);
    expect(methods()).toEqual(['Run', 'Checkpoint', 'Checkpoint', 'Restore', 'Checkpoint']);
    expect(herder.running.size).toBe(0);
    await restore(4, { snapshot: durable, worker: second });
    expect([...herder.running]).toEqual([[UIDS[1], 'tests/default/herded']]);
  });

  test('what the agent has done and cannot be written down is maybe done', async () => {
    await restore(1);
    const actors = join(directory, 'data', 'actors');
    herder.script.Checkpoint.push(async () => {
      await rm(actors, { recursive: true });
      return undefined;
    });
    const unheard = { reason: 'RUNTIME_UNAVAILABLE', maybeDone: true };
    expect(await failure(checkpoint(2))).toMatchObject(unheard);
    expect(await failure(checkpoint(3))).toMatchObject(unheard);
    await mkdir(actors);
    await checkpoint(4);
    expect(herder.running.size).toBe(0);
    await restore(5, { snapshot: durable });
  });

  test('an actor that has died in a Checkpoint which nobody heard the end of is NOT_FOUND', async () => {
    await restore(1);
    herder.script.Checkpoint.push(refuse(status.UNAVAILABLE));
    await failure(checkpoint(2));
    herder.running.clear();
    expect(await failure(checkpoint(3))).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'NOT_FOUND' });
    expect(runtime.runningOn(first)).toBeUndefined();
  });

  test('an actor that is to start while it may still be being written is ended first', async () => {
    await restore(1);
    herder.script.Checkpoint.push(refuse(status.UNAVAILABLE));
    await failure(checkpoint(2));
    await restore(3);
    expect(methods()).toEqual(['Run', 'Checkpoint', 'Checkpoint', 'Run']);
  });

  test('a Restore that is refused after one that may have happened says nothing about the first', async () => {
    herder.script.Run.push(loseReply, refuse(status.FAILED_PRECONDITION));
    await failure(restore(1));
    expect(await failure(restore(2))).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
    await restore(3, { actor: other });
    expect([...herder.running.values()]).toEqual(['tests/default/other']);
  });

  test('a cancelled Restore that the agent ends is undone', async () => {
    herder.script.Run.push(hang);
    const { signal, cancel } = cancellable();
    const arrived = herder.nextCall('Run');
    const restoring = failure(restore(1, {}, signal));
    await arrived;
    cancel();
    expect((await restoring).reason).toBe('CANCELLED');
    expect(runtime.runningOn(first)).toBeUndefined();
    // In doubt still: not even a lower token has to wait for it, and it is ended once more.
    await restore(0, { actor: other });
    expect(methods()).toEqual(['Run', 'Checkpoint', 'Checkpoint', 'Run']);
  });

  test('a cancelled Restore that the agent begins with after it was undone is ended by whoever comes next', async () => {
    herder.script.Run.push(hang);
    const { signal, cancel } = cancellable();
    const arrived = herder.nextCall('Run');
    const restoring = failure(restore(1, {}, signal));
    await arrived;
    cancel();
    await restoring;
    herder.running.set(UIDS[0] ?? '', 'tests/default/herded');
    await restore(2, { worker: second });
    expect([...herder.running]).toEqual([[UIDS[1], 'tests/default/herded']]);
  });

  test('a paused actor whose resume is cancelled or refused stays paused', async () => {
    await restore(1);
    await checkpoint(2, local);
    herder.script.Restore.push(refuse(status.RESOURCE_EXHAUSTED), hang);
    await failure(restore(3, { snapshot: local }));
    const { signal, cancel } = cancellable();
    const arrived = herder.nextCall('Restore');
    const resuming = failure(restore(4, { snapshot: local }, signal));
    await arrived;
    cancel();
    await resuming;
    await runtime.close();
    runtime = await openRuntime();
    await restore(5, { snapshot: local, worker: second });
    expect([...herder.running]).toEqual([[UIDS[1], 'tests/default/herded']]);
  });

  test('a cancelled Restore that the agent goes on with is found by the next call', async () => {
    herder.script.Run.push(goOn);
    // What would undo it comes before it has happened, and is refused for some other reason.
    herder.script.Checkpoint.push(refuse(status.INTERNAL));
    herder.running.set(UIDS[0] ?? '', 'tests/default/herded');
    const { signal, cancel } = cancellable();
    const arrived = herder.nextCall('Run');
    const restoring = failure(restore(1, {}, signal));
    await arrived;
    cancel();
    expect((await restoring).reason).toBe('CANCELLED');
    expect(runtime.runningOn(first)).toEqual(actor);
    await restore(2, { actor: other });
    expect([...herder.running.values()]).toEqual(['tests/default/other']);
  });

  test('a paused actor cannot be written elsewhere', async () => {
    await restore(1);
    await checkpoint(2, local);
    expect(await failure(checkpoint(3))).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'UNIMPLEMENTED' });
    await restore(4, { snapshot: local, worker: second });
    expect([...herder.running]).toEqual([[UIDS[1], 'tests/default/herded']]);
  });

  test('one connection breaking in the middle is maybe done', async () => {
    herder.script.Run.push(async (_call, cancelled) => {
      herder.close();
      await cancelled;
      return undefined;
    });
    expect(await failure(restore(1))).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
  });

  test('a spec that the agent cannot have is refused by the name of its field', async () => {
    for (const [changes, message] of [
      [{ image: '' }, 'spec.image: got nothing'],
      [{ runtimeOptions: { prot: 1 } }, 'spec.runtime_options: got "prot"'],
      [{ runtimeOptions: { port: 0 } }, 'spec.runtime_options.port: got 0'],
      [{ runtimeOptions: { ready_path: 'up' } }, 'spec.runtime_options.ready_path: got "up"'],
      [{ runtimeOptions: { actor_template: 1 } }, 'spec.runtime_options.actor_template: got 1'],
    ] as const) {
      const error = await failure(runtime.restore({ ...call(1), spec: { ...spec, ...changes } }, ignore, never));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'INVALID_ARGUMENT' });
      expect(error.message).toContain(message);
    }
    expect(herder.calls).toEqual([]);
  });

  test('remembers nothing of an actor that is gone', async () => {
    await restore(1);
    await runtime.stop(call(2), never);
    expect(await readdir(join(directory, 'data', 'actors'))).toEqual([]);
  });
});
