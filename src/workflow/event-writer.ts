// Writes a workflow's events to its log, beside the workflow and never in its
// way: nobody awaits it, what waits is bounded, progress is thinned, and a
// Redis that takes events slowly or not at all costs events, not workflows.

import type { ActorRef } from '../actor/actor.js';
import type { CancelTimer, Clock } from '../clock.js';
import type { EventLogStore, LoggedEvent } from '../store/event-log.js';
import type { WorkflowEvent } from './event.js';

/** Five progress events a second for each step: what an eye can follow. */
const PROGRESS_EVERY_MS = 200;

/** Events that are told within this time are written together: most workflows that wait for nothing are one write. */
const GATHER_MS = 50;

/** Beyond this the oldest are dropped. */
const MAX_WAITING = 512;

/** A write that failed is tried again after this. */
const RETRY_MS = 500;
const MAX_RETRIES = 10;
/** After the workflow's end: nobody waits for longer when a replica shuts down. */
const MAX_LAST_RETRIES = 2;

export class EventWriter {
  readonly #store: EventLogStore;
  readonly #clock: Clock;
  readonly #of: { readonly actor: ActorRef; readonly workflowId: string; readonly fencingToken: number };
  #waiting: LoggedEvent[] = [];
  #step = '';
  #progressAtMs = -Infinity;
  /** Progress that came too soon after the one before; the next event takes it along. */
  #heldBack: LoggedEvent | undefined;
  #cancelTimer: CancelTimer | undefined;
  #writing = false;
  #retries = 0;
  #ended = false;
  #resolveEnd: () => void = () => undefined;
  /** Resolves when everything is written, or given up, after `end`. */
  readonly written: Promise<void>;

  constructor(
    store: EventLogStore,
    clock: Clock,
    of: { readonly actor: ActorRef; readonly workflowId: string; readonly fencingToken: number },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#of = of;
    this.written = new Promise((resolve) => (this.#resolveEnd = resolve));
  }

  push(event: WorkflowEvent): void {
    const logged = { sequence: event.sequence, text: JSON.stringify(event) };
    if (event.fact.type === 'step_progress') {
      const nowMs = this.#clock.nowMs();
      if (nowMs - this.#progressAtMs < PROGRESS_EVERY_MS) {
        this.#heldBack = logged;
        return;
      }
      this.#progressAtMs = nowMs;
      this.#heldBack = undefined;
    }
    if (event.fact.type === 'step_started') this.#step = event.fact.step;
    if (event.fact.type === 'step_completed') this.#step = '';
    if (this.#heldBack !== undefined) this.#waiting.push(this.#heldBack);
    this.#heldBack = undefined;
    this.#waiting.push(logged);
    this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);
    this.#flushIn(GATHER_MS);
  }

  /** No event comes any more. */
  end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    void this.#flush();
  }

  #flushIn(delayMs: number): void {
    if (this.#writing || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#writing) return;
    const events = this.#waiting;
    if (events.length > 0) {
      this.#waiting = [];
      this.#writing = true;
      const failed = await this.#store.append({ ...this.#of, step: this.#step, events }).then(
        () => false,
        () => true,
      );
      this.#writing = false;
      this.#retries = failed ? this.#retries + 1 : 0;
      if (failed) this.#waiting = [...events, ...this.#waiting].slice(-MAX_WAITING);
    }
    if (this.#waiting.length === 0 || this.#retries > (this.#ended ? MAX_LAST_RETRIES : MAX_RETRIES)) {
      this.#waiting = [];
      if (this.#ended) this.#resolveEnd();
    } else {
      this.#flushIn(this.#retries > 0 ? RETRY_MS : 0);
    }
  }
}
