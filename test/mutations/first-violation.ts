// Runs seeds of the simulation, from the first, until one shows a violation, and
// prints that: what scripts/mutations.mjs asks of a copy without a mechanism.

import { simulate } from '../simulation/simulate.js';

const seeds = Number(process.argv[2]);
for (let seed = 1; seed <= seeds; seed += 1) {
  const { violation } = await simulate(seed);
  if (violation === undefined) continue;
  console.log(`seed ${String(seed)}: ${violation.message.split('\n')[0]?.slice(0, 160) ?? ''}`);
  break;
}
