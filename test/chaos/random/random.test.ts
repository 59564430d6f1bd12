// A minute of random chaos: real replicas, a real Redis and node runtimes as
// processes, everything that can happen to them happening to them, and callers
// that go on calling. The seed gives the schedule, not the run: real processes
// do not repeat themselves. What it finds is in .cache/chaos-<seed>/.
// `npm run chaos -- --minutes 60` goes on for as long as you like.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findServer } from '../../../src/store/redis/server-process.js';
import { check } from './check/check.js';
import { describeViolations, Report } from './report.js';
import { runRound } from './round.js';

const SEED = 4;
const FAULTS_FOR_MS = 42_000;
/** Processes start, calls end, actors come to rest and are resumed and suspended: on two busy cores. */
const TIMEOUT_MS = FAULTS_FOR_MS + 90_000;

const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));

it.skipIf(!hasServer())(
  'a world in which everything fails keeps P1 to P6',
  async () => {
    const directory = join(cache, `chaos-${SEED}`);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const history = await runRound({ seed: SEED, faultsForMs: FAULTS_FOR_MS, wipes: true, directory });
    const violations = check(history);
    const report = new Report();
    report.add(history, violations);
    console.log(`seed ${SEED}: ${report.toString()}`);
    if (violations.length === 0) rmSync(directory, { recursive: true });
    else writeFileSync(join(directory, 'history.json'), JSON.stringify(history, undefined, 1));
    expect(violations, describeViolations(SEED, violations)).toEqual([]);
  },
  TIMEOUT_MS,
);

/** It is killed and keeps its files: a container does not. */
function hasServer(): boolean {
  try {
    findServer();
    return true;
  } catch {
    return false;
  }
}
