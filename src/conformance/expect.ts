// What checks expect of answers. Each throws Broken with both sides in words.

import { Broken } from './verdict.js';
import type { Answer, Result } from './target.js';

/** @throws Broken unless `holds` */
export function expectOk(holds: boolean, expected: string, got: string): void {
  if (!holds) throw new Broken(expected, got);
}

/** @throws Broken unless the two are the same */
export function expectEqual(what: string, got: string | number | boolean, expected: string | number | boolean): void {
  expectOk(got === expected, `${what} to be ${JSON.stringify(expected)}`, JSON.stringify(got));
}

/** The result of a call that must succeed. @throws Broken where it does not, or tells no result, or more than one */
export function expectAnswer(answer: Answer): Result {
  const { method, code, results, endedWithResult } = answer;
  expectOk(code === 'OK', `${method} to succeed`, describe(answer));
  const [result] = results;
  if (result === undefined || results.length > 1 || !endedWithResult) {
    throw new Broken(`${method} to end with one result`, `OK with ${String(results.length)} results`);
  }
  return result;
}

/** @throws Broken unless the call was refused with the code, and the reason where one is given */
export function expectRefused(answer: Answer, code: string, reason?: string): void {
  const fits = answer.code === code && (reason === undefined || answer.reason === reason);
  const wanted = reason === undefined ? code : `${code} with the reason ${reason}`;
  expectOk(fits, `${answer.method} to be refused with ${wanted}`, describe(answer));
}

/** An answer in a line. */
export function describe({ code, reason, message, results }: Answer): string {
  if (code === 'OK') return `OK ${JSON.stringify(results[0] ?? {})}`;
  const text = message.length > 160 ? `${message.slice(0, 159)}…` : message;
  return `${code}${reason === '' ? '' : ` with the reason ${reason}`}: ${JSON.stringify(text)}`;
}
