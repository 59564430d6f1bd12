// Closed-loop callers in two processes, so that they are not what is measured.

import { pause } from '../measure/time.mjs';
import { startChild } from './child.mjs';

const PROCESSES = 2;
/** Actors that one caller goes round. */
const ACTORS_PER_CALLER = 4;

/**
 * @typedef {readonly (readonly string[])[]} Slots for each caller the names of what it goes round
 *
 * @typedef {object} Callers
 * @property {(address: string, slots: Slots, ms: { warm: number, count: number }, around?: { begin: () => void, end: () => void }) => Promise<Load>} load
 *   `around` is called when counting begins and when it ends: to read CPU times
 * @property {(address: string, name: string) => Promise<Record<'Resume' | 'Suspend', string[]>>} capture in base64
 * @property {() => Promise<void>} close
 *
 * @typedef {{ perSecond: number, workflows: number, latencies: number[], byKind: Record<string, number[]>, messages: number, bytes: number, refused: number }} Load
 *   latencies in ms, with what waiting after a refusal took; refused: as too much
 */

/** So many callers, each with a few actors of its own. @param {number} concurrency @returns {Slots} */
export function slotsOf(concurrency) {
  return Array.from({ length: concurrency }, (_, i) =>
    Array.from({ length: ACTORS_PER_CALLER }, (_, k) => `actor-${i * ACTORS_PER_CALLER + k}`),
  );
}

/** @param {string} script below bench/processes/ that serves callers @returns {Promise<Callers>} */
export async function startCallers(script = 'caller.mjs', options = {}) {
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startChild(script, [], options)));
  return {
    async load(address, all, ms, around) {
      const shares = children
        .map((child, i) => ({ child, slots: all.filter((_, slot) => slot % PROCESSES === i) }))
        .filter(({ slots }) => slots.length > 0);
      const ask = (/** @type {string} */ question) => Promise.all(shares.map(({ child }) => child.ask(question)));
      await Promise.all(shares.map(({ child, slots }) => child.ask('start', { address, slots })));
      await pause(ms.warm);
      await ask('begin');
      around?.begin();
      const beganMs = performance.now();
      await pause(ms.count);
      around?.end();
      const tookMs = performance.now() - beganMs;
      /** @type {import('./closed-loop.mjs').Counted[]} */
      const reports = await ask('report');
      await ask('stop');
      const sum = (/** @type {'completed' | 'messages' | 'bytes' | 'refused'} */ key) =>
        reports.reduce((total, report) => total + report[key], 0);
      const kinds = [...new Set(reports.flatMap(({ latencies }) => Object.keys(latencies)))];
      return {
        workflows: sum('completed'),
        perSecond: (sum('completed') / tookMs) * 1000,
        latencies: reports.flatMap(({ latencies }) => Object.values(latencies).flat()),
        byKind: Object.fromEntries(
          kinds.map((kind) => [kind, reports.flatMap(({ latencies }) => latencies[kind] ?? [])]),
        ),
        messages: sum('messages'),
        bytes: sum('bytes'),
        refused: sum('refused'),
      };
    },
    capture: (address, name) => children[0].ask('capture', { address, name }),
    async close() {
      await Promise.all(children.map((child) => child.end()));
    },
  };
}
