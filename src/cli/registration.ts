// Keeps a node's workers registered with the coordinator for as long as the
// node lives, since a coordinator whose store was emptied or replaced must learn
// of them again. Guarantees: one line in the log per change, not per attempt; a
// failure is tried again soon, then ever more seldom. It deregisters nothing: a
// node that restarts finds its workers, and what they hold, where it left them.

import type { Logger } from 'pino';
import type { WorkerRef } from '../actor/actor.js';
import { sleep, type Clock } from '../clock.js';
import { toCoordinatorError } from '../errors.js';

export interface Registration {
  readonly workers: readonly WorkerRef[];
  /** Registers one of them; rejects when that failed, within a time limit of its own. */
  readonly register: (worker: WorkerRef, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1; for tests. Default: Math.random. */
  readonly random?: () => number;
}

/** Once registered: how long a coordinator that has forgotten everything does without this node. */
const INTERVAL_MS = 10_000;
/** A coordinator that is started at the same time as the node serves within a second. */
const FIRST_RETRY_MS = 250;

/** Resolves when `signal` aborts. */
export async function keepRegistered(registration: Registration, signal: AbortSignal): Promise<void> {
  const { workers, register, clock, logger, random = Math.random } = registration;
  let condition = '';
  let retryMs = FIRST_RETRY_MS;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    let next = 'registered';
    const results = await Promise.allSettled(workers.map((worker) => register(worker, signal)));
    if (isOver()) return;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) {
      if (condition !== next) logger.info({ workers: workers.map(({ name }) => name) }, 'workers registered');
      retryMs = FIRST_RETRY_MS;
    } else {
      const { reason, message } = toCoordinatorError(failed.reason);
      // Not the message: it may differ each time, by a port or a duration.
      next = reason;
      if (condition !== next)
        logger.warn({ err: failed.reason as unknown, reason }, `workers not registered: ${message}`);
    }
    condition = next;
    // Between half and all of it, so that nodes which lost their coordinator together do not come back together.
    const waitMs = (failed === undefined ? INTERVAL_MS : retryMs) * (0.5 + random() / 2);
    if (failed !== undefined) retryMs = Math.min(2 * retryMs, INTERVAL_MS);
    await sleep(clock, waitMs, signal).catch(() => undefined);
  }
}
