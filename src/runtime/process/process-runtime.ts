// The built-in node runtime: runs each actor as a process group in a directory
// of its own, on this machine and with this process's rights, so for
// development and trusted workloads only. Actors end with it, after they have
// saved, and so do the frozen ones.

import { PlacedRuntime, type PlacedRuntimeOptions } from '../places/placed-runtime.js';
import { processes } from './processes.js';

/** As `PlacedRuntime.open`. */
export function openProcessRuntime(options: PlacedRuntimeOptions): Promise<PlacedRuntime> {
  return PlacedRuntime.open(processes(options.clock), options);
}
