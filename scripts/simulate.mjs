// `npm run simulate`: runs seeds of the simulation (test/simulation) on all
// cores, tells of each violation when it is found, and prints the end of the
// first one's trace; exit code 1. Ctrl-C or SIGTERM: the figures so far.
//   --seeds N      how many (default 10000), from --from (default 1)
//   --first        not past the first violation
//   --jobs N       processes at once (default: one for each core)
//   --seed N       that one alone; with --trace everything that happens in it
//   --tree DIR     the program in DIR/src in place of this one's
// The sources are compiled as they are, without a check of types, and into a
// directory for themselves: so any tree can be simulated, built or not.

import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './ensure.mjs';
import { cache, root } from './run.mjs';

/** Seeds in one message: about a second's work. */
const BLOCK = 100;

const PROGRESS_EVERY_MS = 10_000;

/** A seed leaves little behind and drops much: with these, collecting it costs a tenth less. */
const NODE_OPTIONS = ['--max-semi-space-size=32', '--single-threaded-gc'];

/** What the simulation runs: all but what serves, is served, or is generated. */
const PROGRAM = ['src/actor', 'src/lease', 'src/runtime', 'src/store', 'src/workflow', 'src'];

function sources(tree) {
  const list = (base, directory) =>
    readdirSync(join(base, directory), { recursive: directory !== 'src' })
      .filter((name) => /\.(ts|lua)$/.test(name) && !name.endsWith('.test.ts'))
      .map((name) => ({
        path: join(directory, name),
        text: readFileSync(join(base, directory, name), 'utf8'),
      }));
  return [...PROGRAM.flatMap((directory) => list(tree, directory)), ...list(root, 'test/simulation')];
}

/** @returns the directory of the compiled simulation */
async function compile(tree) {
  const files = sources(tree);
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(`${path}\0${text}\0`);
  const out = join(cache, `simulation-${hash.digest('hex').slice(0, 16)}`);
  const home = join(out, 'test/simulation');
  if (existsSync(home)) return home;
  await ensureInstalled();
  const { default: ts } = await import('typescript');
  // Under another name first: two may compile at the same time.
  const fresh = `${out}.${process.pid}`;
  for (const { path, text } of files) {
    const to = join(fresh, path);
    mkdirSync(dirname(to), { recursive: true });
    if (path.endsWith('.lua')) writeFileSync(to, text);
    else writeFileSync(to.replace(/\.ts$/, '.js'), transpile(ts, text, path));
  }
  removeOld();
  writeFileSync(join(fresh, 'package.json'), '{ "type": "module" }\n');
  renameSync(fresh, out);
  return home;
}

/** Not those that may still run. */
function removeOld() {
  for (const name of readdirSync(cache).filter((each) => each.startsWith('simulation-'))) {
    const path = join(cache, name);
    if (Date.now() - statSync(path).mtimeMs > 3_600_000) rmSync(path, { recursive: true, force: true });
  }
}

function transpile(ts, text, fileName) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(text, { compilerOptions, fileName }).outputText;
}

async function replay(home, seed, isTraced) {
  const load = (name) => import(pathToFileURL(join(home, name)).href);
  const [{ simulate }, { lastLines }] = [await load('simulate.js'), await load('run-seeds.js')];
  const { violation, trace, events, virtualMs } = await simulate(seed, true);
  if (isTraced) console.log(trace.join('\n'));
  else if (violation !== undefined) console.log(lastLines(trace));
  const size = `${events} events, ${(virtualMs / 1000).toFixed(1)} s of virtual time`;
  console.log(`\nseed ${seed}: ${violation === undefined ? 'no violation' : violation.message}\n${size}`);
  return violation === undefined ? 0 : 1;
}

/** Hands out blocks of seeds, and adds up what comes back. */
async function runAll(home, { from, seeds, jobs, stopsAtFirst }) {
  const total = { seeds: 0, events: 0, virtualMs: 0, counts: {}, found: [] };
  let isOver = false;
  let failure;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      isOver = true;
      console.log(`${signal}: the blocks of ${BLOCK} seeds that are under way come to their end`);
    });
  }
  const startedAtMs = performance.now();
  let next = from;
  let toldAtMs = startedAtMs;
  const take = (tally) => {
    for (const key of ['seeds', 'events', 'virtualMs']) total[key] += tally[key];
    for (const [what, count] of Object.entries(tally.counts)) total.counts[what] = (total.counts[what] ?? 0) + count;
    for (const found of tally.found) console.log(`seed ${found.seed}: ${found.what}`);
    total.found.push(...tally.found);
    const nowMs = performance.now();
    if (nowMs - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = nowMs;
    const rate = (total.seeds / (nowMs - startedAtMs)) * 1000;
    const left = `${Math.ceil((seeds - total.seeds) / rate)} s left`;
    console.log(
      `${total.seeds} of ${seeds} seeds, ${rate.toFixed(0)} a second, ${left}, ${total.found.length} violations`,
    );
  };
  const work = () =>
    new Promise((resolve) => {
      const child = fork(join(home, 'worker.js'), {
        execArgv: NODE_OPTIONS,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const order = () => {
        const count = Math.min(BLOCK, from + seeds - next);
        if (count <= 0 || isOver || (stopsAtFirst && total.found.length > 0)) {
          child.disconnect();
          return;
        }
        child.send({ from: next, count, stopsAtFirst });
        next += count;
      };
      child.on('message', (tally) => {
        take(tally);
        order();
      });
      const fail = (error) => {
        failure ??= error;
        isOver = true;
        resolve();
      };
      child.once('error', fail);
      child.once('exit', (code, signal) => {
        if (code === 0) resolve();
        else fail(new Error(`simulate: a process that simulates ended with ${signal ?? `exit code ${code}`}`));
      });
      order();
    });
  await Promise.all(Array.from({ length: jobs }, work));
  return { ...total, wanted: seeds, failure, tookMs: performance.now() - startedAtMs };
}

function report({ seeds, wanted, events, virtualMs, counts, found, tookMs }) {
  for (const [what, count] of Object.entries(counts).sort()) console.log(`${String(count).padStart(12)}  ${what}`);
  const rate = `${(seeds / (tookMs / 1000)).toFixed(0)} seeds/s`;
  console.log(
    `\n${seeds === wanted ? '' : `${seeds} of `}${wanted} seeds in ${(tookMs / 1000).toFixed(1)} s (${rate}), ${events} events, ` +
      `${(virtualMs / 3_600_000).toFixed(1)} h of virtual time, ${found.length} violations`,
  );
}

function wholeNumber(name, text, least) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`simulate: --${name}: got ${JSON.stringify(text)}; expected a whole number, ${least} or greater`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '10000' },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      seed: { type: 'string' },
      tree: { type: 'string', default: root },
      trace: { type: 'boolean', default: false },
      first: { type: 'boolean', default: false },
    },
  });
  const home = await compile(resolve(values.tree));
  if (values.seed !== undefined) return await replay(home, wholeNumber('seed', values.seed, 0), values.trace);
  const total = await runAll(home, {
    seeds: wholeNumber('seeds', values.seeds, 1),
    from: wholeNumber('from', values.from, 0),
    jobs: wholeNumber('jobs', values.jobs, 1),
    stopsAtFirst: values.first,
  });
  report(total);
  if (total.failure !== undefined) throw total.failure;
  const first = total.found.sort((a, b) => a.seed - b.seed)[0];
  if (first === undefined) return 0;
  console.log(
    `\nThe end of seed ${first.seed}, which \`npm run simulate -- --seed ${first.seed} --trace\` shows whole:\n`,
  );
  return await replay(home, first.seed, false);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
