// Runs seeds in this process, and fails with the first violation and the end
// of its trace.

import { simulate } from './simulate.js';
import { add, emptyTally, type Tally } from './tally.js';

/** The end of a trace that shows how it came to the violation. */
const LAST_LINES = 60;
const LINE_LENGTH = 240;

/** What goes on for ever, and shows nothing. */
const DULL = / (lookActor|expiredWorkers|registerWorker|appendEvents|acquirePlain|renew lease:\{_reconciler\}) /;

/** How it came to the end of a trace. */
export function lastLines(trace: readonly string[]): string {
  return trace
    .filter((line) => !DULL.test(line))
    .slice(-LAST_LINES)
    .map((line) => line.slice(0, LINE_LENGTH))
    .join('\n');
}

/** @throws Error that names the seed, what was violated, and how it came to that */
export async function runSeeds(from: number, count: number): Promise<Tally> {
  const tally = emptyTally();
  const { stackTraceLimit } = Error;
  // Errors are made by the million here, and nobody looks at where.
  Error.stackTraceLimit = 0;
  try {
    for (let seed = from; seed < from + count; seed += 1) {
      add(tally, await simulate(seed));
      if (tally.found.length > 0) break;
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const [first] = tally.found;
  if (first === undefined) return tally;
  const { trace } = await simulate(first.seed, true);
  const whole = `npm run simulate -- --seed ${first.seed} --trace`;
  throw new Error(`seed ${first.seed}: ${first.what}\n(${whole})\n${lastLines(trace)}`);
}
