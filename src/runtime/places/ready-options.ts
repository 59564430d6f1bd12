// How to tell that an actor is ready, from its spec's runtime options. Checked
// to the letter: a mistyped option would otherwise show itself as an actor that
// never gets ready, minutes later and somewhere else.

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

const NAMES = ['ready_path', 'ready_timeout_ms'];

/**
 * @param others names of options that the caller reads
 * @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming the field
 */
export function readyCheck(options: Readonly<Record<string, unknown>>, others: readonly string[] = []): ReadyCheck {
  const known = [...NAMES, ...others];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = `${known.slice(0, -1).join(', ')} and ${known.at(-1) ?? ''}`;
    throw unfit('spec.runtime_options', unknown, `no other options than ${names}`);
  }
  const { ready_path: path, ready_timeout_ms: timeoutMs = DEFAULT_READY_TIMEOUT_MS } = options;
  if (path !== undefined && (typeof path !== 'string' || !/^\/[!-~]{0,1023}$/.test(path))) {
    const expected = 'a path that starts with "/", of at most 1024 printable ASCII characters';
    throw unfit('spec.runtime_options.ready_path', path, expected);
  }
  if (
    typeof timeoutMs !== 'number' ||
    !Number.isInteger(timeoutMs) ||
    timeoutMs < 1 ||
    timeoutMs > MAX_READY_TIMEOUT_MS
  ) {
    const expected = `a whole number of milliseconds from 1 to ${String(MAX_READY_TIMEOUT_MS)}`;
    throw unfit('spec.runtime_options.ready_timeout_ms', timeoutMs, expected);
  }
  return { readyTimeoutMs: timeoutMs, ...(path === undefined ? {} : { readyPath: path }) };
}
