// Finds a Redis for the private server of `serve --dev` and for the tests, or
// gets one, and asks nothing. In this order: redis-server or valkey-server on
// PATH; Debian's packages, unpacked into .cache/ and not installed, so that no
// rights are needed and no daemon is started; for the tests, Docker's image.

import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, isAbsolute, join, relative } from 'node:path';
import { cache, run } from './run.mjs';

/** Older ones lack what the scripts use. Valkey's numbers begin at 7.2. */
const LEAST_MAJOR = 7;
const SERVERS = ['redis-server', 'valkey-server'];
/** The one of test/redis.ts. */
const IMAGE = 'redis:7-alpine';

/**
 * Makes sure that there is a Redis. One that is not on PATH is put in front of it, for this process and its children.
 * @param docker whether a container will do: for the tests only
 * @returns a few words that say which one it is
 * @throws Error that says why each way failed, and how to get a Redis on this system
 */
export async function ensureRedis({ docker = false } = {}) {
  const reasons = [];
  for (const way of [onPath, debianPackages, ...(docker ? [dockerImage] : [])]) {
    try {
      return await way();
    } catch (error) {
      reasons.push(error.message);
    }
  }
  throw new Error(
    `no Redis ${LEAST_MAJOR}.0 or newer, nor Valkey:\n${reasons.map((reason) => `  ${reason}\n`).join('')}${advice()}`,
  );
}

function onPath() {
  // The first one found, as the program will do (src/store/redis/server-process.ts): a better one behind it is no use.
  const found = SERVERS.flatMap((name) => searchPath(name))[0];
  if (found === undefined) throw new Error(`PATH: neither ${SERVERS.join(' nor ')} is there`);
  return `${found} ${usableVersion(found)}`;
}

function searchPath(name) {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
  return directories.map((directory) => join(directory, name)).filter(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `Redis server v=7.0.15 …`, `Valkey server v=8.1.1 …` */
function usableVersion(server) {
  let output;
  try {
    output = execFileSync(server, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw new Error(`${server}: --version failed: ${(error.stderr || error.message).trim()}`, { cause: error });
  }
  const [, version, major] = /v=((\d+)\.\S+)/.exec(output) ?? [];
  if (Number(major) >= LEAST_MAJOR) return version;
  throw new Error(`${server}: got version ${version ?? output.trim()}; expected ${LEAST_MAJOR}.0 or newer`);
}

async function debianPackages() {
  const home = join(cache, 'redis');
  const bin = join(home, 'bin');
  const server = join(bin, SERVERS[0]);
  let version;
  try {
    version = usableVersion(server);
  } catch {
    // Not there yet, or no longer of use, such as after an upgrade of the system's libraries.
    await unpackPackages(home);
    version = usableVersion(server);
  }
  process.env.PATH = `${bin}${delimiter}${process.env.PATH ?? ''}`;
  return `${server} ${version}`;
}

async function unpackPackages(home) {
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if (searchPath(tool).length === 0) throw new Error(`Debian's packages: this system has no ${tool}`);
  }
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'redis-'));
  try {
    await download(join(fresh, 'apt'));
    const archives = join(fresh, 'apt', 'archives');
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', join(archives, name), join(fresh, 'root')], { stdio: 'pipe' });
    }
    rmSync(join(fresh, 'apt'), { recursive: true });
    writeWrappers(fresh);
    usableVersion(join(fresh, 'bin', SERVERS[0]));
    rmSync(home, { recursive: true, force: true });
    renameSync(fresh, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Lists and archives of our own: those of the system need root, and may be missing or old, as in an image. */
async function download(directory) {
  for (const name of ['lists', 'archives']) mkdirSync(join(directory, name, 'partial'), { recursive: true });
  const options = [
    `Dir::State::lists=${join(directory, 'lists')}`,
    `Dir::Cache=${directory}`,
    `Dir::Cache::archives=${join(directory, 'archives')}`,
    'Debug::NoLocking=true',
    // As root, apt would download as a user who may not write here.
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
  ].flatMap((option) => ['-o', option]);
  // Redis' own packages even where they are installed, and of the libraries that they need those that are not.
  const install = ['install', '--download-only', '--reinstall', '--no-install-recommends', '-y'];
  for (const command of [['update'], [...install, 'redis-server', 'redis-tools']]) {
    const failure = await run('apt', 'apt-get', ['-q', ...options, ...command]);
    if (failure !== undefined)
      throw new Error(`Debian's packages: apt-get ${command[0]} failed: ${lastLines(failure)}`);
  }
}

/** The libraries are not where the loader looks; LD_LIBRARY_PATH of our own would reach every child process. */
function writeWrappers(home) {
  const files = readdirSync(join(home, 'root'), { recursive: true, withFileTypes: true });
  const libraries = new Set(files.filter(({ name }) => /\.so(\.|$)/.test(name)).map(({ parentPath }) => parentPath));
  const search = [...libraries].map((directory) => `$home/${relative(home, directory)}`).join(':');
  mkdirSync(join(home, 'bin'));
  for (const name of [SERVERS[0], 'redis-cli']) {
    const lines = [
      '#!/bin/sh',
      'home=$(dirname -- "$(dirname -- "$0")")',
      `LD_LIBRARY_PATH="${search}" exec "$home/root/usr/bin/${name}" "$@"`,
    ];
    writeFileSync(join(home, 'bin', name), `${lines.join('\n')}\n`, { mode: 0o755 });
  }
}

async function dockerImage() {
  if (searchPath('docker').length === 0) throw new Error('Docker: this system has no docker');
  if ((await run('docker', 'docker', ['image', 'inspect', IMAGE])) !== undefined) {
    const failure = await run('docker', 'docker', ['pull', IMAGE]);
    if (failure !== undefined) throw new Error(`Docker: docker pull ${IMAGE} failed: ${lastLines(failure)}`);
  }
  return `Docker's ${IMAGE}`;
}

function lastLines(text) {
  return text.split('\n').slice(-3).join('; ');
}

function advice() {
  const install = {
    debian: 'sudo apt-get install redis-server',
    ubuntu: 'sudo apt-get install redis-server',
    fedora: 'sudo dnf install valkey',
    alpine: 'apk add redis',
    arch: 'sudo pacman -S valkey',
    darwin: 'brew install redis',
  }[system()];
  const get = install === undefined ? 'install redis-server or valkey-server' : `run: ${install}`;
  return `To get one, ${get}. One that runs elsewhere can be used with: actor-coordinator serve --redis-url redis://…`;
}

/** The system's name in /etc/os-release, or that of the first one it is like. */
function system() {
  if (process.platform !== 'linux') return process.platform;
  if (!existsSync('/etc/os-release')) return 'linux';
  const release = readFileSync('/etc/os-release', 'utf8');
  const names = ['ID', 'ID_LIKE'].flatMap(
    (key) => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(release)?.[1].split(' ') ?? [],
  );
  return names.find((name) => ['debian', 'ubuntu', 'fedora', 'alpine', 'arch'].includes(name)) ?? 'linux';
}

if (import.meta.filename === process.argv[1]) {
  try {
    console.log(await ensureRedis({ docker: process.argv.includes('--docker') }));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
