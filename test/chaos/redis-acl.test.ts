// The ACL line of docs/redis.md: a replica does all its work with it, and
// without any one of its rights it does not, and says which one is missing.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { start } from '../../src/app.js';
import type { ActorRef } from '../../src/actor/actor.js';
import { CoordinatorClient } from '../../src/client/coordinator-client.js';
import { parseConfig } from '../../src/config.js';
import type { WorkflowEvent__Output } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { Keys } from '../../src/store/redis/keys.js';
import { readToEnd } from '../coordinator.js';
import { hang, startFakeNodeRuntime, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { hasServer, startNode, until, type RedisNode } from '../redis-node.js';
import { uniquePrefix } from '../redis.js';

/** Mostly waiting: enough at once to keep two cores from idling. */
vi.setConfig({ maxConcurrency: 4 });

const documentation = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
const line = /^user coordinator on (>\S+) (~actorworkflow:\*) (&actorworkflow:\*) (\+.*)$/m.exec(documentation);
const [, , keyPattern = '', channelPattern = '', commands = ''] = line ?? [];
const rights = [keyPattern, channelPattern, ...commands.split(' ')];

/** Far longer than it takes. */
const WITHIN_MS = 30_000;

describe.skipIf(!hasServer())('the ACL line in docs/redis.md', () => {
  let redis: RedisNode;
  beforeAll(async () => {
    redis = await startNode({ args: ['--save', '', '--acllog-max-len', '1000'] });
  });
  afterAll(async () => {
    await redis.kill();
  });

  /** Does everything that a replica does with a user of these rights. @throws the first thing that it may not do */
  async function workWith(given: readonly string[]): Promise<void> {
    const prefix = uniquePrefix();
    const user = prefix.replace(/\W/g, '');
    const ours = given.map((right) => right.replace('actorworkflow:', prefix));
    await redis.client.call('ACL', 'SETUSER', user, 'on', '>secret', ...ours);
    const config = parseConfig({
      redisUrl: `redis://${user}:secret@${redis.host}:${String(redis.port)}`,
      redisKeyPrefix: prefix,
      listen: ['127.0.0.1:0'],
      leaseTtl: '3s',
      drainTimeout: '0s',
    });
    if (config.redis === undefined) throw new Error('no target');
    const surroundings = { redis: config.redis, snapshotLocation: 'file:///snapshots' };
    const runtime = await startFakeNodeRuntime();
    const app = await start(config, surroundings, pino({ level: 'silent' }), (why) => {
      throw new Error(why);
    });
    const client = new CoordinatorClient(app.addresses[0] ?? '');
    const over = new AbortController();
    try {
      const denied = (async () => {
        while (!over.signal.aborted && (await denials(user)).length === 0) await sleep(20);
      })();
      const limit = sleep(WITHIN_MS, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
      const done = app.ready.then(() => doEverything(client, runtime, new Keys(prefix), redis.client, over.signal));
      // Redis notes what it denies before it says so.
      await Promise.race([denied, limit, done.catch(() => undefined)]);
      const list = await denials(user);
      if (list.length > 0) throw new Error(`denied: ${list.join(', ')}`);
      await done;
    } finally {
      over.abort();
      client.close();
      await app.close();
      await runtime.close();
      await redis.client.call('ACL', 'DELUSER', user);
    }
  }

  /** What Redis has refused to a user, also within scripts and also where nobody complained. */
  async function denials(user: string): Promise<string[]> {
    const entries = (await redis.client.call('ACL', 'LOG', '1000')) as string[][];
    const field = (entry: string[], name: string): string => entry[entry.indexOf(name) + 1] ?? '';
    return entries.filter((entry) => field(entry, 'username') === user).map((entry) => field(entry, 'object'));
  }

  it('suffices for all that a replica does', async () => {
    await workWith(rights);
  });

  describe.concurrent('does not without', () => {
    it.each(rights)('%s', async (right) => {
      const others = rights.filter((other) => other !== right);
      await expect(workWith(others)).rejects.toThrow('denied: ');
    });
  });
});

const ref = (name: string): ActorRef => ({ namespace: 'ns', name });
const patiently = { seconds: 10 };

/**
 * Each script on each of its ways.
 * @param admin of another user, who may do all
 * @param over ends it where it waits
 */
async function doEverything(
  client: CoordinatorClient,
  runtime: FakeNodeRuntime,
  keys: Keys,
  admin: Redis,
  over: AbortSignal,
): Promise<void> {
  const [a, b, c] = [ref('a'), ref('b'), ref('c')];
  const done = (stream: AsyncIterable<WorkflowEvent__Output>): Promise<void> => {
    const ended = readToEnd(stream).then(({ error }) => {
      if (error !== undefined) throw error;
    });
    // Another call may fail first, and then nobody waits for this one.
    ended.catch(() => undefined);
    return ended;
  };
  const registration = { runtime_address: runtime.address, node: 'n' };
  const fleeting = { pool: 'q', name: 'fleeting' };
  await client.registerWorker({ ...registration, worker: fleeting, ttl: { seconds: 1 } });
  for (let i = 0; i < 2; i += 1) await client.registerWorker({ ...registration, worker: { pool: 'p', name: 'w' } });
  for (const actor of [a, b]) await client.createActor({ actor, pool: 'p' });

  const watched = done(client.watch({ actor: a }));
  await done(client.resume({ actor: a }));
  await watched;
  await done(client.pause({ actor: a }));
  await done(client.resume({ actor: a }));

  // Two queues: for the only worker, and for a lease.
  const waits = done(client.resume({ actor: b, worker_wait: patiently }));
  const [, , , , , , , queue] = keys.pool('p');
  await until('it waits for a worker', async () => (await admin.zcard(queue)) === 1, over);
  await done(client.suspend({ actor: a }));
  await waits;
  let finish: () => void = () => undefined;
  runtime.next('checkpoint', async (call, signal, ...more) => {
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await Promise.race([finished, hang(call, signal, ...more)]);
  });
  const checkpointed = runtime.nextCall('checkpoint');
  const suspends = done(client.suspend({ actor: b }));
  await checkpointed;
  const resumes = done(client.resume({ actor: b, options: { lease_wait: patiently } }));
  await until('it waits for the lease', async () => (await admin.zcard(keys.leaseQueue('ns/b')[0])) === 1, over);
  finish();
  await Promise.all([suspends, resumes]);
  await done(client.suspend({ actor: b }));

  // One that is frozen on a node which is gone.
  const one = { pool: 'r', name: 'one' };
  await client.registerWorker({ ...registration, worker: one });
  await client.createActor({ actor: c, pool: 'r' });
  await done(client.resume({ actor: c }));
  await done(client.suspend({ actor: c }));
  await done(client.resume({ actor: c }));
  await done(client.pause({ actor: c }));
  await client.registerWorker({ ...registration, node: 'm', worker: { pool: 'r', name: 'two' } });
  await client.deregisterWorker(one, false);
  expect((await readToEnd(client.resume({ actor: c }))).error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
  await done(client.resume({ actor: c }));

  // A holder that is told of its loss, and what it leaves, which the reconciler finds.
  runtime.next('restore', hang);
  const hung = runtime.nextCall('restore');
  const loses = readToEnd(client.resume({ actor: a }));
  await hung;
  await client.forceRelease(a, 'a test');
  await loses;
  await until('it is recovered', async () => (await client.getActor(a)).state === 'ACTOR_STATE_RUNNING', over);

  const [registered] = keys.pool(fleeting.pool);
  await until('it is taken out of service', async () => (await admin.hexists(registered, fleeting.name)) === 0, over);
  await admin.script('FLUSH');
  await client.deregisterWorker({ pool: 'p', name: 'w' }, true);
  await client.listActors({ namespace: 'ns' });
  await client.listWorkers('p');
  for (const actor of [a, b, c]) await client.deleteActor(actor, { force: true });
}
