// Redis with Sentinel, as it is deployed: a master, two replicas and three
// sentinels, as processes of this machine on free ports. Quick to fail over: a
// master is taken to be down after half a second. The sentinels are told of each
// other, so that it is whole in a second and not after their greetings.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DATA_ARGS,
  firstWritable,
  LOOPBACK,
  startNode,
  until,
  untilReplicated,
  type RedisNode,
  type Taken,
} from './redis-node.js';
import { freePort } from './redis.js';

const DOWN_AFTER_MS = 500;

export interface SentinelOptions {
  /** More arguments for the data nodes. */
  readonly args?: readonly string[];
  /** More lines for the sentinels' configuration. */
  readonly sentinelLines?: readonly string[];
}

export interface SentinelDeployment {
  /** `redis+sentinel://…` */
  readonly url: string;
  readonly masterName: string;
  readonly sentinels: readonly RedisNode[];
  /** Each data node, whatever its role. */
  readonly nodes: readonly RedisNode[];
  /** The one that the sentinels name. */
  master(): Promise<RedisNode>;
  /** Resolves when another node than `former` takes writes. */
  newMaster(former: RedisNode): Promise<Taken>;
  /** Resolves when both replicas have what the master had written before the call. */
  readonly replicated: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSentinelDeployment(options: SentinelOptions = {}): Promise<SentinelDeployment> {
  const masterName = 'actors';
  const directory = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
  const started: RedisNode[] = [];
  const start = async (...args: Parameters<typeof startNode>): Promise<RedisNode> => {
    const node = await startNode(...args);
    started.push(node);
    return node;
  };
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((node) => node.kill()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const dataArgs = [...DATA_ARGS, '--dir', directory, ...(options.args ?? [])];
    const first = await start({ args: dataArgs });
    const replicaOf = ['--replicaof', LOOPBACK, String(first.port)];
    const nodes = [first, ...(await Promise.all([1, 2].map(() => start({ args: [...dataArgs, ...replicaOf] }))))];

    const identities: { port: number; id: string }[] = [];
    for (let i = 0; i < 3; i += 1) identities.push({ port: await freePort(), id: randomBytes(20).toString('hex') });
    const sentinels = await Promise.all(
      identities.map(async ({ port, id }) => {
        const file = join(directory, `sentinel-${String(port)}.conf`);
        const lines = [
          `sentinel myid ${id}`,
          `sentinel monitor ${masterName} ${LOOPBACK} ${String(first.port)} 2`,
          `sentinel down-after-milliseconds ${masterName} ${String(DOWN_AFTER_MS)}`,
          `sentinel failover-timeout ${masterName} 3000`,
          ...nodes.slice(1).map((node) => `sentinel known-replica ${masterName} ${LOOPBACK} ${String(node.port)}`),
          ...identities
            .filter((other) => other.id !== id)
            .map((other) => `sentinel known-sentinel ${masterName} ${LOOPBACK} ${String(other.port)} ${other.id}`),
          ...(options.sentinelLines ?? []),
        ];
        await writeFile(file, `${lines.join('\n')}\n`);
        return start({ port, args: [file, '--sentinel', '--protected-mode', 'no', '--dir', directory] });
      }),
    );

    const master = async (): Promise<RedisNode> => {
      for (const sentinel of sentinels) {
        const address = await sentinel.client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName).catch(() => null);
        const port = Number((address as [string, string] | null)?.[1]);
        const node = nodes.find((candidate) => candidate.port === port);
        if (node !== undefined) return node;
      }
      throw new Error('no sentinel names a master');
    };
    const replicated = async (): Promise<void> => untilReplicated(await master(), 2);
    await replicated();
    for (const { client } of sentinels) {
      await until('the sentinels reach each other and the replicas', async () => {
        const fields = (await client.call('SENTINEL', 'CKQUORUM', masterName)) as string;
        const replicas = (await client.call('SENTINEL', 'REPLICAS', masterName)) as string[][];
        const well = replicas.filter((replica) => replica.includes('slave') && replica.join(' ').includes('ok'));
        return fields.startsWith('OK 3') && well.length === 2;
      });
    }
    return {
      url: `redis+sentinel://${sentinels.map(({ port }) => `${LOOPBACK}:${String(port)}`).join(',')}/${masterName}`,
      masterName,
      sentinels,
      nodes,
      master,
      replicated,
      newMaster: (former) => firstWritable(nodes.filter((node) => node !== former)),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
