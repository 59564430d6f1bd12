// What a figure should be, and by how much it is missed.

import { cell } from './table.mjs';

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {number} got
 * @property {number} [want] at least this
 * @property {number} [most] or at most this
 * @property {string} [unit]
 */

/** @param {Target} target */
export function judge({ got, want, most }) {
  return want === undefined ? got <= Number(most) : got >= want;
}

/** One line, such as `pass       12 of 20, …`. @param {Target} target */
export function verdict(target) {
  const { what, got, want, most, unit = '' } = target;
  const wanted = want === undefined ? `at most ${cell(most)}` : `at least ${cell(want)}`;
  const shortfall = Math.abs(want === undefined ? got / Number(most) - 1 : 1 - got / want) * 100;
  const judgement = judge(target)
    ? 'pass'
    : Number.isFinite(shortfall)
      ? `short by ${shortfall.toFixed(0)} %`
      : 'missed';
  return `${judgement.padEnd(18)}${what}: ${cell(got)}${unit === '' ? '' : ` ${unit}`}, wanted ${wanted}`;
}
