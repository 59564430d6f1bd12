// A copy of the project in which a mechanism is turned off, and what the tests
// and the simulation say to it. For scripts/mutations.mjs.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, root } from './run.mjs';

/** Inside the project, so that packages are found from there. */
export const home = join(cache, 'mutations');
/** What tests need, besides packages. */
const COPIED = ['src', 'test', 'proto', 'examples', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Far more than any one of them takes; a mutation may well make a test hang. */
const LIMIT_MS = 180_000;
/** For all seeds of one mutation. */
const SIMULATION_LIMIT_MS = 600_000;

/** What a failed test says when the program is broken rather than without its mechanism. */
const BROKEN =
  /SyntaxError|ReferenceError|Transform failed|Cannot find (module|package)|Failed to (load|resolve)|Error compiling script|nonexistent global variable|is not a function/;

/** Children are groups of their own, which Ctrl-C does not reach. */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const { pid } of running) kill(-pid);
    process.exit(1);
  });
}

/** Runs the tests that the mutations name on the project as it is. @returns what is wrong with the list */
export async function withoutMutation(mutations) {
  const directory = copy('none');
  const all = mutations.map(({ noticedBy }) => noticedBy);
  const files = [...new Set(all.flatMap((noticedBy) => Object.keys(noticedBy)))];
  const { tests, broken } = await vitest(directory, files, toPattern(all));
  if (broken !== undefined) return [broken];
  const wrong = [];
  for (const { name, noticedBy } of mutations) {
    for (const [file, parts] of Object.entries(noticedBy)) {
      for (const part of [parts].flat()) {
        const named = tests.filter((test) => test.file === file && test.name.includes(part));
        if (named.length === 0) wrong.push(`${name}: ${file} has no test '${part}'`);
        for (const test of named.filter(({ status }) => status !== 'passed')) {
          wrong.push(`${name}: ${file} '${test.name}' fails without a mutation: ${test.message}`);
        }
      }
    }
  }
  rmSync(directory, { recursive: true, force: true });
  return wrong;
}

/** @returns which test has noticed, or why none counts */
export async function noticed({ name, replace, noticedBy }) {
  const { directory, why } = mutate(name, replace);
  if (why !== undefined) return { why };
  const { tests, broken } = await vitest(directory, Object.keys(noticedBy), toPattern([noticedBy]), '--bail', '1');
  const failed = tests.filter(({ status }) => status === 'failed');
  const test = failed.find(({ message }) => !BROKEN.test(message));
  if (test === undefined) {
    if (broken !== undefined) return { why: broken };
    return { why: failed.length === 0 ? 'every named test passes' : `broke the program: ${failed[0].message}` };
  }
  // Kept where something is wrong, for whoever looks into it.
  rmSync(directory, { recursive: true, force: true });
  return { by: `${test.file}: ${test.name}` };
}

/** @returns the first of so many seeds of the simulation that shows a violation, with that; undefined where none does */
export async function simulated({ name, replace }, seeds) {
  const { directory, why } = mutate(name, replace);
  if (why !== undefined) throw new Error(`${name}: ${why}`);
  const loader = ['--import', './test/contract/node-runtime-loader.mjs'];
  const args = [...loader, 'test/mutations/first-violation.ts', String(seeds)];
  const { output, isLate } = await outputOf(directory, args, SIMULATION_LIMIT_MS);
  rmSync(directory, { recursive: true, force: true });
  return isLate ? 'it did not end' : /^seed .*/m.exec(output)?.[0];
}

function mutate(name, replace) {
  const directory = copy(name);
  for (const [file, replacements] of Object.entries(replace)) {
    const path = join(directory, 'src', file);
    let text = readFileSync(path, 'utf8');
    for (const [old, instead] of replacements) {
      const count = text.split(old).length - 1;
      if (count !== 1) return { why: `src/${file} has ${JSON.stringify(old)} ${count} times; expected once` };
      text = text.replace(old, () => instead);
    }
    writeFileSync(path, text);
  }
  return { directory };
}

function copy(name) {
  const directory = join(home, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const path of COPIED) cpSync(join(root, path), join(directory, path), { recursive: true });
  return directory;
}

/** For --testNamePattern, which is a regular expression. */
function toPattern(all) {
  const parts = all.flatMap((noticedBy) => Object.values(noticedBy).flat());
  return [...new Set(parts)].map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
}

/** Runs tests in a copy. @returns each with how it went; `broken` where not even their files could be loaded */
async function vitest(directory, files, pattern, ...more) {
  const report = join(directory, 'report.json');
  const projects = new Set(files.map((file) => file.split('/')[0]));
  const { output } = await outputOf(
    directory,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...[...projects].flatMap((project) => ['--project', project]),
      ...files.map((file) => `test/${file}.test.ts`),
      ...['--testNamePattern', pattern, '--reporter=json', `--outputFile=${report}`, ...more],
    ],
    files.length === 1 ? LIMIT_MS : LIMIT_MS * 5,
  );
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return { tests: [], broken: `no report was written: ${output.slice(-500)}` };
  }
  const unloaded = results.find(({ assertionResults }) => assertionResults.length === 0);
  const tests = results.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) => ({
      file: name.slice(join(directory, 'test').length + 1).replace(/\.test\.ts$/, ''),
      name: fullName,
      status,
      message: failureMessages.join('\n').slice(0, 500),
    })),
  );
  return { tests, broken: unloaded && `${unloaded.name} could not be loaded: ${unloaded.message.slice(0, 500)}` };
}

/** Runs node to its end, or kills it, with all that it has started: an endless loop does not hear of anything else. */
function outputOf(cwd, args, limitMs) {
  return new Promise((resolve, reject) => {
    // Short, for the sockets in it; and what is started inherits it, and is known by it.
    const temporary = mkdtempSync(join(tmpdir(), 'mutant-'));
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      kill(-child.pid);
    }, limitMs);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    // Not 'close', which waits for whoever else has got hold of the pipes.
    child.once('exit', () => {
      running.delete(child);
      clearTimeout(timer);
      killStrays(temporary);
      rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
      setTimeout(() => resolve({ output, isLate }), 50);
    });
  });
}

/** What a node runtime without one of its mechanisms has let go of, in groups of their own. Linux alone can tell. */
function killStrays(temporary) {
  if (process.platform !== 'linux') return;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TMPDIR=${temporary}\0`)) kill(Number(pid));
    } catch {
      // It has ended meanwhile, or is not ours to look at.
    }
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
