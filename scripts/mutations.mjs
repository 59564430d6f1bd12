// `npm run test:mutations`: turns the mechanisms in test/mutations off, one
// after the other, each in a copy of the project, and demands that a test which
// is named for it fails, by what it asserts and not because nothing runs any
// more. First the named tests must pass on a copy without a mutation. What it
// finds is in .cache/mutations/table.md as well.
//   npm run test:mutations -- NAME…                those alone
//   npm run test:mutations -- --simulation[=SEEDS]  which of them the simulation notices; takes long

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './ensure.mjs';
import { home, noticed, simulated, withoutMutation } from './mutant.mjs';
import { ensureRedis } from './redis.mjs';

/** A mutation that is not noticed within these will hardly be within ten times as many. */
const SEEDS = 200;

/** What of src/ runs in the simulation; and of these the connections do not. */
const SIMULATED = /^(actor|lease|workflow|store)\/|^(clock|errors)\.ts$/;
const NOT_SIMULATED = /^store\/redis\/(connect|open|scripts|unavailable)\.ts$/;

async function main() {
  const { mutations } = await loadList();
  const [flags, names] = [true, false].map((is) =>
    process.argv.slice(2).filter((text) => text.startsWith('--') === is),
  );
  const [flag, ...others] = flags;
  const seeds = flag === undefined ? 0 : Number(/^--simulation(?:=(\d+))?$/.exec(flag)?.[1] ?? SEEDS);
  const unknown = names.find((name) => !mutations.some((mutation) => mutation.name === name));
  if (unknown !== undefined || others.length > 0 || (flag !== undefined && !/^--simulation(=\d+)?$/.test(flag))) {
    const got = JSON.stringify(process.argv.slice(2).join(' '));
    console.error(`mutations: got ${got}; expected --simulation, --simulation=SEEDS and names from test/mutations`);
    return 2;
  }
  const wanted = names.length === 0 ? mutations : mutations.filter(({ name }) => names.includes(name));
  mkdirSync(home, { recursive: true });
  return seeds === 0 ? await askTests(wanted) : await askSimulation(wanted, seeds);
}

/** The list is TypeScript, as all that the tests are. */
async function loadList() {
  await ensureInstalled();
  register('../test/contract/node-runtime-loader.mjs', import.meta.url);
  return await import('../test/mutations/all.ts');
}

async function askTests(mutations) {
  await ensureRedis({ docker: true });
  rmSync(home, { recursive: true, force: true });
  const beganMs = performance.now();
  const rotten = await withoutMutation(mutations);
  if (rotten.length > 0) {
    console.error(rotten.join('\n'));
    return 1;
  }
  console.log(`without a mutation the named tests pass  ${seconds(beganMs)}\n`);
  const results = await eachOf(mutations, async (mutation) => {
    const startedMs = performance.now();
    const { by, why } = await noticed(mutation);
    const took = seconds(startedMs);
    console.log(`${by === undefined ? 'FAIL' : 'ok  '} ${mutation.name.padEnd(34)} ${took.padStart(7)}  ${by ?? why}`);
    return { mutation, by, took };
  });
  const missed = results.filter(({ by }) => by === undefined);
  const rows = results.map(({ mutation, by, took }) => [
    mutation.mechanism,
    mutation.promises,
    by ?? '**nobody**',
    took,
  ]);
  writeFileSync(join(home, 'table.md'), toTable(['without', 'promise', 'notices', 'took'], rows));
  console.log(`\n${results.length - missed.length} of ${results.length} mutations were noticed  ${seconds(beganMs)}`);
  return missed.length === 0 ? 0 : 1;
}

/** A second opinion, which need not agree: it knows no callers' details, and much of what it runs guards twice. */
async function askSimulation(mutations, seeds) {
  const beganMs = performance.now();
  const isSimulated = ({ replace }) =>
    Object.keys(replace).some((file) => SIMULATED.test(file) && !NOT_SIMULATED.test(file));
  const results = await eachOf(mutations.filter(isSimulated), async (mutation) => {
    const startedMs = performance.now();
    const by = await simulated(mutation, seeds);
    const took = seconds(startedMs);
    console.log(`${by === undefined ? '-   ' : 'ok  '} ${mutation.name.padEnd(34)} ${took.padStart(7)}  ${by ?? ''}`);
    return [mutation.mechanism, mutation.promises, by, took];
  });
  const found = results.filter(([, , by]) => by !== undefined);
  const rows = results.map(([mechanism, promises, by = '', took]) => [mechanism, promises, by, took]);
  writeFileSync(join(home, 'simulation.md'), toTable(['without', 'promise', 'first violation', 'took'], rows));
  console.log(
    `\n${found.length} of ${results.length} mutations were noticed by ${seeds} seeds of the simulation; ` +
      `${mutations.length - results.length} are of what it does not run  ${seconds(beganMs)}`,
  );
  return 0;
}

/** As Promise.all over `work`, with as many under way as there are cores. */
async function eachOf(items, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function toTable(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

process.exitCode = await main();
