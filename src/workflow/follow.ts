// Follows a workflow that runs, or has run, on whichever replica: replays its
// events from the log and waits for more, to its own ending. Guarantees: each
// event once and in order, but for progress that was thinned; ends also when
// the replica that ran it has died, with LEASE_LOST.

import { formatRef, type ActorRef } from '../actor/actor.js';
import { abortable, sleep, type Clock } from '../clock.js';
import { CoordinatorError, type Reason } from '../errors.js';
import type { EventLogStore } from '../store/event-log.js';
import type { Wakeups } from '../store/wakeups.js';
import type { WorkflowEvent } from './event.js';

export interface FollowOptions {
  readonly actor: ActorRef;
  readonly afterSequence: number;
  /** Only this workflow; absent: the one that runs, else the last one, else the next one. */
  readonly workflowId?: string;
  readonly log: EventLogStore;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Wake-ups may be lost. */
const LOOK_EVERY_MS = 500;

/** Its last events may be written after its lease was released, by as much as Redis is slow to take them. */
const LAST_EVENTS_WITHIN_MS = 3000;

export async function* follow(options: FollowOptions): AsyncGenerator<WorkflowEvent, void, undefined> {
  const { actor, log, wakeups, clock, signal } = options;
  let { afterSequence, workflowId } = options;
  let wake = (): void => undefined;
  let woken = false;
  const stopListening = wakeups.onEvents(actor, () => {
    woken = true;
    wake();
  });
  // A wake-up may have come while the log was read.
  const isWoken = (): boolean => woken;
  let unleasedSinceMs: number | undefined;
  try {
    for (;;) {
      woken = false;
      const found = await abortable(log.read(actor, afterSequence, workflowId ?? ''), signal);
      // Which workflow it is about is settled by the first that there is; one that runs may not have told anything yet.
      workflowId ??= [found.leasedTo, found.workflowId].find((id) => id !== '');
      if (workflowId !== undefined && found.workflowId === workflowId) {
        for (const text of found.texts) {
          const event = JSON.parse(text) as WorkflowEvent;
          afterSequence = event.sequence;
          yield event;
          if (hasEnded(event)) return;
        }
        if (found.lastText !== '' && hasEnded(JSON.parse(found.lastText) as WorkflowEvent)) return;
      }
      if (workflowId === undefined || found.leasedTo === workflowId) unleasedSinceMs = undefined;
      else unleasedSinceMs ??= clock.nowMs();
      if (unleasedSinceMs !== undefined && clock.nowMs() - unleasedSinceMs > LAST_EVENTS_WITHIN_MS) {
        throw new CoordinatorError(
          'LEASE_LOST',
          `workflow ${workflowId ?? ''} on ${formatRef(actor)} no longer holds its lease and has not told its end`,
          { maybeDone: true },
        );
      }
      const nap = new AbortController();
      wake = () => {
        nap.abort();
      };
      if (isWoken()) continue;
      await sleep(clock, LOOK_EVERY_MS, AbortSignal.any([signal, nap.signal])).catch(() => undefined);
      signal.throwIfAborted();
    }
  } finally {
    stopListening();
  }
}

/** Whether this was the last event. @throws what the workflow's own stream ended with */
function hasEnded({ fact }: WorkflowEvent): boolean {
  if (fact.type !== 'failed') return fact.type === 'completed';
  throw new CoordinatorError(fact.reason satisfies Reason, fact.message, {
    maybeDone: true,
    ...(fact.runtimeCode !== undefined && { runtimeCode: fact.runtimeCode }),
    ...(fact.metadata !== undefined && { metadata: fact.metadata }),
    ...(fact.retryAfterMs !== undefined && { retryAfterMs: fact.retryAfterMs }),
  });
}
