// Lets a child die with this process, also when that is killed: the kernel then
// closes a pipe that only we hold, and a shell beside the child reads its end.
// `exec` makes the command the child itself, so its pid is the one we know.

import { spawn } from 'node:child_process';

const WITH_GUARD = `exec 3<&0
{ read -r _ <&3; kill -KILL $$; } >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null`;

/**
 * @param {string} command @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, stdio?: readonly ('inherit' | 'ignore' | import('node:stream').Stream)[] }} options stdio: what follows stdin
 * @returns {import('node:child_process').ChildProcess}
 */
export function spawnGuarded(command, args, { env = process.env, stdio = ['inherit', 'inherit'] } = {}) {
  const child = spawn('/bin/sh', ['-c', WITH_GUARD, 'guard', command, ...args], {
    env,
    // A group of its own: Ctrl-C is for us, and we end what we have started.
    detached: true,
    stdio: ['pipe', ...stdio],
  });
  child.stdin?.on('error', () => undefined);
  return child;
}
