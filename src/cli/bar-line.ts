// One step as one line of a terminal. Pure. Guarantees: never wider than it may
// be, since a line that wraps cannot be drawn over; what matters least goes
// first as the window gets narrower: the note, then the bar, then the time.

import { fit, pad, widthOf } from './in-words.js';

export interface BarLine {
  readonly step: string;
  /** Of the longest step's name. */
  readonly nameWidth: number;
  /** From 0 to 1; undefined: how far it is cannot be said. */
  readonly fraction: number | undefined;
  readonly note: string;
  /** How long it has been at it, in words. */
  readonly elapsed: string;
}

export interface BarStyle {
  readonly done: string;
  readonly left: string;
}

export const UNICODE: BarStyle = { done: '█', left: '░' };
export const ASCII: BarStyle = { done: '#', left: '-' };

const MAX_BAR = 24;
const MIN_BAR = 6;
const MIN_NOTE = 10;

/** @param width in columns, at least 1 */
export function barLine({ step, nameWidth, fraction, note, elapsed }: BarLine, style: BarStyle, width: number): string {
  const name = `  ${pad(step, nameWidth)}`;
  const percent = fraction === undefined ? '' : `${String(Math.floor(fraction * 100)).padStart(3)} %`;
  const fixed = [name, percent, elapsed].filter((part) => part !== '').join('  ');
  let left = width - widthOf(fixed);
  if (left < 0) return fit([name, percent].join('  ').trimEnd(), width);

  let bar = '';
  if (fraction !== undefined) {
    const columns = Math.min(MAX_BAR, left - 2, Math.max(MIN_BAR, Math.floor(width / 4)));
    if (columns >= MIN_BAR) {
      const full = Math.round(fraction * columns);
      bar = style.done.repeat(full) + style.left.repeat(columns - full);
      left -= columns + 2;
    }
  }
  const cut = left - 2 >= MIN_NOTE ? fit(note, left - 2) : '';
  return [name, bar, percent, elapsed, cut].filter((part) => part !== '').join('  ');
}
