// Rows of one shape as a table for a terminal.

/** @param {readonly Record<string, unknown>[]} rows */
export function table(rows) {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const isNumber = columns.map((_, i) => cells.slice(1).every((line) => /^(> )?[-\d,.]*$/.test(line[i])));
  return cells
    .map((line) =>
      line
        .map((text, i) => (isNumber[i] ? text.padStart(widths[i]) : text.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that count, and thousands set apart. @param {unknown} value */
export function cell(value) {
  if (typeof value !== 'number') return String(value ?? '');
  if (!Number.isFinite(value)) return '-';
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
