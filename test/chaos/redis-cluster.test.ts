// A Redis Cluster fails over in the middle of workflows, under the master that
// has their actors and their pool: by each of the commands that do it, because
// it is stopped and continued, and because it is killed. Whoever is on another
// master notices nothing. The failovers come one after the other, as in a life.

import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keys } from '../../src/store/redis/keys.js';
import {
  ACTORS,
  expectThroughFailover,
  startCaller,
  startWorld,
  Takeovers,
  type Failover,
  type World,
} from '../failover.js';
import { startClusterDeployment, type ClusterDeployment, type ClusterNode } from '../redis-cluster.js';
import { hasServer } from '../redis-node.js';
import { uniquePrefix } from '../redis.js';

interface ClusterFailover extends Failover {
  begin(redis: ClusterDeployment, master: ClusterNode): Promise<unknown>;
  end?(master: ClusterNode): void;
}

const byCommand = (...options: readonly string[]): ClusterFailover => ({
  how: ['CLUSTER FAILOVER', ...options].join(' '),
  long: false,
  begin: async (redis, master) => (await redis.replicaOf(master)).client.call('CLUSTER', 'FAILOVER', ...options),
});

const failovers: readonly ClusterFailover[] = [
  byCommand(),
  byCommand('FORCE'),
  byCommand('TAKEOVER'),
  {
    how: 'master stopped',
    long: true,
    begin: async (_, master) => master.pause(),
    end: (master) => master.resume(),
  },
  { how: 'master killed', long: true, begin: (_, master) => master.kill() },
];

describe.skipIf(!hasServer())('a failover of a Cluster in the middle of restores', () => {
  const takeovers = new Takeovers('Cluster');
  const prefix = uniquePrefix();
  const keys = new Keys(prefix);
  const actorKey = (name: string): string => keys.actor({ namespace: 'ns', name });
  let redis: ClusterDeployment;
  let world: World;
  let names: string[];
  let elsewhere: string;

  beforeAll(async () => {
    redis = await startClusterDeployment();
    const [pool = ''] = await namesAt((name) => keys.pool(name)[0], 1);
    names = await namesAt(actorKey, failovers.length * ACTORS);
    [elsewhere = ''] = await namesAt(actorKey, 1, false);
    world = await startWorld(redis.url, { pool, prefix });
    await world.replicas.strict.client.createActor({ actor: { namespace: 'ns', name: elsewhere } });
  }, 60_000);
  afterAll(async () => {
    takeovers.print();
    await world[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  /** Names whose keys are on the first master, or are not. */
  async function namesAt(keyOf: (name: string) => string, count: number, areThere = true): Promise<string[]> {
    const found: string[] = [];
    for (let i = 0; found.length < count; i += 1) {
      const name = `n${String(i)}`;
      if (((await redis.ownerOf(keyOf(name))) === redis.nodes[0]) === areThere) found.push(name);
    }
    return found;
  }

  it.each(failovers)('$how: those go on whose renew deadline allows it', async (failover) => {
    const actorNames = names.splice(0, ACTORS);
    const probe = `writable?{ns/${actorNames[0] ?? ''}}`;
    const former = await redis.ownerOf(probe);
    // One that has not met the former master cannot hang on it.
    const client = new Cluster(
      redis.nodes.filter((node) => node !== former).map(({ host, port }) => ({ host, port })),
      { lazyConnect: true },
    );
    const bystander = startCaller(world.replicas.strict.client, [{ namespace: 'ns', name: elsewhere }]);
    try {
      await expectThroughFailover(world, failover, takeovers, {
        replicated: redis.replicated,
        begin: () => failover.begin(redis, former),
        newMaster: () => redis.newOwner(probe, former),
        // Whoever asks a former master is sent on.
        settled: () => Promise.resolve(),
        redis: () => client,
        actorNames,
      });
    } finally {
      client.disconnect();
      failover.end?.(former);
      await bystander.stop();
    }
    expect(bystander.failures).toEqual([]);
  });
});
