import { simulate } from './simulate.js';

const [from = '1', to = '100', traced] = process.argv.slice(2);
let events = 0;
const counts = new Map<string, number>();
let bad = 0;
let vms = 0;
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  const outcome = await simulate(seed, traced === 'trace');
  events += outcome.events;
  vms += outcome.durationMs;
  for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  if (outcome.violation) {
    bad += 1;
    console.log(`seed ${seed} (${outcome.events} events): ${outcome.violation.message}`);
  }
  if (traced === 'trace') console.log(outcome.trace.join('\n'));
}
const n = Number(to) - Number(from) + 1;
const s = process.cpuUsage().user / 1e6;
console.log(
  `${n} seeds, ${bad} bad, ${s.toFixed(1)} s, ${(n / s).toFixed(0)} seeds/s, ${(events / n).toFixed(0)} events, ${(vms / n / 1000).toFixed(1)} virtual s each`,
);
if (traced === 'counts') for (const [what, count] of [...counts].sort()) console.log(String(count).padStart(9), what);
