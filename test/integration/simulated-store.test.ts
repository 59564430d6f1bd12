// Holds the simulated Redis to the real one: both run the same generated
// sequences of calls, through the same production adapters, and must give the
// same results, publish the same, and end with the same keys. Times and fencing
// tokens differ, so they are compared by the order in which they first appear.

import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keys } from '../../src/store/redis/keys.js';
import { uniquePrefix } from '../redis.js';
import { Normalizer } from '../simulation/compare/normalizer.js';
import { LONG_MS, sequence, type Operation } from '../simulation/compare/operations.js';
import { StoreUnderTest } from '../simulation/compare/store-under-test.js';
import { Commands } from '../simulation/redis/commands.js';
import { Server, type Command, type Reply } from '../simulation/redis/server.js';
import { World } from '../simulation/world.js';

const redis = new Redis(inject('redisUrl'));
const listener = redis.duplicate();
beforeAll(async () => {
  // Before it is ready, a subscription may be lost.
  await listener.ping();
  await listener.psubscribe('*');
});
afterAll(() => {
  redis.disconnect();
  listener.disconnect();
});

/** Another one, more runs, or the `path` that a failure printed: `SIMULATED_STORE_SEED=… SIMULATED_STORE_PATH=…`. */
const SEED = Number(process.env['SIMULATED_STORE_SEED'] ?? 4711);
const RUNS = Number(process.env['SIMULATED_STORE_RUNS'] ?? 80);
const path = process.env['SIMULATED_STORE_PATH'];

/** To find the shortest sequence that fails takes longer than to find one. */
const GIVE_UP_MS = 60_000 + RUNS * 500;

/** Longer than what is to expire in it, and than Redis's clock may lag. */
const PASS_MS = 5;

/** What the sequences must bring about: the results of the scripts that decide something. */
const REACHED: readonly string[] = [
  ...['granted', 'held', 'idle', 'queued', 'not_found'].map((result) => `acquire ${result}`),
  ...['granted', 'held'].map((result) => `acquirePlain ${result}`),
  ...['renewed', 'late', 'lost', 'broken'].map((result) => `renew ${result}`),
  ...['released', 'lost'].map((result) => `release ${result}`),
  ...['released', 'free', 'not_found'].map((result) => `forceRelease ${result}`),
  ...['ok', 'lost', 'conflict', 'not_found'].map((result) => `transition ${result}`),
  ...['claimed', 'no_free_worker', 'no_worker', 'stale'].map((result) => `claimWorker ${result}`),
  ...['freed', 'newer', 'nothing'].map((result) => `freeWorker ${result}`),
  ...['removed', 'held', 'registered', 'not_found'].map((result) => `deregisterWorker ${result}`),
  ...['deleted', 'lost', 'not_found'].map((result) => `deleteActor ${result}`),
  ...['crashActor crashed', 'crashActor unchanged', 'appendEvents ok', 'appendEvents stale'],
];

/** Each script with the first of its results. */
const reached = new Set<string>();

/** The simulated server, asked without a network between. */
class DirectClient extends Commands {
  readonly server = new Server(new World(1, false));

  protected override async send(command: Command): Promise<Reply> {
    const reply = this.server.execute(command);
    if (reply instanceof Error) throw reply;
    if (command.script !== undefined)
      reached.add(`${command.script} ${String(Array.isArray(reply) ? reply[0] : reply)}`);
    return reply;
  }
}

type Dumped = [key: string, [expires: boolean, value: unknown]];

interface Run {
  readonly results: unknown[];
  readonly published: unknown;
  readonly keys: unknown;
}

async function runReal(operations: readonly Operation[], prefix: string): Promise<Run> {
  const keys = new Keys(prefix);
  const published: string[] = [];
  const onMessage = (_pattern: string, channel: string, message: string): void => {
    if (channel.startsWith(prefix)) published.push(`${channel} ${message}`);
  };
  listener.on('pmessage', onMessage);
  try {
    const store = new StoreUnderTest(redis, keys, () => sleep(PASS_MS));
    const { normalizer, results } = await runAll(store, operations);
    // What is published last comes last.
    await redis.publish(`${prefix}end`, '');
    await expect.poll(() => published.at(-1), { interval: 1 }).toBe(`${prefix}end `);
    return {
      results,
      published: normalizer.of(published.slice(0, -1)),
      keys: normalizer.of(untied(await dumpAll(prefix))),
    };
  } finally {
    listener.off('pmessage', onMessage);
  }
}

async function dumpAll(prefix: string): Promise<Dumped[]> {
  const names = (await redis.keys(`${prefix}*`)).sort();
  return await Promise.all(
    names.map(async (name): Promise<Dumped> => [name, [(await redis.pttl(name)) >= 0, await dump(name)]]),
  );
}

async function dump(name: string): Promise<unknown> {
  switch (await redis.type(name)) {
    case 'string':
      return await redis.get(name);
    case 'hash':
      return Object.entries(await redis.hgetall(name)).sort();
    case 'zset':
      return await redis.zrange(name, 0, -1, 'WITHSCORES');
    default:
      // The simulated one keeps a set as a sorted one without scores.
      return (await redis.smembers(name)).sort().flatMap((member) => [member, '0']);
  }
}

/** What is sorted by milliseconds, by name: two that are the same on one server may differ on the other. */
function untied(dumped: readonly Dumped[]): Dumped[] {
  return dumped.map(([name, [expires, value]]) => {
    const isByMs = name.endsWith(':expiries');
    return [name, [expires, isByMs ? (value as string[]).filter((_, i) => i % 2 === 0).sort() : value]];
  });
}

async function runSimulated(operations: readonly Operation[], prefix: string): Promise<Run> {
  const client = new DirectClient();
  const published: string[] = [];
  client.server.keyspace.onPublish = (channel, message) => published.push(`${channel} ${message}`);
  const store = new StoreUnderTest(client.asRedis, new Keys(prefix), async () => client.server.jump(PASS_MS));
  const { normalizer, results } = await runAll(store, operations);
  // It reads its clock when it is asked something.
  client.server.execute({ name: 'TIME', args: [] });
  const dumped = client.server.keyspace.dump();
  return { results, published: normalizer.of(published), keys: normalizer.of(untied(dumped)) };
}

async function runAll(store: StoreUnderTest, operations: readonly Operation[]) {
  const normalizer = new Normalizer();
  const results: unknown[] = [];
  for (const each of operations) results.push([each.op, normalizer.of(await store.run(each))]);
  return { normalizer, results };
}

async function expectNoDifference(operations: readonly Operation[]): Promise<void> {
  const prefix = uniquePrefix();
  const real = await runReal(operations, prefix);
  const simulated = await runSimulated(operations, prefix);
  expect(simulated).toEqual(real);
}

it(
  'the simulated Redis does what the real one does, whatever is called in whatever order',
  async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async (operations) => {
        await expectNoDifference(operations);
      }),
      { seed: SEED, numRuns: RUNS, ...(path === undefined ? {} : { path }), interruptAfterTimeLimit: GIVE_UP_MS },
    );
    if (path === undefined) expect(REACHED.filter((result) => !reached.has(result))).toEqual([]);
  },
  2 * GIVE_UP_MS,
);

it('and so does an event log that is full', async () => {
  const same = { actor: 'a', workflow: 'w1', wait: 'no', lease: 0 } as const;
  const append = (sequence: number): Operation => ({ op: 'append', ...same, sequence, count: 700 });
  await expectNoDifference([
    { op: 'create', actor: 'a' },
    { op: 'acquire', ...same, holder: 'r1', life: 'l1', ttl: LONG_MS, idle: undefined, overtakes: false },
    ...[1, 701, 1401, 2101].map(append),
    { op: 'readEvents', actor: 'a', workflow: 'w1', after: 0 },
  ]);
});
