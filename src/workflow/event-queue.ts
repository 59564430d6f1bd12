// What a workflow has told and its caller has not read yet. Guarantees: bounded
// whatever the caller does (P7): progress that waits is replaced by newer
// progress of the same step, everything else waits in order, and past the
// limit `onOverflow` is called once, to end the workflow. The producer never
// waits.

import type { WorkflowEvent } from './event.js';

/**
 * Events that may wait. A workflow with every step retried makes about 50; the
 * rest is room for lease events of a caller that reads slowly.
 */
export const MAX_WAITING_EVENTS = 256;

/** A burst of this many reaches a caller that reads; only one that lags behind misses progress. */
const KEPT_WAITING_EVENTS = 16;

export class EventQueue implements AsyncIterable<WorkflowEvent> {
  readonly #waiting: WorkflowEvent[] = [];
  readonly #onOverflow: () => void;
  #wake: (() => void) | undefined;
  /** The workflow's last event was pushed. */
  #complete = false;
  #ended = false;
  #abandoned = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(onOverflow: () => void) {
    this.#onOverflow = onOverflow;
  }

  /** Nobody is to read on: drops what waits and what comes; whoever reads all the same is told `why`, unless it has read all. */
  abandon(why: unknown): void {
    const isRead = this.#complete && this.#waiting.length === 0;
    this.#abandoned = true;
    this.#waiting.length = 0;
    if (isRead) return;
    this.#ended = true;
    this.#failure = { error: why };
    this.#wake?.();
  }

  push(event: WorkflowEvent): void {
    if (this.#abandoned) return;
    const { fact } = event;
    this.#complete = fact.type === 'completed' || fact.type === 'failed';
    // Only the very last event may be replaced: replacing an earlier one would reorder.
    const last = this.#waiting.length > KEPT_WAITING_EVENTS ? this.#waiting.at(-1)?.fact : undefined;
    if (fact.type === 'step_progress' && last?.type === 'step_progress' && last.step === fact.step) {
      this.#waiting.pop();
    }
    this.#waiting.push(event);
    if (this.#waiting.length === MAX_WAITING_EVENTS) this.#onOverflow();
    this.#wake?.();
  }

  /** Ends the iteration once all events are read, with `error` if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) this.#failure = { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WorkflowEvent, void, undefined> {
    for (;;) {
      const event = this.#waiting.shift();
      if (event !== undefined) {
        yield event;
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
