// Rows in columns for a person, as wide as they need to be. Guarantees: the
// first line names the columns; a column never moves within one print, and no
// cell is empty, so that `awk` finds the same one everywhere.

import { pad, printable, widthOf } from './in-words.js';

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => (cell === '' ? '-' : printable(cell))))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return cells.map(line).join('\n');
}
