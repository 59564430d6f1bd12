// What of a workload spec can be a process: its command, its environment.

import type { WorkloadSpec } from '../../actor/actor.js';
import { unfit } from '../places/failure.js';
import { readyCheck, type ReadyCheck } from '../places/ready-options.js';

/** @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming the field */
export function checkSpec(spec: WorkloadSpec): ReadyCheck {
  if (spec.command.length === 0 || spec.command[0] === '') {
    throw unfit('spec.command', spec.command, 'a program and its arguments: this runtime runs processes, not images');
  }
  for (const [index, argument] of spec.command.entries()) {
    if (argument.includes('\0')) throw unfit(`spec.command[${String(index)}]`, argument, 'no NUL character');
  }
  for (const [name, value] of Object.entries(spec.env)) {
    // The shell that holds the program back passes on only names like these.
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw unfit('spec.env', name, 'names of letters, digits and underscores that do not start with a digit');
    }
    // Not the value: it may be a secret.
    if (value.includes('\0')) throw unfit('spec.env', name, 'values without a NUL character');
  }
  return readyCheck(spec.runtimeOptions ?? {});
}
