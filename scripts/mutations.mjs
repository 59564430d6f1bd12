// `npm run test:mutations`: turns the mechanisms in test/mutations off, one
// after the other, each in a copy of the project, and demands that a test which
// is named for it fails, by what it asserts and not because nothing runs any
// more. First the named tests must pass on a copy without a mutation.
// `npm run test:mutations -- NAME…` runs those alone.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { cache, root } from './run.mjs';

/** Inside the project, so that packages are found from there. */
const home = join(cache, 'mutations');
/** What the named tests need, besides packages. */
const COPIED = ['src', 'test', 'proto', 'examples', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Far more than any one of them takes; a mutation may well make a test hang. */
const LIMIT_MS = 180_000;

/** What a failed test says when the program is broken rather than without its mechanism. */
const BROKEN =
  /SyntaxError|ReferenceError|Transform failed|Cannot find (module|package)|Failed to (load|resolve)|Error compiling script|nonexistent global variable|is not a function/;

/** Children are groups of their own, which Ctrl-C does not reach. */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) kill(child);
    process.exit(1);
  });
}

async function main() {
  const { mutations } = await loadList();
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !mutations.some((mutation) => mutation.name === name));
  if (unknown !== undefined) {
    console.error(
      `mutations: got ${JSON.stringify(unknown)}; expected any of ${mutations.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const wanted = names.length === 0 ? mutations : mutations.filter(({ name }) => names.includes(name));
  await ensureRedis({ docker: true });
  rmSync(home, { recursive: true, force: true });
  const beganMs = performance.now();

  const rotten = await withoutMutation(wanted);
  if (rotten.length > 0) {
    console.error(rotten.join('\n'));
    return 1;
  }
  console.log(`without a mutation the named tests pass  ${seconds(beganMs)}\n`);

  const results = await eachOf(wanted, availableParallelism(), async (mutation) => {
    const startedMs = performance.now();
    const { noticed, why } = await withMutation(mutation);
    const took = seconds(startedMs);
    console.log(
      `${noticed === undefined ? 'FAIL' : 'ok  '} ${mutation.name.padEnd(34)} ${took.padStart(7)}  ${noticed ?? why}`,
    );
    return { mutation, noticed, took };
  });
  const missed = results.filter(({ noticed }) => noticed === undefined);
  writeFileSync(join(home, 'table.md'), toTable(results));
  console.log(`\n${results.length - missed.length} of ${results.length} mutations were noticed  ${seconds(beganMs)}`);
  return missed.length === 0 ? 0 : 1;
}

/** The list is TypeScript, as all that the tests are. */
async function loadList() {
  await ensureInstalled();
  register('../test/contract/node-runtime-loader.mjs', import.meta.url);
  return await import('../test/mutations/all.ts');
}

/** Runs all named tests as the project is. @returns what is wrong with the list */
async function withoutMutation(mutations) {
  const directory = copy('none');
  const files = [...new Set(mutations.flatMap(({ noticedBy }) => Object.keys(noticedBy)))];
  const { tests, broken } = await vitest(directory, files, undefined);
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
async function withMutation({ name, replace, noticedBy }) {
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
  const pattern = Object.values(noticedBy).flat().map(escape).join('|');
  const { tests, broken } = await vitest(directory, Object.keys(noticedBy), pattern);
  const failed = tests.filter(({ status }) => status === 'failed');
  const test = failed.find(({ message }) => !BROKEN.test(message));
  if (test === undefined) {
    if (broken !== undefined) return { why: broken };
    return { why: failed.length === 0 ? 'every named test passes' : `broke the program: ${failed[0].message}` };
  }
  // Kept where something is wrong, for whoever looks into it.
  rmSync(directory, { recursive: true, force: true });
  return { noticed: `${test.file}: ${test.name}` };
}

function copy(name) {
  const directory = join(home, name);
  mkdirSync(directory, { recursive: true });
  for (const path of COPIED) cpSync(join(root, path), join(directory, path), { recursive: true });
  return directory;
}

/** Runs tests in a copy. @returns each with how it went; `broken` where not even their files could be loaded */
async function vitest(directory, files, pattern) {
  const report = join(directory, 'report.json');
  const projects = new Set(files.map((file) => file.split('/')[0]));
  const output = await outputOf(directory, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...[...projects].flatMap((project) => ['--project', project]),
    ...files.map((file) => `test/${file}.test.ts`),
    ...(pattern === undefined ? [] : ['--testNamePattern', pattern, '--bail', '1']),
    '--reporter=json',
    `--outputFile=${report}`,
  ]);
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
function outputOf(cwd, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const timer = setTimeout(() => kill(child), LIMIT_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('exit', () => {
      running.delete(child);
      clearTimeout(timer);
      resolve(output);
    });
  });
}

function kill({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** As Promise.all over `work`, with no more than `atOnce` under way. */
async function eachOf(items, atOnce, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function toTable(results) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = results.map(
    ({ mutation, noticed, took }) =>
      `| ${cell(mutation.mechanism)} | ${mutation.promises} | ${cell(noticed ?? '**nobody**')} | ${took} |`,
  );
  return ['| without | promise | notices | took |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

process.exitCode = await main();
