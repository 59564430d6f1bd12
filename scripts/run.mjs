// Runs a command for the other scripts and keeps its output in a file, so that
// what went well stays silent and what failed can be shown whole, however much
// it printed. Needs nothing but Node: it runs before anything is installed.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Ends with a separator. */
export const root = fileURLToPath(new URL('..', import.meta.url));
export const cache = join(root, '.cache');

/** Longer than the slowest suite on a slow machine: a command that takes more hangs. */
const LIMIT_MS = 20 * 60_000;
const KILL_AFTER_MS = 5_000;

/**
 * Runs a command in the project's directory; `name` is for the file that keeps its output, `.cache/<name>.log`.
 * @returns undefined when it ended with exit code 0, else how it ended and all of its output
 */
export async function run(name, command, args, env = process.env) {
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${name}.log`);
  const log = openSync(path, 'w');
  try {
    const how = await ending(spawn(command, args, { cwd: root, env, stdio: ['ignore', log, log] }));
    return how === undefined ? undefined : `${readFileSync(path, 'utf8').trimEnd()}\n${command} ${how}`.trimStart();
  } finally {
    closeSync(log);
  }
}

function ending(child) {
  return new Promise((resolve) => {
    let late = '';
    const timers = [LIMIT_MS, LIMIT_MS + KILL_AFTER_MS].map((ms, index) =>
      setTimeout(() => {
        late = `did not end within ${LIMIT_MS / 60_000} minutes and `;
        child.kill(index === 0 ? 'SIGTERM' : 'SIGKILL');
      }, ms),
    );
    const end = (how) => {
      timers.forEach(clearTimeout);
      resolve(how);
    };
    child.once('error', (error) => end(`could not be run: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (code === 0 && late === '') end(undefined);
      else end(`${late}${signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`}`);
    });
  });
}

/** Prints what is being done, and then how long it took, on one line. */
export async function timed(title, work) {
  process.stdout.write(title.padEnd(12));
  const beganMs = performance.now();
  try {
    const remark = (await work()) ?? '';
    process.stdout.write(`${seconds(beganMs)}  ${remark}`.trimEnd() + '\n');
  } catch (error) {
    process.stdout.write(`${seconds(beganMs)}  failed\n`);
    throw error;
  }
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`.padStart(8);
}
