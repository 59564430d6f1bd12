import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Actor } from '../../src/actor/actor.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import type { LeaseStore } from '../../src/lease/lease-store.js';
import { leaseTimings } from '../../src/lease/timings.js';
import type { ActorRegistryStore } from '../../src/store/registry.js';
import { deleteActor } from '../../src/workflow/delete-actor.js';
import type { WorkflowParts, WorkflowSettings } from '../../src/workflow/execute.js';
import { FakeClock } from '../fake-clock.js';
import { hang, ScriptedRuntime, type Behave } from '../scripted-runtime.js';

const actor: Actor = {
  ref: { namespace: 'ns', name: 'a' },
  state: 'CRASHED',
  version: 1,
  spec: { command: [], env: {}, image: '' },
  pool: 'p',
  worker: { pool: 'p', name: 'w', node: 'n', runtimeAddress: 'dns:///n:1' },
  fencingToken: 1,
  createTimeMs: 0,
  updateTimeMs: 0,
};

/** A world whose node runtime, unless told otherwise, never answers, and whose store grants and renews. */
function setUp(stop: (clock: FakeClock) => Behave = () => hang) {
  const clock = new FakeClock();
  const timings = leaseTimings({ ttlMs: 3000 });
  const deleted: string[] = [];
  const serverTimeUs = (): number => clock.nowMs() * 1000;
  const leaseStore: LeaseStore = {
    acquire: async () => undefined,
    renew: async (renewals) => renewals.map(() => ({ type: 'renewed', serverTimeUs: serverTimeUs() })),
    release: async () => true,
  };
  const runtime = new ScriptedRuntime();
  runtime.next('stop', stop(clock));
  const lease = { resource: 'ns/a', value: 'v', fencingToken: 2, serverTimeUs: serverTimeUs() };
  const parts = {
    store: { acquire: async () => ({ type: 'granted', lease, actor }) },
    leaseStore,
    heartbeat: new Heartbeat(leaseStore, timings, clock),
    runtimeAt: runtime.at,
    clock,
    logger: pino({ level: 'silent' }),
  } as unknown as WorkflowParts;
  const registry = {
    forceRelease: async () => undefined,
    delete: async () => void deleted.push('ns/a'),
  } as unknown as ActorRegistryStore;
  const run = (force: boolean): Promise<void> =>
    deleteActor(actor.ref, force, registry, { timings } as WorkflowSettings, parts);
  return { clock, deleted, run };
}

it('a deletion waits 15 s for a node runtime that does not answer, by the clock of the replica', async () => {
  const { clock, deleted, run } = setUp();
  const ended = run(false).catch((error: unknown) => error);
  await clock.advance(14_999);
  expect(deleted).toEqual([]);
  await clock.advance(1);
  expect(await ended).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
  expect(deleted).toEqual([]);
  expect(clock.timers).toBe(0);
});

it('a deletion by force goes on without it then', async () => {
  const { clock, deleted, run } = setUp();
  const ended = run(true);
  await clock.advance(15_000);
  await ended;
  expect(deleted).toEqual(['ns/a']);
});

it('a deletion whose lease has expired by the clock meanwhile deletes nothing', async () => {
  // As when the process was stopped: no timer has fired.
  const { deleted, run } = setUp((clock) => () => clock.jump(3000));
  await expect(run(true)).rejects.toMatchObject({ reason: 'LEASE_LOST' });
  expect(deleted).toEqual([]);
});
