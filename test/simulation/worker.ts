// A child process of scripts/simulate.mjs: runs the seeds that it is told to,
// from one message, and answers with one tally.

import { simulate } from './simulate.js';
import { add, emptyTally } from './tally.js';

interface Order {
  readonly from: number;
  readonly count: number;
  /** End with the first violation. */
  readonly stopsAtFirst: boolean;
}

// Errors are made by the million here, and nobody looks at where.
Error.stackTraceLimit = 0;

async function run({ from, count, stopsAtFirst }: Order): Promise<void> {
  const tally = emptyTally();
  for (let seed = from; seed < from + count; seed += 1) {
    add(tally, await simulate(seed));
    if (stopsAtFirst && tally.found.length > 0) break;
  }
  process.send?.(tally);
}

// They may go to the whole group. The parent hears them too, and lets this one come to its end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);

process.on('message', (order: Order) => void run(order));
