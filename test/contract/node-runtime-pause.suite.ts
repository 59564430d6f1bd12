// What a NodeRuntime promises that keeps LOCAL snapshots, however it does so:
// the memory of an actor survives, on its node.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActorRef, Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import type { CheckpointCall, RestoreCall } from '../../src/runtime/node-runtime.js';
import { count, failure, ignore, never, type RuntimeUnderTest } from './node-runtime.suite.js';

export interface PausingRuntimeUnderTest extends RuntimeUnderTest {
  /** A program that answers with a number which it chose at random when it started, and saves nothing. */
  readonly remembering: WorkloadSpec;
  /** A name that no other call has returned. */
  newLocalSnapshot(): Snapshot;
}

const actor: ActorRef = { namespace: 'tests', name: 'paused' };
const other: ActorRef = { namespace: 'tests', name: 'other' };

export async function ask(address: string): Promise<string> {
  return await (await fetch(`http://${address}/`, { headers: { connection: 'close' } })).text();
}

/** Whether somebody answers within a time that is long for a program that runs. */
export async function answers(address: string): Promise<boolean> {
  return await fetch(`http://${address}/`, { signal: AbortSignal.timeout(300) }).then(
    () => true,
    () => false,
  );
}

export function describePause(name: string, open: () => Promise<PausingRuntimeUnderTest>): void {
  describe(`${name} keeps a LOCAL snapshot:`, () => {
    let under: PausingRuntimeUnderTest;
    let local: Snapshot;
    beforeEach(async () => {
      under = await open();
      local = under.newLocalSnapshot();
    });
    afterEach(async () => {
      await under.close();
    });

    const call = (fencingToken: number): Omit<CheckpointCall, 'snapshot'> => ({
      actor,
      worker: under.workers[0],
      fencingToken,
      workflowId: `w-${String(fencingToken)}`,
    });
    const restore = async (fencingToken: number, changes: Partial<RestoreCall> = {}): Promise<string> => {
      const full = { ...call(fencingToken), spec: under.remembering, ...changes };
      return (await under.runtime.restore(full, ignore, never)).address;
    };
    const checkpoint = async (
      fencingToken: number,
      snapshot: Snapshot,
      worker: WorkerRef = under.workers[0],
    ): Promise<number> =>
      (await under.runtime.checkpoint({ ...call(fencingToken), worker, snapshot }, ignore, never)).sizeBytes;
    const stop = async (fencingToken: number, worker: WorkerRef = under.workers[0]): Promise<boolean> =>
      (await under.runtime.stop({ ...call(fencingToken), worker }, never)).stopped;

    test('memory and address survive, and nobody answers in between', async () => {
      const address = await restore(1);
      const number = await ask(address);
      await checkpoint(2, local);
      expect(await answers(address)).toBe(false);
      expect(await restore(3, { snapshot: local })).toBe(address);
      expect(await ask(address)).toBe(number);
    });

    test('another actor runs on the worker meanwhile, and the paused one resumes on the other worker', async () => {
      const address = await restore(1);
      const number = await ask(address);
      await checkpoint(2, local);
      const second = await restore(3, { actor: other });
      expect(await ask(second)).not.toBe(number);
      expect(await restore(4, { snapshot: local, worker: under.workers[1] })).toBe(address);
      expect(await ask(address)).toBe(number);
      expect(await answers(second)).toBe(true);
      // It now holds that worker, and the one where it was before says so.
      expect(await failure(checkpoint(5, under.newSnapshot()))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
      expect(await stop(5, under.workers[1])).toBe(true);
    });

    test('it resumes within 50 ms', async () => {
      const tookMs: number[] = [];
      await restore(1);
      for (let token = 2; token < 24; token += 2) {
        await checkpoint(token, local);
        const startMs = performance.now();
        await restore(token + 1, { snapshot: local });
        tookMs.push(performance.now() - startMs);
      }
      expect(tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length / 2)]).toBeLessThan(50);
    });

    test('both calls can be repeated', async () => {
      const address = await restore(1);
      const number = await ask(address);
      for (const token of [2, 2, 3]) expect(await checkpoint(token, local)).toBe(0);
      for (const token of [4, 4, 5]) expect(await restore(token, { snapshot: local })).toBe(address);
      // Also where the worker of the first attempt is not the one of the second.
      expect(await restore(6, { snapshot: local, worker: under.workers[1] })).toBe(address);
      expect(await ask(address)).toBe(number);
    });

    test('a lower token freezes, thaws and stops nothing', async () => {
      const address = await restore(10);
      expect((await failure(checkpoint(9, local))).reason).toBe('STALE_FENCING_TOKEN');
      const number = await ask(address);
      await checkpoint(10, local);
      for (const stale of [restore(9, { snapshot: local }), stop(9)]) {
        expect((await failure(stale)).reason).toBe('STALE_FENCING_TOKEN');
      }
      await restore(10, { snapshot: local });
      expect(await ask(address)).toBe(number);
    });

    test('a worker that another actor holds with a greater token is refused, and the actor stays paused', async () => {
      const address = await restore(1);
      const number = await ask(address);
      await checkpoint(2, local);
      await restore(9, { actor: other });
      const error = await failure(restore(3, { snapshot: local }));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
      expect(await answers(address)).toBe(false);
      await restore(4, { snapshot: local, worker: under.workers[1] });
      expect(await ask(address)).toBe(number);
    });

    test('a snapshot that is not here is DATA_LOSS, and what is here stays', async () => {
      const elsewhere = under.newLocalSnapshot();
      const lost = { reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS' };
      const occupant = await restore(1, { actor: other });
      expect(await failure(restore(2, { snapshot: elsewhere }))).toMatchObject(lost);
      expect(await answers(occupant)).toBe(true);

      const worker = under.workers[1];
      const address = await restore(3, { worker });
      const number = await ask(address);
      expect(await failure(restore(4, { worker, snapshot: elsewhere }))).toMatchObject(lost);
      await checkpoint(5, local, worker);
      const error = await failure(restore(6, { worker, snapshot: elsewhere }));
      expect(error).toMatchObject(lost);
      expect(error.message).toContain(elsewhere.uri);
      await restore(7, { worker, snapshot: local });
      expect(await ask(address)).toBe(number);
      // One actor's snapshot is no other's.
      expect(await failure(restore(8, { actor: other, worker, snapshot: local }))).toMatchObject(lost);
    });

    test('it does not outlive the runtime', async () => {
      const address = await restore(1);
      await checkpoint(2, local);
      await under.restart();
      await expect(fetch(`http://${address}/`)).rejects.toThrow();
      expect(await failure(restore(3, { snapshot: local }))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
      await restore(4);
    });

    test('stop ends it, whichever worker is named', async () => {
      const address = await restore(1);
      await checkpoint(2, local);
      expect(await stop(3, { pool: 'default', name: 'gone' })).toBe(true);
      await expect(fetch(`http://${address}/`)).rejects.toThrow();
      expect(await stop(4)).toBe(false);
      expect(await failure(restore(5, { snapshot: local }))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
    });

    test.each(['a boot', 'a DURABLE snapshot'])('%s supersedes it', async (from) => {
      const durable = under.newSnapshot();
      await restore(1);
      await checkpoint(2, durable);
      const address = await restore(3, { snapshot: durable });
      const number = await ask(address);
      await checkpoint(4, local);
      const fresh = await restore(5, from === 'a boot' ? {} : { snapshot: durable });
      expect(await ask(fresh)).not.toBe(number);
      if (fresh !== address) await expect(fetch(`http://${address}/`)).rejects.toThrow();
      expect(await failure(restore(6, { snapshot: local }))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
    });

    test('a DURABLE checkpoint thaws it so that it saves, while another actor runs on its worker', async () => {
      const durable = under.newSnapshot();
      await count(await restore(1, { spec: under.counter }), 'POST');
      await checkpoint(2, local);
      const occupant = await restore(3, { actor: other });
      expect(await checkpoint(4, durable)).toBeGreaterThan(0);
      expect(await answers(occupant)).toBe(true);
      const worker = under.workers[1];
      expect(await count(await restore(5, { spec: under.counter, snapshot: durable, worker }))).toBe(1);
    });

    test('a paused actor can be checkpointed under the name of a worker that is gone', async () => {
      await restore(1);
      await checkpoint(2, local);
      expect(await checkpoint(3, under.newSnapshot(), { pool: 'default', name: 'gone' })).toBeGreaterThan(0);
    });

    test('what a paused actor saved when its runtime stopped in order can be checkpointed after the restart', async () => {
      await count(await restore(1, { spec: under.counter }), 'POST');
      await checkpoint(2, local);
      await under.restart();
      const durable = under.newSnapshot();
      await checkpoint(3, durable);
      expect(await count(await restore(4, { spec: under.counter, snapshot: durable }))).toBe(1);
    });

    test.each(['file:///x', 's3://bucket/x'])('the uri %j is refused by the name of its field', async (uri) => {
      await restore(1);
      const wrong = { ...local, uri };
      for (const attempt of [() => checkpoint(2, wrong), () => restore(3, { snapshot: wrong })]) {
        const error = await failure(attempt());
        expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'INVALID_ARGUMENT' });
        expect(error.message).toMatch(/^snapshot\.uri: got /);
      }
    });
  });
}
