// Makes the checks one after the other against a runtime. Guarantees: each has
// actors of its own, which are stopped when it is over; one that builds on a
// check which failed is skipped rather than failing too, so that what is told
// is the cause. It takes the workers it is given for itself: whatever runs on
// them is driven out.

import { formatRef, type WorkerRef, type WorkloadSpec } from '../actor/actor.js';
import type { Clock } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import type { Check } from './check.js';
import { Broken, Skipped } from './verdict.js';
import { CHECKS } from './checks.js';
import { Scene, type Stage } from './scene.js';
import { Target } from './target.js';

export interface ConformanceOptions {
  /** The runtime's gRPC target. */
  readonly address: string;
  /** One or more that nothing else uses; some checks need two. */
  readonly workers: readonly WorkerRef[];
  /** How to start the actor of actor-program.ts, or one that does the same. */
  readonly spec: WorkloadSpec;
  readonly snapshotLocation: string;
  /** How long the actor takes where a check needs it to be slow, in milliseconds. */
  readonly paceMs: number;
  /** The longest that one call may take, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  /** Restarts the runtime in order, with what it keeps; resolves with its gRPC target. */
  readonly restart?: () => Promise<string>;
  /** Default: all of them. */
  readonly checks?: readonly Check[];
  /** Ends the run after the check that is being made. */
  readonly signal: AbortSignal;
}

export interface CheckResult {
  readonly check: Check;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** Where it failed: what was expected, and what came. */
  readonly expected?: string;
  readonly got?: string;
  /** Where it was skipped: why. */
  readonly why?: string;
  readonly tookMs: number;
}

/** A runtime that is there answers at once; several attempts to connect fit into this. */
const ANSWERS_WITHIN_MS = 5_000;
/** It may first have to stop its actors, and then take over what they left. */
const RESTARTS_WITHIN_MS = 60_000;

/** Without it nothing else can be said. */
const FIRST = 'restore/starts';

/** @throws RUNTIME_UNAVAILABLE where nothing answers at the address */
export async function* runChecks(options: ConformanceOptions): AsyncGenerator<CheckResult, void, undefined> {
  const { clock, restart, ...shared } = options;
  const connect = (address: string): Target => new Target(address, clock, options.callTimeoutMs);
  let address = options.address;
  let target = connect(address);
  // As a coordinator's are: microseconds since 1970, so that they are greater than whatever the runtime has seen.
  let lastToken = clock.wallMs() * 1000;
  const untilAnswers = async (limitMs: number): Promise<void> => {
    if (await target.answers(limitMs)) return;
    const message = `nothing that speaks gRPC answers at ${address} within ${String(limitMs / 1000)} s`;
    throw new CoordinatorError('RUNTIME_UNAVAILABLE', message);
  };
  const stage: Stage = {
    ...shared,
    clock,
    get target() {
      return target;
    },
    get address() {
      return address;
    },
    connect,
    nextToken: () => (lastToken += 1),
    ...(restart !== undefined && {
      restart: async () => {
        address = await restart();
        target.close();
        target = connect(address);
        await untilAnswers(RESTARTS_WITHIN_MS);
      },
    }),
  };
  const failed = new Set<string>();
  try {
    await untilAnswers(ANSWERS_WITHIN_MS);
    for (const check of options.checks ?? CHECKS) {
      if (options.signal.aborted) return;
      const missing = [...(check.id === FIRST ? [] : [FIRST]), ...(check.after ?? [])].find((id) => failed.has(id));
      if (missing !== undefined) {
        // What builds on this one has no ground either.
        failed.add(check.id);
        yield { check, outcome: 'skipped', why: `says nothing while ${missing} fails`, tookMs: 0 };
        continue;
      }
      const result = await make(check, stage);
      yield result;
      if (result.outcome !== 'failed') continue;
      failed.add(check.id);
      // Of a runtime that has ended the rest would say nothing else.
      await untilAnswers(ANSWERS_WITHIN_MS);
    }
  } finally {
    target.close();
  }
}

async function make(check: Check, stage: Stage): Promise<CheckResult> {
  const scene = new Scene(stage, check.id);
  const startMs = stage.clock.nowMs();
  const tookMs = (): number => stage.clock.nowMs() - startMs;
  try {
    await check.run(scene);
    return { check, outcome: 'ok', tookMs: tookMs() };
  } catch (error) {
    // Nothing answers any more: see untilAnswers.
    if (error instanceof CoordinatorError) throw error;
    if (error instanceof Skipped) return { check, outcome: 'skipped', why: error.message, tookMs: tookMs() };
    const { expected, got } =
      error instanceof Broken
        ? error
        : { expected: `the check to be made on ${formatRef(scene.actor)}`, got: String(error) };
    return { check, outcome: 'failed', expected, got, tookMs: tookMs() };
  } finally {
    await scene.clear();
  }
}
