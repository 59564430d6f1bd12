// Runs a list of steps in order. It knows no actors, no Redis, no gRPC.
// Guarantees: a step that is complete is skipped; `guard` is asked before every
// attempt; when the signal aborts, the step in flight is awaited for at most
// the unwind grace, and whether it came back is reported, since work that may
// still be going on must not lose its lease to another. Does not undo: what a
// failed step leaves behind is the caller's to decide.

import { sleep, type CancelTimer, type Clock } from '../clock.js';
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
  const grace = new UnwindGrace(options);
  try {
    for (const step of steps) {
      const startedAtMs = clock.nowMs();
      if (step.isComplete(state)) {
        tell({ type: 'step_completed', step: step.name, skipped: true, durationMs: 0 });
        continue;
      }
      const outcome = await runStep(step, state, grace, options);
      if (!outcome.ok) return outcome;
      tell({ type: 'step_completed', step: step.name, skipped: false, durationMs: clock.nowMs() - startedAtMs });
    }
    return { ok: true };
  } finally {
    grace.dispose();
  }
}

async function runStep<State>(
  step: Step<State>,
  state: State,
  grace: UnwindGrace,
  options: RunOptions,
): Promise<Outcome> {
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
    const result = await attemptStep(step, state, attempt, grace, options);
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
  grace: UnwindGrace,
  { signal, tell }: RunOptions,
): Promise<Outcome> {
  let over = false;
  const report = (progress: RuntimeProgress): void => {
    // What reports after its attempt is over would appear in another's place.
    if (!over) tell({ type: 'step_progress', step: step.name, progress });
  };
  const failed = (error: unknown, unwound: boolean): Outcome => ({
    ok: false,
    // An aborted step fails in whatever way; why it was aborted is the reason.
    error: toCoordinatorError(signal.aborted ? signal.reason : error),
    step: step.name,
    unwound,
  });
  const execution = step.execute(state, { signal, attempt, report }).then(
    (): Outcome => ({ ok: true }),
    (error: unknown) => failed(error, true),
  );
  const outcome = await Promise.race([execution, grace.passed]);
  over = true;
  return outcome ?? failed(signal.reason, false);
}

/** One for all steps of a run: most are never aborted, and a listener and a controller for each would cost more than they do. */
class UnwindGrace {
  /** Resolves when the signal has aborted and the grace has passed since, or never. */
  readonly passed: Promise<undefined>;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #cancelTimer: CancelTimer | undefined;

  constructor({ clock, signal, unwindGraceMs }: RunOptions) {
    let pass = (): void => undefined;
    this.passed = new Promise((resolve) => {
      pass = () => resolve(undefined);
    });
    this.#signal = signal;
    this.#onAbort = () => {
      this.#cancelTimer = clock.setTimer(unwindGraceMs, pass);
    };
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  dispose(): void {
    this.#cancelTimer?.();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
