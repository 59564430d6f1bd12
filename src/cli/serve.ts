// `actor-coordinator serve`: one replica in the foreground, from its start to
// the signal that ends it. With --dev it brings what it needs: a private Redis
// and a process runtime with two workers, in a directory that goes with it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger } from 'pino';
import { start, type Surroundings } from '../app.js';
import { ConfigError, type Config } from '../config.js';
import { SETTINGS } from '../settings.js';
import { parseRedisUrl } from '../store/redis-url.js';
import { startPrivateRedis } from '../store/redis/private-server.js';
import { createLogger } from '../telemetry/logger.js';
import { startNode } from './node.js';

type Close = () => Promise<void>;

/** Resolves with the exit code after SIGTERM or SIGINT. @throws ConfigError where Redis must not be used */
export async function serve(config: Config): Promise<number> {
  const logger = createLogger(config.logLevel, config.instanceId);
  // What was started last is closed first.
  const closers: Close[] = [];
  try {
    let end: (refusal?: ConfigError) => void = () => undefined;
    const ended = new Promise<ConfigError | undefined>((resolve) => (end = resolve));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      // Stays on: npm passes a Ctrl-C on that the terminal has sent already, and a second one must not cut the first short.
      process.on(signal, () => {
        logger.info({ signal }, 'shutting down');
        end();
      });
    }
    const directory = config.dev ? await makeDevDirectory(closers) : undefined;
    const surroundings = await surround(config, directory, logger, closers);
    const app = await start(config, surroundings, logger, (why) => {
      end(new ConfigError(why));
    });
    closers.push(() => app.close());
    if (directory !== undefined) await startDevNode(app.addresses, directory, logger, closers);
    const refusal = await ended;
    if (refusal !== undefined) throw refusal;
    return 0;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function makeDevDirectory(closers: Close[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'actor-coordinator-dev-'));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function surround(
  config: Config,
  directory: string | undefined,
  logger: Logger,
  closers: Close[],
): Promise<Surroundings> {
  const snapshotLocation =
    config.snapshotLocation ??
    (directory === undefined ? SETTINGS.snapshotLocation.default : pathToFileURL(join(directory, 'snapshots')).href);
  if (config.redis !== undefined) return { redis: config.redis, snapshotLocation };
  const redis = await startPrivateRedis({ logger });
  closers.push(() => redis.close());
  logger.info({ redis_url: redis.url }, 'private Redis started');
  return { redis: parseRedisUrl(redis.url), snapshotLocation };
}

const DEV_WORKERS = 2;

async function startDevNode(
  addresses: readonly string[],
  directory: string,
  logger: Logger,
  closers: Close[],
): Promise<void> {
  const [coordinator] = addresses;
  if (coordinator === undefined) return;
  const node = await startNode({
    listen: ['127.0.0.1:0'],
    dataDir: join(directory, 'node'),
    pool: 'default',
    workers: DEV_WORKERS,
    nodeName: 'dev',
    coordinator,
    logger,
  });
  // After the coordinator, which may want to checkpoint while it drains: so it goes first into the list.
  closers.splice(closers.length - 1, 0, () => node.close());
}
