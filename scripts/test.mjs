// `npm test`: makes the clone ready, then runs every check and every suite, the
// quickest first, and stops at the first one that fails, with its output.
// `npm test -- lint unit` runs those alone. The last line counts the tests:
// `N passed, N failed`; a check or a suite that fails as a whole counts as one.

import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { cache, root, run, timed } from './run.mjs';

const counts = { passed: 0, failed: 0, skipped: 0 };

/** Stage → what to do; throws with the output when it fails, returns a remark or nothing. */
const checks = {
  format: () => check('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  lint: () => check('lint', 'eslint', ['--max-warnings', '0', '.']),
  types: () => check('types', 'typescript', ['-p', 'tsconfig.json', '--noEmit'], 'tsc'),
  protos: () => protos(),
  generated: () => orThrow(run('generated', process.execPath, ['scripts/generate.mjs', '--check'])),
  rules: () =>
    check('rules', 'dependency-cruiser', ['src', 'test', 'examples', '--output-type', 'err-long'], 'depcruise'),
};

/** Their style, and that no caller of the last release is broken: proto/released.binpb is what that had. */
async function protos() {
  await check('protos-lint', '@bufbuild/buf', ['lint'], 'buf');
  await check('protos-breaking', '@bufbuild/buf', ['breaking', 'proto', '--against', 'proto/released.binpb'], 'buf');
}

/** The projects of vitest.config.ts. */
const suites = ['unit', 'contract', 'integration', 'simulation', 'e2e', 'chaos'];
const stages = [...Object.keys(checks), ...suites];

/** A package's command is run by node: so no PATH, no shell and no execute bit matters. */
function check(name, packageName, args, command = packageName) {
  return orThrow(run(name, process.execPath, [bin(packageName, command), ...args]));
}

function bin(packageName, command) {
  // Not through `exports`, which may hide package.json.
  const home = join(root, 'node_modules', packageName);
  const { bin: commands } = createRequire(import.meta.url)(join(home, 'package.json'));
  return join(home, typeof commands === 'string' ? commands : commands[command]);
}

async function orThrow(running) {
  const failure = await running;
  if (failure !== undefined) throw new Error(failure);
}

async function suite(name) {
  const report = join(cache, `${name}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const failure = await run(name, process.execPath, [bin('vitest', 'vitest'), 'run', '--project', name, ...reporters]);
  const { passed, failed, skipped } = readReport(report);
  counts.passed += passed;
  counts.failed += failed;
  counts.skipped += skipped;
  if (failure === undefined) return summary({ passed, failed, skipped });
  // An error outside of any test, such as a handle left open, is none of those.
  throw Object.assign(new Error(failure), { counted: failed > 0 });
}

function readReport(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }; // it ended before it could write one, and so has failed
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function main() {
  const unknown = process.argv.slice(2).find((name) => !stages.includes(name));
  if (unknown !== undefined) {
    console.error(`test: got ${JSON.stringify(unknown)}; expected any of ${stages.join(', ')}`);
    return 2;
  }
  // In the order above, whatever the order of the arguments.
  const wanted = stages.filter((name) => process.argv.length === 2 || process.argv.includes(name, 2));
  const wantedSuites = suites.filter((name) => wanted.includes(name));
  try {
    await ensureInstalled();
    for (const name of wanted) if (Object.hasOwn(checks, name)) await timed(name, checks[name]);
    if (wantedSuites.length > 0) {
      // Some of them run dist/, which needs sources that compile: so after the checks.
      await ensureBuilt();
      await timed('redis', () => ensureRedis({ docker: true }));
    }
    for (const name of wantedSuites) await timed(name, () => suite(name));
  } catch (error) {
    console.error(`\n${error.message}\n`);
    if (!error.counted) counts.failed += 1;
  }
  console.log(`\n${summary(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
