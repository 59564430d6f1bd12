// A workflow on a terminal: the step that runs has a bar on the last line, those
// that are done stand above it and stay. Guarantees: one line at most is ever
// drawn over, so nothing is garbled by a window that is narrow, low, or resized
// meanwhile, and what has scrolled away is never touched; the cursor is back
// after `end`.

import { MultiBar, type SingleBar } from 'cli-progress';
import { styleText } from 'node:util';
import { decodeEvent, type WorkflowEvent } from '../client/event.js';
import type { Told } from '../client/telling.js';
import { ASCII, barLine, UNICODE } from './bar-line.js';
import { actorText, completedStepText, progressText, retryingText, startedText } from './fact-text.js';
import { fit, inWords, pad } from './in-words.js';
import type { View } from './view.js';

/** Smooth to the eye; half of what the cheapest terminals over the slowest lines bear. */
const FRAMES_PER_SECOND = 8;

interface Live {
  readonly step: string;
  readonly startedAtMs: number;
  fraction: number | undefined;
  note: string;
}

export class Bars implements View {
  readonly #out: NodeJS.WriteStream;
  readonly #unicode: boolean;
  readonly #paint: (color: 'green' | 'red', text: string) => string;
  readonly #bars: MultiBar;
  #bar: SingleBar | undefined;
  #live: Live | undefined;
  #nameWidth = 8;
  #ended = false;

  constructor(out: NodeJS.WriteStream, { color, unicode }: { readonly color: boolean; readonly unicode: boolean }) {
    this.#out = out;
    this.#unicode = unicode;
    // Not its own check of the stream: that knows neither NO_COLOR nor TERM on every Node that this runs on.
    this.#paint = (name, text) => (color ? styleText(name, text) : text);
    this.#bars = new MultiBar({
      stream: out,
      format: () => this.#draw(),
      fps: FRAMES_PER_SECOND,
      hideCursor: true,
      clearOnComplete: true,
      // The lines are cut to the window, and a terminal left in another mode by a kill would be a nuisance.
      linewrap: null,
      gracefulExit: false,
      emptyOnZero: true,
    });
  }

  show(told: Told): void {
    const event = decodeEvent(told);
    if (event !== undefined) this.#show(event);
  }

  say(line: string): void {
    if (this.#bar === undefined || this.#ended) this.#out.write(`${line}\n`);
    else {
      this.#bars.log(`${line}\n`);
      this.#bars.update();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#live = undefined;
    if (this.#bar !== undefined) this.#bars.stop();
  }

  #show(event: WorkflowEvent): void {
    switch (event.type) {
      case 'started':
      case 'restarted':
        this.#nameWidth = Math.max(this.#nameWidth, ...event.steps.map((step) => step.length));
        this.say(this.#cut(startedText(event, event.workflowId)));
        break;
      case 'step_started':
        this.#begin({ step: event.step, startedAtMs: performance.now(), fraction: undefined, note: '' });
        break;
      case 'step_progress':
        if (this.#live === undefined) break;
        this.#live.fraction = event.total === 0 ? undefined : Math.min(1, event.done / event.total);
        this.#live.note = progressText(event);
        break;
      case 'step_retrying':
        if (this.#live !== undefined) this.#live.note = retryingText(event);
        break;
      case 'step_completed':
        this.#live = undefined;
        this.say(this.#mark('✓', '+', 'green', `${pad(event.step, this.#nameWidth)}  ${completedStepText(event)}`));
        break;
      case 'completed':
        this.end();
        this.say(`${actorText(event.actor)}, after ${inWords(event.durationMs)}`);
        break;
      case 'failed':
        if (event.step !== '') this.say(this.#mark('✗', 'x', 'red', `${pad(event.step, this.#nameWidth)}  failed`));
        this.end();
        break;
      case 'lease_renewed':
        break;
    }
  }

  #begin(live: Live): void {
    this.#live = live;
    this.#bar ??= this.#bars.create(1, 0);
    this.#bars.update();
  }

  #draw(): string {
    const live = this.#live;
    if (live === undefined) return '';
    const elapsed = inWords(performance.now() - live.startedAtMs);
    const { step, fraction, note } = live;
    const line = { step, nameWidth: this.#nameWidth, fraction, note, elapsed };
    return barLine(line, this.#unicode ? UNICODE : ASCII, this.#columns());
  }

  #mark(unicode: string, ascii: string, color: 'green' | 'red', text: string): string {
    const mark = this.#unicode ? unicode : ascii;
    return this.#paint(color, mark) + this.#cut(`${mark} ${text}`).slice(mark.length);
  }

  #cut(line: string): string {
    return fit(line, this.#columns());
  }

  /** The last one stays free: a character there makes some terminals wrap. */
  #columns(): number {
    return Math.max(1, this.#out.columns - 1);
  }
}
