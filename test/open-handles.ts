// Fails a test file that leaves sockets, servers, child processes or timers
// open: the program would leave them open too, and the next file would suffer.

import { Socket } from 'node:net';
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
  // Sometimes Node 20 keeps the handle of an accepted socket that was destroyed
  // while its peer reset it. Nothing of ours is left to close there.
  const destroyed = destroyedSockets();
  if (destroyed > 0) counts.set('TCPSocketWrap', (counts.get('TCPSocketWrap') ?? 0) - destroyed);
  return counts;
}

function destroyedSockets(): number {
  const handles = Reflect.get(process, '_getActiveHandles') as (() => unknown[]) | undefined;
  return (handles?.call(process) ?? []).filter((handle) => handle instanceof Socket && handle.destroyed).length;
}

function leftOpen(): string[] {
  return [...openHandles()]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} ${kind}`);
}
