// `npm run bench`: makes the clone ready, installs what is compared with, runs
// the benchmarks and prints for each its tables and whether its targets are met.
// Without names: the quick form of each, about a minute in all. With a name:
// that one at length. The figures go to .cache/bench/<name>.json, with --save
// also to bench/results/, with a plot.

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled } from '../scripts/ensure.mjs';
import { ensureRedis } from '../scripts/redis.mjs';
import { cache, root, run, timed } from '../scripts/run.mjs';

/** In this order: those that wait for leases first, those that want both cores last. */
const NAMES = ['told', 'takeover', 'cycle', 'lease', 'hold', 'store', 'peers'];
/** Not of those that run without a name. */
const TOOLS = ['profile'];
/** These compare with what is too large to fetch for a minute's run: Restate's server, another Node. */
const WITH_OPTIONAL = ['peers', 'cycle'];

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      save: { type: 'boolean' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
    },
  });
  const known = [...NAMES, ...TOOLS];
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`got ${JSON.stringify(unknown)}; expected any of ${known.join(', ')}`);
  const positive = (/** @type {'rounds' | 'seconds'} */ flag) => {
    const text = values[flag];
    if (text === undefined) return {};
    if (!(Number(text) > 0)) throw new Error(`--${flag}: got ${JSON.stringify(text)}; expected a number above 0`);
    return { [flag]: Number(text) };
  };
  return {
    names: positionals.length === 0 ? NAMES : known.filter((name) => positionals.includes(name)),
    isQuick: values.quick ?? positionals.length === 0,
    save: values.save ?? false,
    overrides: { ...positive('rounds'), ...positive('seconds') },
  };
}

/** @param {boolean} withOptional */
async function ensurePeers(withOptional) {
  const home = join(root, 'bench');
  const modifiedMs = (/** @type {string} */ path) =>
    statSync(join(home, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isFresh = modifiedMs('node_modules/.package-lock.json') >= modifiedMs('package-lock.json');
  if (isFresh && (!withOptional || existsSync(join(home, 'node_modules/@restatedev/restate-server')))) return;
  await timed('peers', async () => {
    // Not their install scripts: one reports who installs it, one compiles.
    const args = ['--prefix', home, 'ci', '--ignore-scripts', '--loglevel=error'];
    const failure = await run('bench-install', 'npm', [...args, ...(withOptional ? [] : ['--omit=optional'])]);
    if (failure !== undefined) throw new Error(`npm ci in bench/ failed\n${failure}`);
  });
}

/** @param {string} name */
async function bench(name, { isQuick, save, overrides }) {
  // Only now: these import what has just been installed and built.
  const [{ machine }, { svg }, { table }, { verdict }, benchmark] = await Promise.all([
    import('./measure/machine.mjs'),
    import('./report/plot.mjs'),
    import('./report/table.mjs'),
    import('./report/target.mjs'),
    import(`./${name}.mjs`),
  ]);
  const options = { ...(isQuick ? benchmark.quick : benchmark.full), ...overrides };
  console.log(`\n${name}: ${benchmark.about}`);
  const on = machine();
  const say = (/** @type {string} */ text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  const result = await benchmark.run({ ...options, say });
  say('');
  for (const { title, rows } of result.tables) console.log(`\n${title}\n\n${table(rows)}`);
  console.log(`\n${result.targets.map(verdict).join('\n')}`);
  const json = `${JSON.stringify({ name, quick: isQuick, options, machine: on, ...result }, undefined, 2)}\n`;
  const write = (/** @type {string} */ directory) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${name}.json`), json);
    if (result.plot !== undefined) writeFileSync(join(directory, `${name}.svg`), svg(result.plot));
  };
  write(join(cache, 'bench'));
  if (save) write(join(root, 'bench', 'results'));
}

let wanted;
try {
  wanted = readArguments();
} catch (error) {
  console.error(`bench: ${/** @type {Error} */ (error).message}`);
  process.exit(2);
}
try {
  await ensureInstalled();
  await ensureBuilt();
  await ensurePeers(!wanted.isQuick && wanted.names.some((name) => WITH_OPTIONAL.includes(name)));
  await timed('redis', () => ensureRedis());
  for (const name of wanted.names) await bench(name, wanted);
} catch (error) {
  console.error(/** @type {Error} */ (error).stack);
  process.exitCode = 1;
}
// grpc-js keeps connections of closed clients for a while.
process.exit();
