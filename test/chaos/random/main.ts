// The random chaos by the hour: round after round, each with the seed after the
// one before, until the minutes are over. What finds violations keeps its
// history and its processes' files. Exit code 1 when there was any.
// Use: npm run chaos -- [--minutes 60] [--seed 1] [--out .cache]

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check/check.js';
import { describeViolations, Report } from './report.js';
import { runRound } from './round.js';

const FAULTS_FOR_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: '.cache' },
  },
});
const endAtMs = performance.now() + Number(values.minutes) * 60_000;
const report = new Report();
for (let seed = Number(values.seed); performance.now() < endAtMs; seed += 1) {
  const directory = join(values.out, `chaos-${seed}`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const history = await runRound({ seed, faultsForMs: FAULTS_FOR_MS, wipes: seed % 2 === 0, directory });
  const violations = check(history);
  report.add(history, violations);
  if (violations.length === 0) rmSync(directory, { recursive: true });
  else {
    writeFileSync(join(directory, 'history.json'), JSON.stringify(history, undefined, 1));
    console.log(`${describeViolations(seed, violations)}\n  kept in ${directory}`);
  }
  console.log(`${new Date().toISOString()} seed ${seed}: ${report.toString()}`);
}
process.exitCode = report.violations === 0 ? 0 : 1;
