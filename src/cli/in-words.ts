// Durations, sizes and what came over the wire, as a person reads them.
// Guarantees: what is printed to a terminal holds no control character, whoever
// wrote it, and no line is wider than it may be.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `7 ms`, `4.2 s`, `42 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`. */
export function inWords(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (ms < HOUR_MS) return two(seconds, 60, 'min', 's');
  if (ms < 2 * DAY_MS) return two(Math.round(ms / MINUTE_MS), 60, 'h', 'min');
  return two(Math.round(ms / HOUR_MS), 24, 'd', 'h');
}

function two(count: number, per: number, large: string, small: string): string {
  const rest = count % per;
  return `${Math.floor(count / per)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** How long ago; `?` where it is not known. */
export function ago(time: Date | undefined, nowMs = Date.now()): string {
  return time === undefined ? '?' : `${inWords(nowMs - time.getTime())} ago`;
}

/** `812 B`, `4.1 kB`, `1.2 GB`. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // Half a unit below: 999,960 bytes are 1.0 MB, not 1000.0 kB.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A duration as a flag takes it, rounded up to what one would type. */
export function asFlag(durationMs: number): string {
  const seconds = Math.max(5, Math.ceil(durationMs / 5000) * 5);
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Text of any origin without what would move the cursor, colour the screen or start a new line. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ');
}

/** Columns that a character takes: East Asian wide ones and emoji two, combining ones none. */
function columnsOf(char: string): number {
  if (/\p{Mark}/u.test(char)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f000}-\u{3ffff}]/u.test(
    char,
  )
    ? 2
    : 1;
}

export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += columnsOf(char);
  return width;
}

/** `text`, or its beginning with `…`, in at most `width` columns. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let used = 1;
  for (const char of text) {
    used += columnsOf(char);
    if (used > width) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Padded at its end to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
