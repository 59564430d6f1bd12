// Where a figure was measured: none means anything without it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { findServer } from '../../dist/store/redis/server-process.js';

const root = new URL('../../', import.meta.url);

export function machine() {
  const { dependencies, optionalDependencies } = readJson('bench/package.json');
  return {
    date: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    redis: /v=(\S+)/.exec(execFileSync(findServer(), ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
    grpcJs: readJson('node_modules/@grpc/grpc-js/package.json').version,
    packages: { ...dependencies, ...optionalDependencies },
    /** What else the machine did when the run began, in runnable processes over the last minute. */
    loadBefore: loadavg()[0],
  };
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'));
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') === '' ? '' : ' with changes');
  } catch {
    return 'unknown'; // a copy without its history
  }
}
