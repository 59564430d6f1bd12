// What every process of callers has in common, whomever it calls: each caller
// asks for one piece of work after another, on its own keys in turn, and waits
// for the end of each. What it counts has been done. Used by start/callers.mjs.

import { nowMs, pause } from '../measure/time.mjs';
import { answer } from './child.mjs';

/** After a refusal: somebody who is told that it is too much comes again. */
const RETRY_MS = 50;

/** Longer than any piece of work takes on a loaded machine: what has not ended by then never does. */
const STOP_WITHIN_MS = 30_000;

/**
 * @typedef {{ kind: string, messages: number, bytes: number }} Done what was done, and what came back meanwhile
 * @typedef {object} Connection
 * @property {(key: string, turn: number) => Promise<Done | undefined>} ask undefined: refused as too much; turn: how often this key was asked before
 * @property {() => void} close
 *
 * @typedef {{ completed: number, latencies: Record<string, number[]>, messages: number, bytes: number, refused: number }} Counted latencies in ms, by kind
 */

/**
 * @param {(address: string) => Promise<Connection>} open
 * @param {{ turns: number, answers?: Record<string, (argument: any) => any> }} options turns: how often each key is asked before the next one
 */
export function serveCallers(open, { turns, answers = {} }) {
  /** @type {Connection | undefined} */
  let connection;
  /** @type {Promise<void>[]} */
  let loops = [];
  let running = false;
  let failure = '';
  /** @type {Counted} */
  let counted;
  const clear = () => {
    counted = { completed: 0, latencies: {}, messages: 0, bytes: 0, refused: 0 };
  };
  clear();

  const loop = async (/** @type {string[]} */ keys) => {
    try {
      for (let at = 0; running; at = (at + 1) % keys.length) {
        for (let turn = 0; turn < turns; turn += 1) await once(keys[at], turn);
      }
    } catch (error) {
      failure ||= String(error);
      running = false;
    }
  };
  const once = async (/** @type {string} */ key, /** @type {number} */ turn) => {
    const startedAtMs = nowMs();
    for (;;) {
      const done = await /** @type {Connection} */ (connection).ask(key, turn);
      if (done !== undefined) {
        (counted.latencies[done.kind] ??= []).push(nowMs() - startedAtMs);
        counted.completed += 1;
        counted.messages += done.messages;
        counted.bytes += done.bytes;
        return;
      }
      counted.refused += 1;
      await pause(RETRY_MS);
    }
  };

  answer({
    /** @param {{ address: string, slots: string[][] }} options a slot: the keys that one caller goes round */
    async start({ address, slots }) {
      connection = await open(address);
      running = true;
      loops = slots.map(loop);
    },
    /** What is counted begins here. */
    begin: () => clear(),
    report() {
      if (failure !== '') throw new Error(failure);
      return counted;
    },
    /** Lets each caller finish its turns, so that every key is left as it was found. */
    async stop() {
      running = false;
      const limit = AbortSignal.timeout(STOP_WITHIN_MS);
      await Promise.race([
        Promise.all(loops),
        new Promise((_, reject) => {
          limit.addEventListener('abort', () => reject(new Error(`work is not done ${STOP_WITHIN_MS} ms later`)));
        }),
      ]);
      connection?.close();
      if (failure !== '') throw new Error(failure);
    },
    ...answers,
  });
}
