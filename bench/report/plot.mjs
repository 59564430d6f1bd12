// Bars, or lines over a logarithmic axis, as an SVG that reads on a light and
// on a dark page. Written by hand: what a chart library would add is not needed.

import { cell } from './table.mjs';

/**
 * @typedef {object} Plot
 * @property {string} title
 * @property {readonly { label: string, value: number, shown?: string }[]} [bars] shown: in place of the value
 * @property {{ xLabel: string, series: readonly { label: string, points: readonly (readonly [number, number])[] }[] }} [lines]
 */

const WIDTH = 800;
const COLORS = ['#2f6db5', '#d9822b', '#3a9a5b', '#a64ca6', '#c0392b', '#7f8c8d', '#16a2a2', '#8d6e00'];

/** @param {Plot} plot */
export function svg({ title, bars, lines }) {
  const body = bars === undefined ? drawLines(/** @type {NonNullable<Plot['lines']>} */ (lines)) : drawBars(bars);
  const height = body.height + 50;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<style>text { fill: #222 } line { stroke: #999 } @media (prefers-color-scheme: dark) { text { fill: #ddd } }</style>
${text(10, 24, title, 'font-weight="bold"')}
<g transform="translate(0 40)">
${body.content}
</g>
</svg>
`;
}

/** @param {NonNullable<Plot['bars']>} bars */
function drawBars(bars) {
  const left = 290;
  const row = 24;
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const content = bars.flatMap(({ label, value, shown }, i) => {
    const width = most > 0 ? (value / most) * (WIDTH - left - 90) : 0;
    return [
      text(left - 8, i * row + 16, label, 'text-anchor="end"'),
      `<rect x="${left}" y="${i * row + 3}" width="${width.toFixed(1)}" height="${row - 8}" fill="${COLORS[0]}"/>`,
      text(left + width + 6, i * row + 16, shown ?? cell(value)),
    ];
  });
  return { height: bars.length * row, content: content.join('\n') };
}

/** @param {NonNullable<Plot['lines']>} lines */
function drawLines({ xLabel, series }) {
  const [left, top, width, height] = [70, 10, 480, 300];
  const points = series.flatMap((one) => one.points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const [least, greatest] = [Math.log(xs[0]), Math.log(xs.at(-1) ?? 1)];
  const most = Math.max(...points.map(([, y]) => y)) * 1.05;
  const toX = (/** @type {number} */ x) =>
    left + (greatest > least ? (Math.log(x) - least) / (greatest - least) : 0.5) * width;
  const toY = (/** @type {number} */ y) => top + height - (y / most) * height;
  const content = [
    `<line x1="${left}" y1="${top + height}" x2="${left + width}" y2="${top + height}"/>`,
    `<line x1="${left}" y1="${top}" x2="${left}" y2="${top + height}"/>`,
    ...xs.map((x) => text(toX(x), top + height + 18, cell(x), 'text-anchor="middle"')),
    text(left + width / 2, top + height + 38, xLabel, 'text-anchor="middle"'),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) =>
      text(left - 8, toY(part * most) + 4, cell(Number((part * most).toPrecision(3))), 'text-anchor="end"'),
    ),
    ...series.flatMap(({ label, points: of }, i) => {
      const color = COLORS[i % COLORS.length];
      const path = of.map(([x, y]) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(' ');
      const y = top + 16 + i * 22;
      return [
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...of.map(([x, at]) => `<circle cx="${toX(x).toFixed(1)}" cy="${toY(at).toFixed(1)}" r="3" fill="${color}"/>`),
        `<rect x="${left + width + 20}" y="${y - 9}" width="12" height="12" fill="${color}"/>`,
        text(left + width + 38, y + 2, label),
      ];
    }),
  ];
  return { height: height + 60, content: content.join('\n') };
}

/** @param {number} x @param {number} y @param {string} content */
function text(x, y, content, attributes = '') {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
