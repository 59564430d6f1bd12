// What a process uses, from /proc: so on Linux alone.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export const hasProc = process.platform === 'linux';

/** From now on `peakMb` is the most since now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** The most memory that was resident, in MB. */
export function peakMb(pid: number): number {
  return statusKb(pid, 'VmHWM') / 1024;
}

function statusKb(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(found);
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
