// What every NodeRuntime promises, whoever implements it and however it is
// reached: run it with a factory. The actors are examples/counter and
// examples/slow-start, or what a runtime has in their place.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ActorRef, Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import type {
  CheckpointCall,
  NodeRuntime,
  ReportProgress,
  RestoreCall,
  RuntimeProgress,
} from '../../src/runtime/node-runtime.js';

export interface RuntimeUnderTest {
  readonly runtime: NodeRuntime;
  readonly workers: readonly [WorkerRef, WorkerRef];
  /** A program that counts: POST /count at its address adds one, GET /count reads. */
  readonly counter: WorkloadSpec;
  /** The same, after a start of `seconds`. */
  slow(seconds: number): WorkloadSpec;
  /** A place that no other call has returned. */
  newSnapshot(): Snapshot;
  /** Whether anything, complete or not, is in that place. */
  exists(snapshot: Snapshot): Promise<boolean>;
  /** In order, with everything that the runtime keeps. `runtime` is another one afterwards. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const actor: ActorRef = { namespace: 'tests', name: 'counter' };
const other: ActorRef = { namespace: 'tests', name: 'other' };
export const ignore: ReportProgress = () => undefined;
export const never = new AbortController().signal;

/** An AbortController whose reason is of the closed set, as every caller's is. */
export function cancellable(): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    cancel: () => {
      controller.abort(new CoordinatorError('CANCELLED', 'the caller went away'));
    },
  };
}

/** The error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<CoordinatorError> {
  const error: unknown = await call.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoordinatorError)) throw error;
  return error;
}

export async function count(address: string, method: 'GET' | 'POST' = 'GET'): Promise<number> {
  const response = await fetch(`http://${address}/count`, { method, headers: { connection: 'close' } });
  return ((await response.json()) as { count: number }).count;
}

/** A report that resolves `seen` at the first progress of a phase. */
export function phaseWatch(phase: string): { readonly report: ReportProgress; readonly seen: Promise<void> } {
  let resolve = (): void => undefined;
  const seen = new Promise<void>((done) => {
    resolve = done;
  });
  return {
    seen,
    report: (progress) => {
      if (progress.phase === phase) resolve();
    },
  };
}

export function describeNodeRuntime(name: string, open: () => Promise<RuntimeUnderTest>): void {
  describe(name, () => {
    let under: RuntimeUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(async () => {
      await under.close();
    });

    const restoreCall = (fencingToken: number, changes: Partial<RestoreCall> = {}): RestoreCall => ({
      actor,
      worker: under.workers[0],
      fencingToken,
      workflowId: `w-${String(fencingToken)}`,
      spec: under.counter,
      ...changes,
    });
    const checkpointCall = (
      fencingToken: number,
      snapshot: Snapshot,
      changes: Partial<CheckpointCall> = {},
    ): CheckpointCall => ({
      actor,
      worker: under.workers[0],
      fencingToken,
      workflowId: `w-${String(fencingToken)}`,
      snapshot,
      ...changes,
    });
    const restore = async (...args: Parameters<typeof restoreCall>): Promise<string> =>
      (await under.runtime.restore(restoreCall(...args), ignore, never)).address;
    const checkpoint = async (...args: Parameters<typeof checkpointCall>): Promise<number> =>
      (await under.runtime.checkpoint(checkpointCall(...args), ignore, never)).sizeBytes;
    const stop = async (fencingToken: number, worker = under.workers[0]): Promise<boolean> =>
      (await under.runtime.stop({ actor, worker, fencingToken, workflowId: '' }, never)).stopped;

    test('an actor keeps its state through a checkpoint and a restore on another worker', async () => {
      const first = await restore(1);
      await count(first, 'POST');
      await count(first, 'POST');
      const snapshot = under.newSnapshot();
      expect(await checkpoint(2, snapshot)).toBeGreaterThan(0);
      await expect(count(first)).rejects.toThrow();

      const second = await restore(3, { worker: under.workers[1], snapshot });
      expect(await count(second)).toBe(2);
    });

    test('a restore without a snapshot boots from the spec', async () => {
      const first = await restore(1);
      await count(first, 'POST');
      await checkpoint(2, under.newSnapshot());
      expect(await count(await restore(3))).toBe(0);
    });

    test('a token that is lower than the highest one seen is refused by every call, and changes nothing', async () => {
      const address = await restore(10);
      await count(address, 'POST');
      const snapshot = under.newSnapshot();
      for (const stale of [restore(9), checkpoint(9, snapshot), stop(9)]) {
        expect((await failure(stale)).reason).toBe('STALE_FENCING_TOKEN');
      }
      expect(await count(address)).toBe(1);
      expect(await under.exists(snapshot)).toBe(false);
    });

    test('the highest token outlives a restart, also one that was only ever refused work', async () => {
      await restore(10);
      await failure(checkpoint(20, under.newSnapshot(), { worker: under.workers[1] }));
      await under.restart();
      expect((await failure(restore(19))).reason).toBe('STALE_FENCING_TOKEN');
      await restore(20);
    });

    test('a restore that is repeated succeeds at once with the same address and the same process', async () => {
      const address = await restore(1);
      await count(address, 'POST');
      expect(await restore(1)).toBe(address);
      expect(await restore(2)).toBe(address);
      expect(await count(address)).toBe(1);
    });

    test('a restore from something else than what runs replaces it', async () => {
      await restore(1);
      const snapshot = under.newSnapshot();
      await checkpoint(2, snapshot);
      await count(await restore(3, { snapshot }), 'POST');
      expect(await count(await restore(4))).toBe(0);
    });

    test('a checkpoint that is repeated succeeds at once with the same size', async () => {
      const snapshot = under.newSnapshot();
      await restore(1);
      const size = await checkpoint(2, snapshot);
      expect(await checkpoint(2, snapshot)).toBe(size);
      expect(await checkpoint(3, snapshot)).toBe(size);
    });

    test('a checkpoint of an actor that does not run there is NOT_FOUND', async () => {
      const error = await failure(checkpoint(1, under.newSnapshot()));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'NOT_FOUND' });
      expect(error.message).toContain('tests/counter');
    });

    test('an unknown worker is an error, but not NOT_FOUND, which would say that the actor has crashed', async () => {
      const worker = { pool: 'default', name: 'nowhere' };
      for (const call of [restore(1, { worker }), checkpoint(2, under.newSnapshot(), { worker })]) {
        expect(await failure(call)).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
      }
      expect(await stop(3, worker)).toBe(false);
    });

    test('stop stops, and says whether there was anything to stop', async () => {
      const address = await restore(1);
      expect(await stop(2)).toBe(true);
      await expect(count(address)).rejects.toThrow();
      expect(await stop(2)).toBe(false);
      expect(await count(await restore(3, { actor: other }))).toBe(0);
    });

    test('a restore with an equal token joins the one under way', async () => {
      const call = restoreCall(1, { spec: under.slow(0.5) });
      const first = phaseWatch('start');
      const second = phaseWatch('start');
      const one = under.runtime.restore(call, first.report, never);
      await first.seen;
      const two = under.runtime.restore(call, second.report, never);
      await second.seen;
      expect((await two).address).toBe((await one).address);
    });

    test('of two that wait for one restore, the one that leaves does not cancel it', async () => {
      const call = restoreCall(1, { spec: under.slow(0.5) });
      const { signal, cancel } = cancellable();
      const watch = phaseWatch('start');
      const joined = phaseWatch('start');
      const leaving = failure(under.runtime.restore(call, watch.report, signal));
      await watch.seen;
      const staying = under.runtime.restore(call, joined.report, never);
      await joined.seen;
      cancel();
      expect((await leaving).reason).toBe('CANCELLED');
      expect((await staying).address).not.toBe('');
    });

    test('a greater token cancels the call under way and starts when that is undone', async () => {
      const watch = phaseWatch('start');
      const old = failure(under.runtime.restore(restoreCall(1, { spec: under.slow(60) }), watch.report, never));
      await watch.seen;
      const address = await restore(2);
      expect((await old).reason).toBe('STALE_FENCING_TOKEN');
      expect(await count(address)).toBe(0);
    });

    test('a stop with the same token ends a restore under way', async () => {
      const watch = phaseWatch('start');
      const starting = failure(under.runtime.restore(restoreCall(1, { spec: under.slow(60) }), watch.report, never));
      await watch.seen;
      await stop(1);
      expect((await starting).reason).toBe('RUNTIME_FAILED');
      expect(await stop(1)).toBe(false);
    });

    test('a cancelled restore leaves the worker as it was: empty', async () => {
      const { signal, cancel } = cancellable();
      const watch = phaseWatch('start');
      const call = failure(under.runtime.restore(restoreCall(1, { spec: under.slow(60) }), watch.report, signal));
      await watch.seen;
      cancel();
      expect((await call).reason).toBe('CANCELLED');
      expect(await stop(1)).toBe(false);
      expect(await count(await restore(2, { actor: other }))).toBe(0);
    });

    test('a cancelled checkpoint leaves the actor as it was: running, with its state, and no snapshot', async () => {
      const address = await restore(1);
      await count(address, 'POST');
      const snapshot = under.newSnapshot();
      const { signal, cancel } = cancellable();
      // In this phase the actor has been stopped, or soon is: cancelling has to bring it back.
      const watch = phaseWatch('stop');
      const call = failure(under.runtime.checkpoint(checkpointCall(2, snapshot), watch.report, signal));
      await watch.seen;
      cancel();
      expect((await call).reason).toBe('CANCELLED');
      // A call with the next token begins when the one before has been undone.
      const again = await restore(3);
      expect(again).toBe(address);
      expect(await count(again)).toBe(1);
      expect(await under.exists(snapshot)).toBe(false);
    });

    test('an occupant with a lower token is left from a claim that is over: a restore stops it first', async () => {
      const leftover = await restore(1, { actor: other });
      const address = await restore(2);
      expect(address).not.toBe(leftover);
      await expect(count(leftover)).rejects.toThrow();
    });

    test('an occupant whose token is not lower stays, and the call is refused by its name', async () => {
      const occupant = await restore(5, { actor: other });
      const error = await failure(restore(4));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
      expect(error.message).toContain('tests/other');
      expect(await count(occupant)).toBe(0);
    });

    test('an actor that starts on another worker ends where it was: it runs once', async () => {
      const first = await restore(1);
      await restore(2, { worker: under.workers[1] });
      await expect(count(first)).rejects.toThrow();
    });

    test('what an actor has saved when its runtime stops in order can be checkpointed after the restart', async () => {
      const address = await restore(1);
      await count(address, 'POST');
      await under.restart();
      await expect(count(address)).rejects.toThrow();
      const snapshot = under.newSnapshot();
      await checkpoint(2, snapshot);
      expect(await count(await restore(3, { snapshot, worker: under.workers[1] }))).toBe(1);
    });

    test('progress in bytes only grows, up to its total', async () => {
      const seen: RuntimeProgress[] = [];
      const note: ReportProgress = (progress) => seen.push(progress);
      const snapshot = under.newSnapshot();
      await restore(1);
      await under.runtime.checkpoint(checkpointCall(2, snapshot), note, never);
      await under.runtime.restore(restoreCall(3, { snapshot }), note, never);
      const inBytes = seen.filter(({ unit }) => unit === 'bytes');
      const phases = [...new Set(inBytes.map(({ phase }) => phase))];
      expect(phases.length).toBeGreaterThan(0);
      for (const phase of phases) {
        const done = inBytes.filter((progress) => progress.phase === phase);
        expect(done.map((progress) => progress.done)).toEqual(
          done.map((progress) => progress.done).sort((a, b) => a - b),
        );
        for (const progress of done) expect(progress.done).toBeLessThanOrEqual(progress.total);
      }
    });
  });
}
