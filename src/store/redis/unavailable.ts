// What an error of Redis or of its client means for the caller. The question
// that matters is whether the command may have been carried out.

import { CoordinatorError } from '../../errors.js';

/**
 * Redis's own refusals that pass: it answered, so the command was surely not carried out. In a Cluster, each of the
 * nodes that the client was sent to.
 */
const PASSING =
  /^(?:Too many Cluster redirections\. Last error: \w+: )?(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|OOM|NOREPLICAS|MISCONF|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;

/** A right that is missing for a command within a script, in Redis 7.0 and later: what came before it was carried out. */
const DENIED_WITHIN = /executing the script can't|ACL failure in script/;

/** The client's own refusals: it had no connection, so nothing was sent. */
export const NOT_SENT =
  /enableOfflineQueue|Connection is closed|None of startup nodes|Cluster isn't ready|Failed to refresh slots/;

/** How soon a caller may try again: about a reconnection, far less than a failover. */
const RETRY_AFTER_MS = 1000;

/**
 * STORE_UNAVAILABLE for whatever passes by itself; other replies, such as a
 * script's error or a key of the wrong type, are bugs or tampering and are
 * returned as they are, to become INTERNAL.
 */
export function unavailable(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (DENIED_WITHIN.test(error.message)) return storeUnavailable(error, { maybeDone: true });
  const passing = PASSING.test(error.message);
  if (error.name === 'ReplyError' && !passing) return error;
  return storeUnavailable(error, { maybeDone: !passing && !NOT_SENT.test(error.message) });
}

function storeUnavailable(cause: Error, details: { readonly maybeDone: boolean }): CoordinatorError {
  const message = `Redis: ${cause.message}`;
  return new CoordinatorError('STORE_UNAVAILABLE', message, { ...details, cause, retryAfterMs: RETRY_AFTER_MS });
}

/** A command's answer. @throws STORE_UNAVAILABLE */
export async function answered<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw unavailable(error);
  }
}
