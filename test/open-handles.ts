// Fails a test file that leaves sockets, servers, child processes or timers
// open: the program would leave them open too, and the next file would suffer.

import { afterAll } from 'vitest';

/** Sockets close some turns of the event loop after `close()`; ioredis may hold a timer for 2 s after `disconnect()`. */
const CLOSE_WITHIN_MS = 3_000;

const before = openHandles();

afterAll(async () => {
  const giveUpAtMs = performance.now() + CLOSE_WITHIN_MS;
  for (;;) {
    const left = leftOpen();
    if (left.length === 0) return;
    if (performance.now() >= giveUpAtMs) throw new Error(`this file left open: ${left.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

function openHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  // Handles that would keep the process alive. Requests in flight (FSReqCallback, …) end by themselves.
  for (const kind of process.getActiveResourcesInfo()) {
    if (/Wrap$|^Timeout$|^Immediate$|MessagePort|Worker/.test(kind) && !kind.includes('Req')) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}

function leftOpen(): string[] {
  return [...openHandles()]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} ${kind}`);
}
