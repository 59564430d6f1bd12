import { describe, expect, it } from 'vitest';
import type { Actor, ClaimedWorker } from '../../src/actor/actor.js';
import { recordFailure } from '../../src/actor/transition.js';
import { CoordinatorError } from '../../src/errors.js';
import { Heartbeat } from '../../src/lease/heartbeat.js';
import type { LeaseStore, RenewResult } from '../../src/lease/lease-store.js';
import { Lease } from '../../src/lease/lease.js';
import { leaseTimings } from '../../src/lease/timings.js';
import type { ClaimRequest, WorkflowStore } from '../../src/store/workflow-store.js';
import { WorkflowRun } from '../../src/workflow/workflow-run.js';
import { FakeClock, settle } from '../fake-clock.js';
import { breakOff, ScriptedRuntime } from '../scripted-runtime.js';

const TTL_MS = 3000;
const never = new AbortController().signal;
const worker: ClaimedWorker = { pool: 'p', name: 'w', node: 'n', runtimeAddress: 'dns:///w:1' };
const actor: Actor = {
  ref: { namespace: 'ns', name: 'a' },
  state: 'RUNNING',
  version: 1,
  spec: { command: [], env: {}, image: '' },
  pool: 'p',
  worker,
  fencingToken: 7,
  createTimeMs: 0,
  updateTimeMs: 0,
};
const failure = { workflowId: 'w1', step: 's', reason: 'INTERNAL', message: 'm', timeMs: 1 };
const write = recordFailure(actor, failure);

/** Says yes to everything, and writes down what it was asked. */
class YesStore implements WorkflowStore {
  readonly asked: string[] = [];
  readonly claims: ClaimRequest[] = [];
  findWorkerFails = false;

  acquire(): Promise<never> {
    throw new Error('not asked for here');
  }
  leaveLeaseQueue = async (): Promise<void> => undefined;
  leaveWorkerQueue = async (): Promise<void> => undefined;
  hasWorkersOn = async (): Promise<boolean> => true;
  async transition(): Promise<Actor> {
    this.asked.push('transition');
    return actor;
  }
  async claim(request: ClaimRequest): Promise<ClaimedWorker> {
    this.asked.push('claim');
    this.claims.push(request);
    return worker;
  }
  async free(): Promise<void> {
    this.asked.push('free');
  }
  async findWorker(): Promise<ClaimedWorker | undefined> {
    if (this.findWorkerFails) throw new CoordinatorError('STORE_UNAVAILABLE', 'no answer');
    return undefined;
  }
}

function setUp() {
  const clock = new FakeClock();
  const timings = leaseTimings({ ttlMs: TTL_MS });
  let answer: (() => void) | undefined;
  const renewed = (): RenewResult => ({ type: 'renewed', serverTimeUs: clock.nowMs() * 1000 });
  const leaseStore: LeaseStore = {
    acquire: async () => undefined,
    renew: async (renewals) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return renewals.map(renewed);
    },
    release: async () => true,
  };
  const heartbeat = new Heartbeat(leaseStore, timings, clock);
  const nowMs = clock.nowMs();
  const grant = { resource: 'ns/a', value: 'v', fencingToken: 7, serverTimeUs: nowMs * 1000 };
  const lease = new Lease(
    { ...grant, requestedAtMs: nowMs, answeredAtMs: nowMs },
    { store: leaseStore, heartbeat, timings, clock },
  );
  const store = new YesStore();
  const runtime = new ScriptedRuntime();
  const run = new WorkflowRun({
    ...{ workflowId: 'w1', kind: 'SUSPEND', boot: false, snapshotLocation: 'file:///s', workerWaitMs: 60_000 },
    ...{ lease, clock, store, runtimeAt: runtime.at, actor },
    wakeups: { channel: 'wake', onTurn: () => () => undefined, onEvents: () => () => undefined },
  });
  return { clock, heartbeat, store, runtime, run, answerRenewal: () => answer?.() };
}

describe('a workflow under way', () => {
  it('writes, claims and calls nothing once its lease has expired by the clock, though no timer has fired', async () => {
    const effects: readonly ((run: WorkflowRun) => Promise<unknown>)[] = [
      (run) => run.write(write),
      (run) => run.writeAndRelease(write),
      (run) => run.claimWorker(undefined, never),
      (run) => run.callRuntime((runtime, call) => runtime.stop(call, never)),
    ];
    for (const effect of effects) {
      const { clock, store, runtime, run } = setUp();
      clock.jump(TTL_MS);
      await expect(effect(run)).rejects.toMatchObject({ reason: 'LEASE_LOST' });
      expect(store.asked).toEqual([]);
      expect(runtime.calls).toEqual([]);
    }
  });

  it('waits for a renewal in flight before the write that releases its lease', async () => {
    const { clock, store, run, answerRenewal } = setUp();
    await clock.advance(TTL_MS / 3);
    const written = run.writeAndRelease(write);
    await settle();
    expect(store.asked).toEqual([]);
    answerRenewal();
    await written;
    expect(store.asked).toEqual(['transition']);
  });

  it('renews and watches its lease no more once that was released, and then needs none', async () => {
    const { clock, heartbeat, run } = setUp();
    await run.writeAndRelease(write);
    expect(heartbeat.size).toBe(0);
    expect(clock.timers).toBe(0);
    clock.jump(TTL_MS);
    run.guard();
  });

  it('does not wait in line for a worker of one node, since it would hold up everybody behind it', async () => {
    const { store, run } = setUp();
    await run.claimWorker('n', never);
    await run.claimWorker(undefined, never);
    expect(store.claims.map(({ preferredNode, wait }) => [preferredNode, wait !== undefined])).toEqual([
      ['n', false],
      [undefined, true],
    ]);
  });

  it.each([
    ['is gone says that the actor was lost with it', false],
    ['cannot be looked up says nothing about the actor', true],
  ])('whose worker cannot be reached and %s', async (_, fails) => {
    const { store, runtime, run } = setUp();
    store.findWorkerFails = fails;
    runtime.next('stop', breakOff);
    const call = run.callRuntime((at, to) => at.stop(to, never));
    await expect(call).rejects.toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: fails });
    expect(run.workerGone).toBe(!fails);
  });
});
