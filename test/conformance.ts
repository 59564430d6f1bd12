// Runs the conformance suite of the binary as tests, one for each check, against
// a runtime that `open` serves over gRPC. One runtime for all: each check has
// actors of its own.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerRef, WorkloadSpec } from '../src/actor/actor.js';
import { systemClock } from '../src/clock.js';
import { CHECKS } from '../src/conformance/checks.js';
import { runChecks, type CheckResult } from '../src/conformance/run-checks.js';

export interface ServedRuntime {
  /** Another one after a restart. */
  readonly address: string;
  readonly workers: readonly WorkerRef[];
  readonly spec: WorkloadSpec;
  readonly snapshotLocation: string;
  readonly paceMs: number;
  /** Resolves with the address. */
  readonly restart?: () => Promise<string>;
  close(): Promise<void>;
}

/** @param skipped the checks that do not apply to this runtime, with a part of the reason */
export function describeConformance(
  name: string,
  open: () => Promise<ServedRuntime>,
  skipped: Readonly<Record<string, string>> = {},
): void {
  describe(`${name} keeps the contract:`, () => {
    let served: ServedRuntime;
    beforeAll(async () => {
      served = await open();
    });
    afterAll(async () => {
      await served.close();
    });
    test.each(CHECKS.map((check) => [check.id, check.title, check] as const))('%s: %s', async (id, _title, check) => {
      const [result] = await conform({ ...served, address: served.address }, [check]);
      const { outcome, expected, got, why } = result ?? {};
      const reason = skipped[id];
      if (reason === undefined) expect({ outcome, expected, got, why }).toEqual({ outcome: 'ok' });
      else expect({ outcome, why }).toEqual({ outcome: 'skipped', why: expect.stringContaining(reason) as string });
    });
  });
}

export async function conform(served: ServedRuntime, checks = CHECKS): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const options = { ...served, callTimeoutMs: 20_000, clock: systemClock, signal: new AbortController().signal };
  for await (const result of runChecks({ ...options, checks })) results.push(result);
  return results;
}
