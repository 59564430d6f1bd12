// How to know after a restart that a process number still means the same process.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process number, and when that process started: together they are unique on a machine, until it reboots and after. */
export interface GroupIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** @returns undefined where no such process lives */
export async function identify(pid: number): Promise<GroupIdentity | undefined> {
  if (process.platform === 'linux') {
    const stat = await readStat(pid);
    if (stat === undefined || stat.zombie) return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return { pid, startTime: `${boot.trim()}+${stat.startTicks}` };
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() === '' ? undefined : { pid, startTime: stdout.trim() };
  } catch {
    // ps exits with 1 where there is no such process.
    return undefined;
  }
}

/** Whether the very process that was identified still lives, rather than another one with its number. */
export async function isSame(group: GroupIdentity): Promise<boolean> {
  return (await identify(group.pid))?.startTime === group.startTime;
}

/** What Linux says of a process; undefined where it has ended. */
export async function readStat(
  pid: number,
): Promise<{ readonly zombie: boolean; readonly group: number; readonly startTicks: string } | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may hold anything; see proc(5). The rest starts with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { zombie: fields[0] === 'Z' || fields[0] === 'X', group: Number(fields[2]), startTicks: fields[19] ?? '' };
}
