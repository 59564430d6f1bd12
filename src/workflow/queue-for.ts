// Waiting in a queue that Redis keeps, first come first served: for a lease, or
// for a free worker. Guarantees: bounded by `waitMs` and the signal; whoever
// gives up leaves the queue, so that nobody waits for its turn. Woken when its
// turn comes; asks again by itself as well, since wake-ups may be lost.

import type { Clock } from '../clock.js';
import type { CoordinatorError } from '../errors.js';
import type { Wakeups } from '../store/wakeups.js';
import type { Waiting } from '../store/workflow-store.js';

/** A waiter that has not asked for this long is passed over: its replica is dead or stuck. */
const LIFETIME_MS = 1500;

/** So that two lost questions cost no place. */
const ASK_EVERY_MS = 500;

export type Answer<T> =
  | { readonly type: 'granted'; readonly value: T }
  | {
      readonly type: 'refused';
      readonly error: CoordinatorError;
      /** When it is worth asking again, if nobody wakes the waiter before. */
      readonly askAgainInMs: number;
    };

export interface QueueOptions<T> {
  /** Names the waiter in the queue. */
  readonly id: string;
  /** 0: asks once, and takes no place. */
  readonly waitMs: number;
  readonly ask: (wait: Waiting | undefined) => Promise<Answer<T>>;
  readonly leave: () => Promise<void>;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws the last refusal when the wait is over, or the signal's reason */
export async function queueFor<T>(options: QueueOptions<T>): Promise<T> {
  const { id, waitMs, ask, leave, wakeups, clock, signal } = options;
  if (waitMs <= 0) {
    const answer = await ask(undefined);
    if (answer.type === 'granted') return answer.value;
    throw answer.error;
  }
  const giveUpAtMs = clock.nowMs() + waitMs;
  // A wake-up may come before the answer to the question that took the place.
  let woken = false;
  let wake = (): void => undefined;
  const stopListening = wakeups.onTurn(id, () => {
    woken = true;
    wake();
  });
  let granted = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      woken = false;
      const answer = await ask({ channel: wakeups.channel, lifetimeMs: LIFETIME_MS });
      if (answer.type === 'granted') {
        granted = true;
        return answer.value;
      }
      const leftMs = giveUpAtMs - clock.nowMs();
      if (leftMs <= 0) throw answer.error;
      const napMs = Math.min(leftMs, answer.askAgainInMs, ASK_EVERY_MS);
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          signal.removeEventListener('abort', end);
          resolve();
        };
        const cancel = clock.setTimer(napMs, end);
        wake = end;
        if (signal.aborted || woken) end();
        else signal.addEventListener('abort', end, { once: true });
      });
    }
  } finally {
    stopListening();
    if (!granted) await leave().catch(() => undefined);
  }
}
