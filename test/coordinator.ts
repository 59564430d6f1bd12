// A replica inside the test's process: the real server on a real port, and the
// real client. For tests of what callers see; those that kill it use replica.ts.

import { pino } from 'pino';
import { inject } from 'vitest';
import { start } from '../src/app.js';
import { CoordinatorClient } from '../src/client/coordinator-client.js';
import { parseConfig, type RawSettings } from '../src/config.js';
import { CoordinatorError } from '../src/errors.js';
import type { WorkflowEvent__Output } from '../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { parseRedisUrl } from '../src/store/redis-url.js';

export interface TestCoordinator {
  readonly address: string;
  readonly addresses: readonly string[];
  readonly client: CoordinatorClient;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param settings flags; default: the suite's Redis, a free port and no drain */
export async function startCoordinator(settings: RawSettings & { redisKeyPrefix: string }): Promise<TestCoordinator> {
  const redisUrl = typeof settings.redisUrl === 'string' ? settings.redisUrl : inject('redisUrl');
  const config = parseConfig({ redisUrl, listen: ['127.0.0.1:0'], drainTimeout: '0s', ...settings });
  // The fake node runtime writes nothing; a test with a real one says where.
  const snapshotLocation =
    typeof settings.snapshotLocation === 'string' ? settings.snapshotLocation : 'file:///snapshots';
  const app = await start(
    config,
    { redis: parseRedisUrl(redisUrl), snapshotLocation },
    pino({ level: 'silent' }),
    (why) => {
      throw new Error(why);
    },
  );
  await app.ready;
  const address = app.addresses[0] ?? '';
  const client = new CoordinatorClient(address);
  const close = async (): Promise<void> => {
    client.close();
    await app.close();
  };
  return { address, addresses: app.addresses, client, close, [Symbol.asyncDispose]: close };
}

export interface Ending {
  readonly events: readonly WorkflowEvent__Output[];
  readonly error: CoordinatorError | undefined;
}

/** Reads a stream to its end; `watch` sees each event as it comes. */
export async function readToEnd(
  stream: AsyncIterable<WorkflowEvent__Output>,
  watch?: (event: WorkflowEvent__Output) => void,
): Promise<Ending> {
  const events: WorkflowEvent__Output[] = [];
  try {
    for await (const event of stream) {
      events.push(event);
      watch?.(event);
    }
    return { events, error: undefined };
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return { events, error };
  }
}
