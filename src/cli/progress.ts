// Shows a workflow's events to a person: a bar per step on a terminal, a line
// per fact in a pipe.

import { MultiBar, type SingleBar } from 'cli-progress';
import type { WorkflowEvent__Output } from '../generated/actorworkflow/v1/WorkflowEvent.js';

/** Passes the events on, and shows each. */
export async function* showProgress(
  events: AsyncIterable<WorkflowEvent__Output>,
  out: NodeJS.WriteStream = process.stdout,
): AsyncGenerator<WorkflowEvent__Output, void, undefined> {
  const view = out.isTTY ? new Bars(out) : new Lines(out);
  try {
    for await (const event of events) {
      view.show(event);
      yield event;
    }
  } finally {
    view.end();
  }
}

interface View {
  show(event: WorkflowEvent__Output): void;
  end(): void;
}

class Bars implements View {
  readonly #bars: MultiBar;
  readonly #steps = new Map<string, SingleBar>();

  constructor(out: NodeJS.WriteStream) {
    this.#bars = new MultiBar({
      stream: out,
      format: '    {step} [{bar}] {note}',
      hideCursor: true,
      barsize: 24,
      linewrap: null,
      gracefulExit: false,
    });
  }

  show(event: WorkflowEvent__Output): void {
    for (const step of event.started?.steps ?? []) {
      this.#steps.set(step, this.#bars.create(1, 0, { step: step.padEnd(18), note: '' }));
    }
    if (event.step_started) this.#update(event.step_started.step, 0, 1, '');
    if (event.step_progress) {
      const { step, done, total } = event.step_progress;
      this.#update(step, Number(done), Number(total), describe(event.step_progress));
    }
    if (event.step_retrying) this.#update(event.step_retrying.step, 0, 1, `trying again: ${event.step_retrying.error}`);
    if (event.step_completed) {
      const { step, skipped, duration } = event.step_completed;
      this.#update(step, 1, 1, skipped ? 'nothing to do' : `done in ${milliseconds(duration)} ms`);
    }
  }

  #update(step: string, done: number, total: number, note: string): void {
    const bar = this.#steps.get(step);
    // What has no known end fills no bar: its note says what goes on.
    bar?.setTotal(Math.max(1, total));
    bar?.update(total === 0 ? 0 : done, { note });
  }

  end(): void {
    this.#bars.stop();
  }
}

class Lines implements View {
  readonly #out: NodeJS.WriteStream;
  #last = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(event: WorkflowEvent__Output): void {
    if (event.step_progress) this.#say(event.step_progress.step, describe(event.step_progress));
    if (event.step_retrying) this.#say(event.step_retrying.step, `trying again: ${event.step_retrying.error}`);
    if (event.step_completed) {
      const { step, skipped, duration } = event.step_completed;
      this.#say(step, skipped ? 'nothing to do' : `done in ${milliseconds(duration)} ms`);
    }
  }

  #say(step: string, what: string): void {
    const line = `    ${step.padEnd(18)} ${what}\n`;
    if (line !== this.#last) this.#out.write(line);
    this.#last = line;
  }

  end(): void {
    // Every line is complete.
  }
}

function describe(progress: NonNullable<WorkflowEvent__Output['step_progress']>): string {
  const { phase, done, total, unit, message } = progress;
  const amount = total === '0' ? '' : `${done} of ${total} ${unit}`;
  return [phase, amount, message].filter((part) => part !== '').join(', ');
}

function milliseconds(duration: { seconds: string; nanos: number } | null): string {
  return duration === null ? '0' : String(Math.round(Number(duration.seconds) * 1000 + duration.nanos / 1e6));
}
