// A workflow as plain lines: in a pipe, a file, a dumb terminal. Guarantees:
// what a step does is said when it changes, at each quarter of it unless those
// pass in no time, and every few seconds, so that a log of it stays short and
// yet shows that it is alive.

import { decodeEvent, type WorkflowEvent } from '../client/event.js';
import type { Told } from '../client/telling.js';
import { actorText, completedStepText, progressText, retryingText, startedText } from './fact-text.js';
import { inWords, pad } from './in-words.js';
import type { View } from './view.js';

const SAY_EVERY_MS = 5000;
const QUARTERS_APART_MS = 1000;
/** Of the longest step's name, and some. */
const NAME_WIDTH = 20;

export class Lines implements View {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  #startedAtMs = 0;
  #last = { text: '', quarter: 0, atMs: 0 };

  constructor(write: (line: string) => void, nowMs: () => number = () => performance.now()) {
    this.#write = write;
    this.#nowMs = nowMs;
  }

  show(told: Told): void {
    const event = decodeEvent(told);
    if (event !== undefined) this.#show(event);
  }

  say(line: string): void {
    console.error(line);
  }

  end(): void {
    // Every line is complete.
  }

  #show(event: WorkflowEvent): void {
    switch (event.type) {
      case 'started':
      case 'restarted':
        this.#write(startedText(event, event.workflowId));
        break;
      case 'step_started':
        this.#startedAtMs = this.#nowMs();
        this.#last = { text: '', quarter: 0, atMs: this.#startedAtMs };
        break;
      case 'step_progress':
        this.#progress(event);
        break;
      case 'step_retrying':
        this.#step(event.step, retryingText(event));
        break;
      case 'step_completed':
        this.#step(event.step, completedStepText(event));
        break;
      case 'completed':
        this.#write(`${actorText(event.actor)}, after ${inWords(event.durationMs)}`);
        break;
      case 'lease_renewed':
      case 'failed':
        // The first says nothing about the work, the second what the error says.
        break;
    }
  }

  #progress(event: Extract<WorkflowEvent, { type: 'step_progress' }>): void {
    const text = `${event.phase} ${event.message}`;
    const quarter = event.total === 0 ? 0 : Math.floor((4 * event.done) / event.total);
    const nowMs = this.#nowMs();
    const last = this.#last;
    const apartMs = quarter > last.quarter ? QUARTERS_APART_MS : SAY_EVERY_MS;
    if (text === last.text && nowMs - last.atMs < apartMs) return;
    this.#last = { text, quarter, atMs: nowMs };
    // What says the same again is there to show that time passes.
    const since = text === last.text && event.total === 0 ? ` (${inWords(nowMs - this.#startedAtMs)})` : '';
    this.#step(event.step, progressText(event) + since);
  }

  #step(step: string, what: string): void {
    this.#write(`  ${pad(step, NAME_WIDTH)}${what}`);
  }
}
