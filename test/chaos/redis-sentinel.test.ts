// Redis with Sentinel fails over in the middle of workflows: because its master
// is killed, by command, and because it is stopped, and comes back later. In
// each, what is under way goes on or ends cleanly, as its renew deadline has it,
// and a caller who tries again succeeds within two seconds of the new master.

import { afterAll, describe, it } from 'vitest';
import { ACTORS, expectThroughFailover, KINDS, startWorld, Takeovers, type Failover } from '../failover.js';
import { hasServer, until, type RedisNode } from '../redis-node.js';
import { startSentinelDeployment, type SentinelDeployment } from '../redis-sentinel.js';

const takeovers = new Takeovers('Sentinel');
afterAll(() => {
  takeovers.print();
});

interface SentinelFailover extends Failover {
  begin(redis: SentinelDeployment, master: RedisNode): Promise<unknown>;
}

const failovers: readonly SentinelFailover[] = [
  { how: 'master killed', long: true, begin: (_, master) => master.kill() },
  {
    how: 'SENTINEL FAILOVER',
    long: false,
    begin: async ({ sentinels: [sentinel], masterName }) => sentinel?.client.call('SENTINEL', 'FAILOVER', masterName),
  },
  { how: 'master stopped', long: true, begin: async (_, master) => master.pause() },
  {
    how: 'master killed, and the sentinel stopped that is asked first',
    long: true,
    begin: ({ sentinels: [sentinel] }, master) => {
      sentinel?.pause();
      return master.kill();
    },
  },
];

/** A master that fails over by command goes on taking writes for some seconds, from whoever is connected still. */
async function untilConnected({ client }: RedisNode): Promise<void> {
  const names = KINDS.flatMap((kind) => [`name=${kind}:records`, `name=${kind}:leases`]);
  await until('every replica is connected to the new master', async () => {
    const list = String(await client.client('LIST'));
    return names.every((name) => list.includes(name));
  });
}

describe.skipIf(!hasServer())('a failover by Sentinel in the middle of restores', () => {
  it.each(failovers)('$how: those go on whose renew deadline allows it', async (failover) => {
    await using redis = await startSentinelDeployment();
    await using world = await startWorld(redis.url);
    const former = await redis.master();
    await expectThroughFailover(world, failover, takeovers, {
      replicated: redis.replicated,
      begin: () => failover.begin(redis, former),
      newMaster: () => redis.newMaster(former),
      settled: ({ node }) => untilConnected(node),
      redis: async () => (await redis.master()).client,
      actorNames: Array.from({ length: ACTORS }, (_, i) => `a${String(i)}`),
    });
  });
});
