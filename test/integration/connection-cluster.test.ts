// A connection to a Cluster, of two nodes: what its client would do by itself
// with a command that has failed, and must not.

import { Cluster } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/store/redis/connect.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';
import { DATA_ARGS, hasServer, LOOPBACK, startNode, until, type RedisNode } from '../redis-node.js';
import { freePort } from '../redis.js';

const LIMIT_MS = 3000;

/** In slots 3300 and 12182. */
const KEY = 'b';
const OTHER_KEY = 'foo';

describe.skipIf(!hasServer())('a command to a Cluster', () => {
  let directory: string;
  /** Has the slots of all keys here. */
  let node: RedisNode;
  /** Has the others: a client without any connection would send nothing anyway. */
  let other: RedisNode;
  let client: Cluster;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cluster-of-two-'));
    const buses = [await freePort(), await freePort()];
    [node, other] = await Promise.all([startClusterNode('node', buses[0]), startClusterNode('other', buses[1])]);
    await other.client.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await node.client.call('CLUSTER', 'MEET', LOOPBACK, String(other.port), String(buses[1]));
    await addSlots();
    const target = parseRedisUrl(`redis+cluster://${LOOPBACK}:${String(node.port)}`);
    const opened = connect(target, 'test', LIMIT_MS);
    if (!(opened instanceof Cluster)) throw new Error('expected a Cluster');
    client = opened;
    await new Promise((resolve) => client.once('ready', resolve));
    // So that there is a connection to each.
    await Promise.all([client.get(KEY), client.get(OTHER_KEY)]);
  });
  afterAll(async () => {
    client.disconnect();
    await Promise.all([node.kill(), other.kill()]);
    await rm(directory, { recursive: true });
  });

  async function startClusterNode(name: string, bus = 0): Promise<RedisNode> {
    const cluster = ['--cluster-enabled', 'yes', '--cluster-config-file', join(directory, `${name}.conf`)];
    const quick = ['--cluster-port', String(bus), '--cluster-node-timeout', '500'];
    return await startNode({ args: [...DATA_ARGS, '--dir', directory, ...cluster, ...quick] });
  }

  const slots = ['0', '8191'] as const;
  async function addSlots(): Promise<void> {
    await node.client.call('CLUSTER', 'ADDSLOTSRANGE', ...slots);
    for (const { client: each } of [node, other]) {
      await until('it serves', async () => (await each.cluster('INFO')).includes('cluster_state:ok'));
    }
  }

  it('whose connection breaks before it was carried out fails, and is never sent again', async () => {
    // Writes wait, everything else does not.
    await node.client.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const failed = client.incr(KEY).then(
      (answer) => `answered ${String(answer)}`,
      () => 'failed',
    );
    let id = '';
    await expect
      .poll(async () => {
        const clients = String(await node.client.client('LIST')).split('\n');
        id = /\bid=(\d+)/.exec(clients.find((line) => line.includes(' cmd=incr ')) ?? '')?.[1] ?? '';
        return id;
      })
      .not.toBe('');
    await node.client.client('KILL', 'ID', id);
    expect(await failed).toBe('failed');
    await node.client.call('CLIENT', 'UNPAUSE');
    await expect.poll(() => client.get(KEY).catch(() => 'no connection')).toBeNull();
  });

  it('that the Cluster refuses because it is down fails at once, and is never sent again', async () => {
    await node.client.call('CLUSTER', 'DELSLOTSRANGE', ...slots);
    // After retries in vain it would say that there were too many.
    await expect(client.set(KEY, 'y')).rejects.toThrow(/^CLUSTERDOWN/);
    await addSlots();
    expect(await client.get(KEY)).toBeNull();
  });

  it('while there is no connection fails at once, and is never sent later', async () => {
    await node.kill();
    await other.kill();
    await expect.poll(() => client.status).not.toBe('ready');
    await expect(client.set(KEY, 'y')).rejects.toThrow(/enableOfflineQueue|ready|closed/);
  });
});
