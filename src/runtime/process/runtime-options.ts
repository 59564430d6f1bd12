// What of a workload spec this runtime understands, checked to the letter: a
// mistyped option would otherwise show itself as an actor that never gets
// ready, minutes later and somewhere else.

import type { WorkloadSpec } from '../../actor/actor.js';
import { unfit } from './failure.js';

export interface ReadyCheck {
  /** Ready when GET of this path answers 200; absent: when the port accepts a connection. */
  readonly readyPath?: string;
  readonly readyTimeoutMs: number;
}

/** Long for a program that starts, short of the five minutes that a workflow has by default. */
const DEFAULT_READY_TIMEOUT_MS = 60_000;
/** A limit above the longest workflow deadline anybody should set would never be reached. */
const MAX_READY_TIMEOUT_MS = 60 * 60_000;

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
  return checkOptions(spec.runtimeOptions ?? {});
}

function checkOptions(options: Readonly<Record<string, unknown>>): ReadyCheck {
  let readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS;
  let readyPath: string | undefined;
  for (const [key, value] of Object.entries(options)) {
    const field = `spec.runtime_options.${key}`;
    if (key === 'ready_path') {
      if (typeof value !== 'string' || !/^\/[!-~]{0,1023}$/.test(value)) {
        throw unfit(field, value, 'a path that starts with "/", of at most 1024 printable ASCII characters');
      }
      readyPath = value;
    } else if (key === 'ready_timeout_ms') {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_READY_TIMEOUT_MS) {
        throw unfit(field, value, `a whole number of milliseconds from 1 to ${String(MAX_READY_TIMEOUT_MS)}`);
      }
      readyTimeoutMs = value;
    } else {
      throw unfit('spec.runtime_options', key, 'no other options than ready_path and ready_timeout_ms');
    }
  }
  return { readyTimeoutMs, ...(readyPath === undefined ? {} : { readyPath }) };
}
