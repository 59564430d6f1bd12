// Groups of processes by the number of their leader: whether one lives, and how
// to end it. Zombies do not count as alive: in a container whose first process
// reaps nothing they would stay for ever. It cannot see a process that has left
// the group (setsid, a daemon); such a program does not belong on this runtime.

import { readdir } from 'node:fs/promises';
import { sleep, type Clock } from '../../clock.js';
import { readStat } from '../places/process-identity.js';

/** A signal takes effect within a few milliseconds; nothing tells us when, as leftovers are not our children. */
const POLL_MS = 10;
/** A killed process that is still there after this long is stuck in the kernel, on a dead disk for example. */
const KILL_WAIT_MS = 5_000;

const never = new AbortController().signal;

/** Whether any process of the group lives. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(-pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  if (process.platform !== 'linux') return true;
  const leader = await readStat(pid);
  if (leader !== undefined && !leader.zombie) return true;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readStat(Number(name));
    if (stat?.group === pid && !stat.zombie) return true;
  }
  return false;
}

/** Every process of the group stands still until `thaw`, memory and all. No program can refuse it. */
export function freeze(pid: number): void {
  send(pid, 'SIGSTOP');
}

/** Nothing happens to a group that is not frozen. */
export function thaw(pid: number): void {
  send(pid, 'SIGCONT');
}

/** SIGTERM, and SIGKILL for what is left after `graceMs`. Resolves once nothing lives, or with `stuck`. */
export async function terminate(pid: number, graceMs: number, clock: Clock): Promise<'exited' | 'killed' | 'stuck'> {
  send(pid, 'SIGTERM');
  // After it, so that a frozen group does nothing more but save and exit.
  thaw(pid);
  if (await isGoneWithin(pid, graceMs, clock)) return 'exited';
  return await kill(pid, clock);
}

/** SIGKILL at once. */
export async function kill(pid: number, clock: Clock): Promise<'killed' | 'stuck'> {
  send(pid, 'SIGKILL');
  return (await isGoneWithin(pid, KILL_WAIT_MS, clock)) ? 'killed' : 'stuck';
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGoneWithin(pid: number, limitMs: number, clock: Clock): Promise<boolean> {
  const limitAtMs = clock.nowMs() + limitMs;
  while (await isAlive(pid)) {
    if (clock.nowMs() >= limitAtMs) return false;
    await sleep(clock, POLL_MS, never);
  }
  return true;
}
