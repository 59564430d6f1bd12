// The workflows of one replica: admits them, hands their events to whoever
// asked, and drains. Guarantees: no more than --max-workflows at once, those
// that wait for a lease or follow another one included; after `drain` none is
// left.

import type { Actor } from '../actor/actor.js';
import { sleep } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import type { WorkflowEvent } from './event.js';
import { EventQueue } from './event-queue.js';
import { execute, JoinInstead, type Execution, type WorkflowParts, type WorkflowSettings } from './execute.js';
import { follow } from './follow.js';
import type { ResumeRequest, WatchRequest, WorkflowRequest, WorkflowService, WorkflowStream } from './request.js';

/** How soon another replica may be tried when this one is full or leaving. */
const OTHER_REPLICA_RETRY_MS = 1000;

/** One round trip, and some. */
const LAST_EVENTS_MS = 1000;

export class Workflows implements WorkflowService {
  readonly #settings: WorkflowSettings;
  readonly #parts: WorkflowParts;
  readonly #isBlocked: () => boolean;
  readonly #full: CoordinatorError;
  /** The controllers of the workflows under way. */
  readonly #running = new Set<AbortController>();
  readonly #writing = new Set<Promise<void>>();
  #draining = false;
  #onIdle: (() => void) | undefined;

  /** @param isBlocked whether this process is too late with everything to take on more */
  constructor(settings: WorkflowSettings, parts: WorkflowParts, isBlocked = (): boolean => false) {
    this.#settings = settings;
    this.#parts = parts;
    this.#isBlocked = isBlocked;
    const most = `${String(settings.maxWorkflows)} workflows, the most that --max-workflows allows`;
    this.#full = overloaded(`this replica runs ${most}`);
  }

  /** How many workflows run. */
  get running(): number {
    return this.#running.size;
  }

  /** Why a workflow that is asked for now is refused, if it is; made once, since refusing is what too much work asks for most. */
  get refusal(): CoordinatorError | undefined {
    if (this.#draining) return DRAINING;
    if (this.#running.size >= this.#settings.maxWorkflows) return this.#full;
    // Those that run are renewed first: a lease lost for lack of time would be work lost.
    return this.#isBlocked() ? BLOCKED : undefined;
  }

  resume(request: ResumeRequest, signal: AbortSignal): WorkflowStream {
    return this.#start({ ...request, kind: 'RESUME' }, signal);
  }

  suspend(request: WorkflowRequest, signal: AbortSignal): WorkflowStream {
    return this.#start({ ...request, ...NO_RESUME, kind: 'SUSPEND' }, signal);
  }

  pause(request: WorkflowRequest, signal: AbortSignal): WorkflowStream {
    return this.#start({ ...request, ...NO_RESUME, kind: 'PAUSE' }, signal);
  }

  /**
   * Runs an abandoned actor's workflow forward, or gives it up, unless its record has changed since it was read;
   * resolves when it has ended, however it did.
   */
  async recover({ ref, version }: Actor, kind: Execution['kind'], signal: AbortSignal): Promise<void> {
    const request = { actor: ref, leaseWaitMs: 0, join: false, outlivesCaller: false, leaseEvents: false };
    await this.#start({ ...request, ...NO_RESUME, kind, abandonedVersion: version }, signal).ended;
  }

  watch({ actor, afterSequence }: WatchRequest, signal: AbortSignal): AsyncIterable<WorkflowEvent> {
    const { eventLog, wakeups, clock } = this.#parts;
    return follow({ actor, afterSequence, log: eventLog, wakeups, clock, signal });
  }

  /**
   * Refuses new workflows with DRAINING, lets those that run finish within
   * `timeoutMs`, then aborts the rest; resolves when none is left.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    if (this.#running.size === 0) this.#onIdle?.();
    const cancel = this.#parts.clock.setTimer(timeoutMs, () => {
      for (const controller of this.#running) controller.abort(draining('this replica was shut down under way'));
    });
    await idle;
    cancel();
    // Their watchers want to know how they ended; a Redis that does not take it in time keeps nobody here.
    const done = new AbortController();
    const written = Promise.all(this.#writing).finally(() => {
      done.abort();
    });
    await Promise.race([written, sleep(this.#parts.clock, LAST_EVENTS_MS, done.signal).catch(() => undefined)]);
  }

  #start(execution: Execution, signal: AbortSignal): WorkflowStream {
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
    const { outlivesCaller } = execution;
    const controller = new AbortController();
    const onCallerGone = (): void => {
      if (outlivesCaller) queue.abandon(signal.reason);
      else controller.abort(signal.reason);
    };
    const queue = new EventQueue(() => {
      if (outlivesCaller) queue.abandon(doesNotRead());
      else controller.abort(doesNotRead());
    });
    if (signal.aborted) onCallerGone();
    else signal.addEventListener('abort', onCallerGone, { once: true });
    this.#running.add(controller);
    const ended = this.#run(execution, controller, queue).finally(() => {
      signal.removeEventListener('abort', onCallerGone);
      this.#running.delete(controller);
      if (this.#running.size === 0) this.#onIdle?.();
    });
    const onLeft = async (): Promise<void> => {
      if (outlivesCaller) {
        queue.abandon(signal.reason);
        return;
      }
      // An error costs more than most steps, so one that has ended gets none.
      if (this.#running.has(controller)) {
        controller.abort(new CoordinatorError('CANCELLED', 'the caller went away', { maybeDone: true }));
      }
      await ended;
    };
    return { ended, [Symbol.asyncIterator]: () => read(queue, onLeft) };
  }

  /** Never rejects: what the stream ends with is in the queue. */
  async #run(execution: Execution, controller: AbortController, queue: EventQueue): Promise<void> {
    const reader = {
      push: (event: WorkflowEvent): void => {
        queue.push(event);
      },
      onWriting: (written: Promise<void>): void => {
        this.#writing.add(written);
        void written.then(() => this.#writing.delete(written));
      },
    };
    try {
      const instead = await execute(execution, controller, reader, this.#settings, this.#parts);
      if (instead instanceof JoinInstead) {
        const { eventLog, wakeups, clock } = this.#parts;
        const { workflowId } = instead;
        const { actor } = execution;
        const { signal } = controller;
        for await (const event of follow({
          actor,
          workflowId,
          afterSequence: 0,
          log: eventLog,
          wakeups,
          clock,
          signal,
        })) {
          queue.push(event);
        }
      }
      queue.end();
    } catch (error) {
      queue.end(error);
    }
  }
}

const NO_RESUME = { boot: false, workerWaitMs: 0 } as const;

async function* read(queue: EventQueue, onLeft: () => Promise<void>): AsyncGenerator<WorkflowEvent, void, undefined> {
  try {
    yield* queue;
  } finally {
    await onLeft();
  }
}

function doesNotRead(): CoordinatorError {
  return new CoordinatorError('OVERLOADED', 'the caller does not read its events, and too many wait for it', {
    maybeDone: true,
  });
}

function overloaded(message: string): CoordinatorError {
  return new CoordinatorError('OVERLOADED', message, { retryAfterMs: OTHER_REPLICA_RETRY_MS });
}

function draining(message: string): CoordinatorError {
  return new CoordinatorError('DRAINING', `${message}; another one will serve`, {
    retryAfterMs: OTHER_REPLICA_RETRY_MS,
    maybeDone: true,
  });
}

const DRAINING = draining('this replica is shutting down');

const BLOCKED = overloaded('this replica has no time for more workflows than it runs');
