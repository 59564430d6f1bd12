// What is said of many measured values: always the worst beside the median,
// since a mean hides what callers complain about.

/** @typedef {{ n: number, p50: number, p99: number, max: number, min: number }} Quantiles */

/**
 * By rank, without interpolation: a value that was measured.
 * @param {readonly number[]} values @param {number} q 0 … 1
 */
export function quantile(values, q) {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** @param {readonly number[]} values @returns {Quantiles} */
export function quantiles(values) {
  return {
    n: values.length,
    min: quantile(values, 0),
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}
