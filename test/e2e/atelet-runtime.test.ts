// An actor of a Substrate node agent, through a real coordinator: from boot
// through pause and suspend, and a Suspend whose end the node never heard.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startNode, type RunningNode } from '../../src/cli/node.js';
import { chooseRuntime } from '../../src/cli/open-runtime.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { FakeHerder, loseReply } from '../fake-herder.js';
import { uniquePrefix } from '../redis.js';

const UIDS = ['0d9f4e4e-58c1-4c8e-9d5e-000000000001', '0d9f4e4e-58c1-4c8e-9d5e-000000000002'];
const actor = { namespace: 'demo', name: 'herded' };

let directory: string;
let herder: FakeHerder;
let coordinator: TestCoordinator;
let node: RunningNode;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'atelet-'));
  herder = await FakeHerder.start();
  coordinator = await startCoordinator({ redisKeyPrefix: uniquePrefix(), snapshotLocation: 'gs://bucket/snapshots' });
  node = await startNode({
    listen: ['127.0.0.1:0'],
    dataDir: directory,
    pool: 'default',
    workers: 1,
    workerNames: UIDS,
    nodeName: 'here',
    coordinator: coordinator.address,
    openRuntime: chooseRuntime({ runtime: 'atelet', publishIp: '', atelet: herder.address, ateom: UIDS }),
    logger: pino({ level: 'silent' }),
  });
  await vi.waitFor(async () => expect((await coordinator.client.listWorkers('default')).length).toBe(2), 10_000);
});
afterAll(async () => {
  await node.close();
  await coordinator.close();
  herder.close();
  await rm(directory, { recursive: true });
});

/** The state that the workflow ends with. */
async function move(verb: 'resume' | 'suspend' | 'pause'): Promise<string | undefined> {
  const { events, error } = await readToEnd(coordinator.client[verb]({ actor }));
  expect(error).toBeUndefined();
  return events.at(-1)?.completed?.actor?.state;
}
const asked = (): string[] => herder.calls.splice(0).map(({ method }) => method);

it('boots, is paused, goes on, is suspended and comes back', async () => {
  await coordinator.client.createActor({ actor, spec: { image: 'example/counter:1' } });
  expect(await move('resume')).toBe('ACTOR_STATE_RUNNING');
  expect([...herder.running.values()]).toEqual(['demo/default/herded']);
  expect(await move('pause')).toBe('ACTOR_STATE_PAUSED');
  expect(herder.running.size).toBe(0);
  expect(await move('resume')).toBe('ACTOR_STATE_RUNNING');
  expect(await move('suspend')).toBe('ACTOR_STATE_SUSPENDED');
  expect([...herder.snapshots].at(-1)).toMatch(/^gs:\/\/bucket\/snapshots\/demo\/herded\//);
  expect(await move('resume')).toBe('ACTOR_STATE_RUNNING');
  expect(asked()).toEqual(['Run', 'Checkpoint', 'Restore', 'Checkpoint', 'Restore']);
});

it('is not lost by a Suspend that the agent has finished and nobody heard of', async () => {
  herder.script.Checkpoint.push(loseReply);
  expect(await move('suspend')).toBe('ACTOR_STATE_SUSPENDED');
  expect(asked()).toEqual(['Checkpoint', 'Checkpoint', 'Restore', 'Checkpoint']);
  expect(herder.running.size).toBe(0);
  expect(await move('resume')).toBe('ACTOR_STATE_RUNNING');
  await coordinator.client.deleteActor(actor, { force: true });
  expect(herder.running.size).toBe(0);
});
