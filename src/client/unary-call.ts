// A call of a registry, at whichever replica answers. Guarantees: what may have
// been done is not done again, unless the call is repeatable; what surely was
// not is tried at every address once, and for longer where the caller asks.

import { toCallError } from './call-error.js';
import type { CallOptions, CoordinatorClient } from './coordinator-client.js';
import { canHeal, isOfOneReplica, Patience, wait, type OnRetry, type RetryOptions } from './patience.js';
import type { Replicas } from './replicas.js';

export interface UnaryOptions {
  readonly signal?: AbortSignal;
  /** The longest that each attempt may take, in milliseconds. Default: 30 s. */
  readonly timeoutMs?: number;
  /** Try again when it is refused, or fails, in a way that time can heal. Default: not. */
  readonly retry?: RetryOptions;
  readonly onRetry?: OnRetry;
}

const TIMEOUT_MS = 30_000;

/**
 * @param repeatable whether doing it twice is the same as once
 * @throws CallError
 */
export async function unaryCall<T>(
  replicas: Replicas,
  { signal = new AbortController().signal, timeoutMs = TIMEOUT_MS, retry, onRetry }: UnaryOptions,
  repeatable: boolean,
  run: (client: CoordinatorClient, options: CallOptions) => Promise<T>,
): Promise<T> {
  const untilMs = performance.now() + (retry?.forMs ?? 0);
  const patience = new Patience();
  let passedOver = 0;
  for (;;) {
    let client: CoordinatorClient | undefined;
    try {
      client = await replicas.connected(signal);
      return await run(client, { signal, timeoutMs });
    } catch (thrown) {
      const error = toCallError(thrown, signal);
      const maybeDone = client !== undefined && error.reason === 'UNREACHABLE';
      if (signal.aborted || !canHeal(error) || (maybeDone && !repeatable)) throw error;
      if (client !== undefined && isOfOneReplica(error)) replicas.moveOn(client);
      if (client !== undefined && isOfOneReplica(error) && passedOver + 1 < replicas.count) {
        passedOver += 1;
        continue;
      }
      passedOver = 0;
      const delayMs = patience.nextDelayMs(error, untilMs - performance.now());
      if (delayMs === undefined) throw error;
      onRetry?.(error, delayMs);
      await wait(delayMs, signal).catch((reason: unknown) => {
        throw toCallError(reason, signal);
      });
    }
  }
}
