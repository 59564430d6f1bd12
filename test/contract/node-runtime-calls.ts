// What tests of a NodeRuntime do over and over: wait for nothing, cancel, expect
// an error, ask an actor.

import { CoordinatorError } from '../../src/errors.js';
import type { ReportProgress } from '../../src/runtime/node-runtime.js';

export const ignore: ReportProgress = () => undefined;
export const never = new AbortController().signal;

/** An AbortController whose reason is of the closed set, as every caller's is. */
export function cancellable(): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    cancel: () => {
      controller.abort(new CoordinatorError('CANCELLED', 'the caller went away'));
    },
  };
}

/** The error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<CoordinatorError> {
  const error: unknown = await call.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoordinatorError)) throw error;
  return error;
}

export async function count(address: string, method: 'GET' | 'POST' = 'GET'): Promise<number> {
  const response = await fetch(`http://${address}/count`, { method, headers: { connection: 'close' } });
  return ((await response.json()) as { count: number }).count;
}

export async function ask(address: string): Promise<string> {
  return await (await fetch(`http://${address}/`, { headers: { connection: 'close' } })).text();
}

/** Whether somebody answers within a time that is long for a program that runs. */
export async function answers(address: string): Promise<boolean> {
  return await fetch(`http://${address}/`, { signal: AbortSignal.timeout(300) }).then(
    () => true,
    () => false,
  );
}
