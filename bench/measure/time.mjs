// Time that all processes of a machine agree on: Linux's monotonic clock, whose
// zero is the same for every process, unlike that of performance.now().

/** In milliseconds, to the nanosecond or so. */
export function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
