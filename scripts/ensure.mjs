// Makes a clone ready to run: installs the packages when they are missing or
// older than package-lock.json, and builds dist/ when it was not built from the
// sources as they are. Silent when there is nothing to do. `--build` builds in
// any case. dist/ changes all at once: whoever starts meanwhile sees a whole one.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, run, timed } from './run.mjs';

const dist = join(root, 'dist');
/** Inside dist/, so that one cannot be there without the other. */
const STAMP = '.built-from';
/** What the program reads beside its own files, and the compiler does not copy. */
const DATA = /\.(lua|binpb)$/;

/** @throws Error that says what failed, with the output of npm */
export async function ensureInstalled() {
  checkNode();
  if (modifiedMs('node_modules/.package-lock.json') < modifiedMs('package-lock.json')) await timed('install', install);
}

/** @throws Error that says what failed, with the output of the compiler */
export async function ensureBuilt({ rebuild = false } = {}) {
  const sources = digest();
  if (rebuild || stamp() !== sources) await timed('build', () => build(sources));
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const parts = (version) => /(\d+)\.(\d+)/.exec(version).slice(1).map(Number);
  const [[major, minor], [leastMajor, leastMinor]] = [parts(process.versions.node), parts(engines.node)];
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new Error(`needs Node ${engines.node}, got ${process.versions.node}`);
}

/** 0 when the file is missing. */
function modifiedMs(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function install() {
  // `npm ci` empties what a link points to: somebody else's packages.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new Error(
      'node_modules is a link, and older than package-lock.json; run npm ci where it points to, or remove it',
    );
  }
  // npm writes node_modules/.package-lock.json last: an install that was cut short counts as none.
  // The flags, since `npm -s test` and NODE_ENV=production hand their own ones down.
  const failure = await run('install', 'npm', ['ci', '--include=dev', '--loglevel=error']);
  if (failure !== undefined) throw new Error(`npm ci failed\n${failure}`);
}

function stamp() {
  try {
    return readFileSync(join(dist, STAMP), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Changes whenever a source is edited, added, renamed or removed. */
function digest() {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join('src', name));
  for (const path of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources].sort()) {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isFile()) hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\0`);
  }
  return hash.digest('hex');
}

async function build(sources) {
  // Beside dist/, where the paths in the source maps are the same.
  const fresh = mkdtempSync(join(root, '.dist-'));
  try {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const failure = await run('build', process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh]);
    if (failure !== undefined) throw new Error(`the build failed\n${failure}`);
    for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
      if (DATA.test(name)) cpSync(join(root, 'src', name), join(fresh, name));
    }
    chmodSync(join(fresh, 'main.js'), 0o755);
    chmodSync(fresh, 0o755); // mkdtemp gives 0700
    writeFileSync(join(fresh, STAMP), sources);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (import.meta.filename === process.argv[1]) {
  const [argument, ...more] = process.argv.slice(2);
  if (more.length > 0 || ![undefined, '--build'].includes(argument)) {
    console.error(`ensure: got ${JSON.stringify(process.argv.slice(2).join(' '))}; the only argument is --build`);
    process.exit(2);
  }
  try {
    await ensureInstalled();
    await ensureBuilt({ rebuild: argument === '--build' });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
