import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import type { WorkflowFact } from '../../src/workflow/event.js';
import { retryDelayMs, TRANSIENT } from '../../src/workflow/retry.js';
import { runSteps, type Step } from '../../src/workflow/run-steps.js';
import { FakeClock } from '../fake-clock.js';

const UNWIND_GRACE_MS = 1000;
const unavailable = new CoordinatorError('RUNTIME_UNAVAILABLE', 'reset', { maybeDone: true });

function setUp(steps: readonly Partial<Step<string[]>>[], guard: () => void = () => undefined) {
  const clock = new FakeClock();
  const caller = new AbortController();
  const told: WorkflowFact[] = [];
  const ran: string[] = [];
  const outcome = runSteps(
    steps.map((step, index): Step<string[]> => {
      const name = String(index + 1);
      return { name, isComplete: () => false, execute: () => Promise.resolve(void ran.push(name)), ...step };
    }),
    ran,
    { clock, signal: caller.signal, guard, tell: (fact) => told.push(fact), unwindGraceMs: UNWIND_GRACE_MS },
  );
  return { clock, caller, told, ran, outcome };
}

const hang = (_: unknown, { signal }: { signal: AbortSignal }): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('cut off'));
    });
  });

describe('the step runner', () => {
  it('runs steps in order and skips what is complete', async () => {
    const { outcome, ran, told } = setUp([{}, { isComplete: () => true }, {}]);
    expect(await outcome).toEqual({ ok: true });
    expect(ran).toEqual(['1', '3']);
    expect(told).toMatchObject([
      { type: 'step_started', step: '1', attempt: 1 },
      { type: 'step_completed', step: '1', skipped: false },
      { type: 'step_completed', step: '2', skipped: true },
      { type: 'step_started', step: '3' },
      { type: 'step_completed', step: '3' },
    ]);
  });

  it('retries what the step calls retryable, and asks its guard before each attempt', async () => {
    let attempts = 0;
    let asked = 0;
    const execute = (): Promise<void> => ((attempts += 1) < 3 ? Promise.reject(unavailable) : Promise.resolve());
    const { outcome, clock, told } = setUp([{ execute, retry: TRANSIENT }], () => (asked += 1));
    await clock.advance(5000);
    expect(await outcome).toEqual({ ok: true });
    expect(attempts).toBe(3);
    expect(asked).toBe(3);
    expect(told.filter(({ type }) => type === 'step_retrying').length).toBe(2);
  });

  it('gives up after four retries, all within 5 s', async () => {
    let attempts = 0;
    const execute = (): Promise<void> => Promise.reject((attempts += 1) > 0 ? unavailable : unavailable);
    const { outcome, clock } = setUp([{ execute, retry: TRANSIENT }]);
    await clock.advance(5000);
    expect(await outcome).toEqual({ ok: false, error: unavailable, step: '1', unwound: true });
    expect(attempts).toBe(5);
  });

  it('ends at once with what a step calls final', async () => {
    const error = new CoordinatorError('RUNTIME_FAILED', 'no');
    const { outcome, ran } = setUp([{ execute: () => Promise.reject(error), retry: TRANSIENT }, {}]);
    expect(await outcome).toEqual({ ok: false, error, step: '1', unwound: true });
    expect(ran).toEqual([]);
  });

  it('turns an error of unknown kind into INTERNAL, which may have been done', async () => {
    const { outcome } = setUp([{ execute: () => Promise.reject(new TypeError('bug')) }]);
    expect(await outcome).toMatchObject({ ok: false, error: { reason: 'INTERNAL', maybeDone: true } });
  });

  it('starts no step once the guard throws', async () => {
    const lost = new CoordinatorError('LEASE_LOST', 'lost');
    let asked = 0;
    const { outcome, ran } = setUp([{}, {}], () => {
      if ((asked += 1) === 2) throw lost;
    });
    expect(await outcome).toEqual({ ok: false, error: lost, step: '2', unwound: true });
    expect(ran).toEqual(['1']);
  });

  it('starts no step once it is aborted, though the step before it came back in order', async () => {
    const reason = new CoordinatorError('CANCELLED', 'gone');
    let comeBack = (): void => undefined;
    const execute = (): Promise<void> => new Promise((resolve) => (comeBack = resolve));
    const { outcome, caller, ran } = setUp([{ execute }, {}]);
    comeBack();
    caller.abort(reason);
    expect(await outcome).toEqual({ ok: false, error: reason, step: '2', unwound: true });
    expect(ran).toEqual([]);
  });

  it('waits for an aborted step to come back and ends with the reason of the abort', async () => {
    const { outcome, caller, clock } = setUp([{ execute: hang }]);
    const reason = new CoordinatorError('CANCELLED', 'gone');
    await clock.advance(10);
    caller.abort(reason);
    expect(await outcome).toEqual({ ok: false, error: reason, step: '1', unwound: true });
    expect(clock.timers).toBe(0);
  });

  it('says so when an aborted step does not come back within the grace', async () => {
    const { outcome, caller, clock } = setUp([{ execute: () => new Promise(() => undefined) }]);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    let over = false;
    void outcome.then(() => (over = true));
    await clock.advance(UNWIND_GRACE_MS - 1);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ ok: false, unwound: false });
  });

  it('does not wait out a retry delay once it is aborted', async () => {
    const { outcome, caller, clock } = setUp([{ execute: () => Promise.reject(unavailable), retry: TRANSIENT }]);
    await clock.advance(1);
    caller.abort(new CoordinatorError('WORKFLOW_DEADLINE', 'passed'));
    expect(await outcome).toMatchObject({ ok: false, error: { reason: 'WORKFLOW_DEADLINE' } });
  });

  it('passes on no progress that an attempt reports after its end', async () => {
    let late: ((progress: never) => void) | undefined;
    const { outcome, told } = setUp([
      { execute: (_, { report }) => Promise.resolve(void (late = report as (progress: never) => void)) },
    ]);
    await outcome;
    late?.({ done: 1 } as never);
    expect(told.some(({ type }) => type === 'step_progress')).toBe(false);
  });
});

describe('a retry delay', () => {
  it('doubles, with jitter down to half, and ends with the retries or with the time', () => {
    const delays = [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(TRANSIENT, attempt, unavailable, 0, () => 1));
    expect(delays).toEqual([250, 500, 1000, 2000, undefined]);
    expect(retryDelayMs(TRANSIENT, 1, unavailable, 0, () => 0)).toBe(125);
    expect(retryDelayMs(TRANSIENT, 4, unavailable, 3001, () => 1)).toBeUndefined();
    expect(retryDelayMs(TRANSIENT, 1, new CoordinatorError('RUNTIME_FAILED', 'no'), 0)).toBeUndefined();
  });
});
