// `npm run chaos`: the random chaos for an hour, or for `--minutes N` from
// `--seed N` on, one round after the other, with a line after each; what finds
// violations is kept below .cache/. `npm run chaos -- --kill-table`: a replica
// killed at every step boundary, all combinations. Exit code 1 when something
// was found.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { root } from './run.mjs';

const KILL_TABLE = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'chaos', 'kill-everywhere'];
const RANDOM = ['--import', './test/contract/node-runtime-loader.mjs', 'test/chaos/random/main.ts'];

function runInForeground(args, env) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

try {
  const args = process.argv.slice(2);
  const isKillTable = args.includes('--kill-table');
  await ensureInstalled();
  await ensureBuilt();
  await ensureRedis({ docker: isKillTable });
  process.exitCode = isKillTable
    ? await runInForeground(KILL_TABLE, { CHAOS: 'full' })
    : await runInForeground([...RANDOM, ...args], {});
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
