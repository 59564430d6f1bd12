// Closed-loop callers in two processes, so that they are not what is measured.

import { pause } from '../measure/time.mjs';
import { startChild } from './child.mjs';

const PROCESSES = 2;
/** Actors that one caller goes round. */
const ACTORS_PER_CALLER = 4;

/**
 * @typedef {readonly (readonly { namespace: string, name: string }[])[]} Slots for each caller the actors that it goes round
 *
 * @typedef {object} Callers
 * @property {(address: string, slots: Slots, ms: { warm: number, count: number }, around?: { begin: () => void, end: () => void }) => Promise<Load>} load
 * @property {(address: string, actor: { namespace: string, name: string }) => Promise<Record<'Resume' | 'Suspend', string[]>>} capture in base64
 * @property {() => Promise<void>} close
 *
 * @typedef {{ perSecond: number, workflows: number, Resume: number[], Suspend: number[], messages: number, bytes: number, refused: number }} Load
 *   latencies in ms, with what waiting after a refusal took; refused: as too much
 */

/** So many callers, each with a few actors of its own. @param {number} concurrency @returns {Slots} */
export function slotsOf(concurrency) {
  return Array.from({ length: concurrency }, (_, i) =>
    Array.from({ length: ACTORS_PER_CALLER }, (_, k) => ({
      namespace: 'bench',
      name: `actor-${i * ACTORS_PER_CALLER + k}`,
    })),
  );
}

/** The actors of `slotsOf`. @param {number} concurrency */
export function actorNames(concurrency) {
  return slotsOf(concurrency).flatMap((actors) => actors.map(({ name }) => name));
}

/** @returns {Promise<Callers>} */
export async function startCallers() {
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startChild('caller.mjs')));
  return {
    /** `around` is called when counting begins and when it ends: to read CPU times. */
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
      const reports = await ask('report');
      await ask('stop');
      const sum = (/** @type {(report: any) => number} */ of) => reports.reduce((total, it) => total + of(it), 0);
      const workflows = sum(({ completed }) => completed);
      return {
        workflows,
        perSecond: (workflows / tookMs) * 1000,
        Resume: reports.flatMap(({ latencies }) => latencies.Resume),
        Suspend: reports.flatMap(({ latencies }) => latencies.Suspend),
        messages: sum(({ messages }) => messages),
        bytes: sum(({ bytes }) => bytes),
        refused: sum(({ refused }) => refused),
      };
    },
    capture: (address, actor) => children[0].ask('capture', { address, actor }),
    async close() {
      await Promise.all(children.map((child) => child.end()));
    },
  };
}
