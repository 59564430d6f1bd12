// The random chaos by the hour: round after round, each with the seed after the
// one before, until the minutes are over or Ctrl-C. What finds violations keeps
// its history and its processes' files. Exit code 1 when there was any, 2 for a
// wrong argument.
// Use: npm run chaos -- [--minutes 60] [--seed 1] [--out .cache]

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check/check.js';
import { describeViolations, Report } from './report.js';
import { runRound } from './round.js';

const FAULTS_FOR_MS = 60_000;
/** Mulberry32 has 32 bits, and callers' seeds are made of it. */
const MAX_SEED = 1_000_000;

function readArguments(): { readonly minutes: number; readonly seed: number; readonly out: string } {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: '.cache' },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new RangeError(`--minutes: got '${values.minutes}'; expected a number above 0`);
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw new RangeError(`--seed: got '${values.seed}'; expected a whole number from 0 to ${MAX_SEED}`);
  }
  return { minutes, seed, out: resolve(values.out) };
}

async function main(): Promise<number> {
  const { minutes, seed: firstSeed, out } = readArguments();
  const endAtMs = performance.now() + minutes * 60_000;
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    console.log('ends after this round; Ctrl-C again ends at once');
    interrupted.abort();
  });
  const total = new Report();
  for (let seed = firstSeed; performance.now() < endAtMs && !interrupted.signal.aborted; seed += 1) {
    const directory = join(out, `chaos-${seed}`);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const history = await runRound({ seed, faultsForMs: FAULTS_FOR_MS, wipes: seed % 2 === 0, directory });
    const violations = check(history);
    total.add(history, violations);
    if (violations.length === 0) rmSync(directory, { recursive: true });
    else {
      writeFileSync(join(directory, 'history.json'), JSON.stringify(history, undefined, 1));
      console.log(`${describeViolations(seed, violations)}\n  kept in ${directory}`);
    }
    console.log(`seed ${seed} done; so far ${total.summary}`);
  }
  console.log(`\n${total.toString()}`);
  return total.violations === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isOurs = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(isOurs ? error.message : error);
  process.exitCode = isOurs ? 2 : 1;
}
