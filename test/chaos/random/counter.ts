// A caller of the real node's actors: resumes one, has it count, and suspends,
// pauses, kills or leaves it. What an actor has answered it must not forget.

import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Caller } from './caller.js';
import type { Count } from './history.js';
import { pick, pickWeighted, type Random } from './random.js';
import { REAL } from './real-node.js';

const COUNTING_ACTOR = fileURLToPath(new URL('./counting-actor.mjs', import.meta.url));
const ANSWERS_WITHIN_MS = 1000;
const COUNTS_IN_A_ROW = 5;
const PAUSE_MS = 100;

const THEN = { suspend: 6, pause: 2, leave: 3, die: 1 };

export interface CounterOptions {
  readonly caller: Caller;
  readonly random: Random;
  /** `namespace/name` each. */
  readonly actors: readonly string[];
}

export class Counter {
  readonly counts: Count[] = [];
  readonly deaths: { readonly actor: string; readonly atMs: number }[] = [];
  readonly #options: CounterOptions;

  constructor(options: CounterOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { random, actors } = this.#options;
    while (!signal.aborted) {
      await this.#visit(pick(random, actors));
      await sleep(PAUSE_MS);
    }
  }

  /** Resumes the actor and has it count once more. */
  async visitLast(actor: string): Promise<void> {
    const address = await this.#options.caller.addressOf(actor);
    if (address !== undefined) await this.#count(actor, address);
  }

  async #visit(actor: string): Promise<void> {
    const { caller, random } = this.#options;
    const call = await caller.workflow('resume', actor, undefined, { workerWaitMs: 1000 });
    if (call?.ending?.reason === 'ACTOR_NOT_FOUND') {
      await caller.create(actor, { pool: REAL, spec: { command: [process.execPath, COUNTING_ACTOR] } });
    }
    if (call?.ending?.code !== 'OK') return;
    const address = await caller.addressOf(actor);
    if (address === undefined) return;
    for (let i = 0; i < COUNTS_IN_A_ROW; i += 1) await this.#count(actor, address);
    const then = pickWeighted(random, THEN);
    if (then === 'die') {
      this.deaths.push({ actor, atMs: Date.now() });
      await post(address, `/${actor}/die`);
    } else if (then !== 'leave') await caller.workflow(then, actor);
  }

  async #count(actor: string, address: string): Promise<void> {
    const sentAtMs = Date.now();
    const answer = await post(address, `/${actor}`);
    if (answer === undefined) return;
    const { count } = JSON.parse(answer) as { count: number };
    this.counts.push({ actor, sentAtMs, answeredAtMs: Date.now(), count });
  }
}

/** The body of the answer; undefined where there is none, or not one of that actor. */
function post(address: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(`http://${address}${path}`, { method: 'POST', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('close', () => resolve(response.complete && response.statusCode === 200 ? body : undefined));
    });
    sent.setTimeout(ANSWERS_WITHIN_MS, () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}
