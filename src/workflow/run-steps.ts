// Runs a list of steps in order. It knows no actors, no Redis, no gRPC.
// Guarantees: a step that is complete is skipped; `guard` is asked before every
// attempt; when the signal aborts, the step in flight is awaited for at most
// the unwind grace, and whether it came back is reported, since work that may
// still be going on must not lose its lease to another. Does not undo: what a
// failed step leaves behind is the caller's to decide.

import { sleep, type Clock } from '../clock.js';
import { toCoordinatorError, type CoordinatorError } from '../errors.js';
import type { RuntimeProgress } from '../runtime/node-runtime.js';
import type { WorkflowFact } from './event.js';
import { retryDelayMs, type RetryPolicy } from './retry.js';

export interface StepContext {
  readonly signal: AbortSignal;
  /** 1 on the first attempt. */
  readonly attempt: number;
  readonly report: (progress: RuntimeProgress) => void;
}

/** One idempotent part of a workflow. `State` is what the steps learn and pass on. */
export interface Step<State> {
  readonly name: string;
  /** Whether its work had been done before this workflow, so that it does not run. */
  isComplete(state: State): boolean;
  execute(state: State, context: StepContext): Promise<void>;
  readonly retry?: RetryPolicy;
}

export type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly error: CoordinatorError;
      /** The step that was running; empty before the first and after the last. */
      readonly step: string;
      /** Whether the step in flight came back; false: its work may be going on. */
      readonly unwound: boolean;
    };

export interface RunOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Throws when the workflow must not go on. */
  readonly guard: () => void;
  readonly tell: (fact: WorkflowFact) => void;
  readonly unwindGraceMs: number;
}

/** Never throws: whatever a step throws is in the outcome. */
export async function runSteps<State>(
  steps: readonly Step<State>[],
  state: State,
  options: RunOptions,
): Promise<Outcome> {
  const { clock, tell } = options;
  for (const step of steps) {
    const startedAtMs = clock.nowMs();
    if (step.isComplete(state)) {
      tell({ type: 'step_completed', step: step.name, skipped: true, durationMs: 0 });
      continue;
    }
    const outcome = await runStep(step, state, options);
    if (!outcome.ok) return outcome;
    tell({ type: 'step_completed', step: step.name, skipped: false, durationMs: clock.nowMs() - startedAtMs });
  }
  return { ok: true };
}

async function runStep<State>(step: Step<State>, state: State, options: RunOptions): Promise<Outcome> {
  const { clock, signal, guard, tell } = options;
  let firstFailedAtMs: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      signal.throwIfAborted();
      guard();
    } catch (error) {
      return { ok: false, error: toCoordinatorError(error), step: step.name, unwound: true };
    }
    tell({ type: 'step_started', step: step.name, attempt });
    const result = await attemptStep(step, state, attempt, options);
    if (result.ok || signal.aborted || step.retry === undefined) return result;

    const nowMs = clock.nowMs();
    firstFailedAtMs ??= nowMs;
    const delayMs = retryDelayMs(step.retry, attempt, result.error, nowMs - firstFailedAtMs);
    if (delayMs === undefined) return result;
    tell({ type: 'step_retrying', step: step.name, attempt, delayMs, error: result.error.message });
    // An abort ends the wait; the next turn of the loop sees it.
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }
}

async function attemptStep<State>(
  step: Step<State>,
  state: State,
  attempt: number,
  options: RunOptions,
): Promise<Outcome> {
  const { clock, signal, tell, unwindGraceMs } = options;
  let over = false;
  const report = (progress: RuntimeProgress): void => {
    // What reports after its attempt is over would appear in another's place.
    if (!over) tell({ type: 'step_progress', step: step.name, progress });
  };
  const execution = step.execute(state, { signal, attempt, report }).then(
    (): Outcome => ({ ok: true }),
    (error: unknown): Outcome => ({
      ok: false,
      // An aborted step fails in whatever way; why it was aborted is the reason.
      error: toCoordinatorError(signal.aborted ? signal.reason : error),
      step: step.name,
      unwound: true,
    }),
  );
  const gaveUp = new AbortController();
  try {
    return await Promise.race([execution, unwindTimeout(clock, signal, unwindGraceMs, gaveUp.signal, step.name)]);
  } finally {
    over = true;
    gaveUp.abort();
  }
}

/** Settles only after the signal aborted and the grace passed, or never. */
function unwindTimeout(
  clock: Clock,
  signal: AbortSignal,
  graceMs: number,
  gaveUp: AbortSignal,
  step: string,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      const cancel = clock.setTimer(graceMs, () => {
        resolve({ ok: false, error: toCoordinatorError(signal.reason), step, unwound: false });
      });
      gaveUp.addEventListener('abort', cancel, { once: true });
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true, signal: gaveUp });
  });
}
