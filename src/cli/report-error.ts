// Says on standard error how a call failed and what to do next: two lines for a
// person, one JSON object for a program.

import type { CallError } from '../client/call-error.js';
import type { Output } from './connection-flags.js';
import { adviceFor, describeError, exitCodeOf, type Asked } from './outcome.js';

/** @returns the exit code */
export function reportError(error: CallError, output: Output, asked: Asked): number {
  const { reason, code, message, metadata, retryAfterMs, violations } = error;
  if (output === 'json') {
    const json = {
      reason,
      code,
      message,
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(violations.length > 0 && { violations }),
    };
    console.error(JSON.stringify({ error: json }));
  } else {
    console.error(`error: ${describeError(error)}\nnext:  ${adviceFor(error, asked)}`);
  }
  return exitCodeOf(error);
}
