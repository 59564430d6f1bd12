// A Redis Cluster, as it is deployed: three masters and three replicas, as
// processes of this machine on free ports. Quick to fail over: a node is taken
// to be down after two seconds. Every key of one actor, and of one pool, is in
// one slot, and so on one master.

import { mkdtemp, rm } from 'node:fs/promises';
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

const NODE_TIMEOUT_MS = 2000;
const SLOTS = 16_384;
const MASTERS = 3;

export interface ClusterNode extends RedisNode {
  readonly id: string;
}

export interface ClusterDeployment {
  /** `redis+cluster://…` */
  readonly url: string;
  readonly nodes: readonly ClusterNode[];
  slotOf(key: string): Promise<number>;
  /** The master of that key's slot. */
  ownerOf(key: string): Promise<ClusterNode>;
  /** A replica of that master. */
  replicaOf(master: ClusterNode): Promise<ClusterNode>;
  /** Another master than that. */
  otherThan(master: ClusterNode): Promise<ClusterNode>;
  /** Resolves when another node than `former` takes writes to the key. */
  newOwner(key: string, former: RedisNode): Promise<Taken>;
  /** Resolves when the replica of each master has what that had written before the call. */
  readonly replicated: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ClusterOptions {
  /** More arguments for each node. */
  readonly args?: readonly string[];
}

export async function startClusterDeployment(options: ClusterOptions = {}): Promise<ClusterDeployment> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
  const nodes: ClusterNode[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const ports: number[] = [];
    for (let i = 0; i < 2 * MASTERS; i += 1) ports.push(await freePort());
    const buses: number[] = [];
    for (let i = 0; i < 2 * MASTERS; i += 1) buses.push(await freePort());
    // All of them, also where one fails: those that come later must be ended too.
    const started = await Promise.allSettled(
      ports.map(async (port, i) => {
        const cluster = [
          ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${String(port)}.conf`],
          // The default is port + 10,000, which a free port may not have room for.
          ...['--cluster-port', String(buses[i])],
          ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
          // By default all masters stop serving when one is away.
          ...['--cluster-require-full-coverage', 'no'],
        ];
        const args = [...DATA_ARGS, '--dir', directory, ...cluster, ...(options.args ?? [])];
        const node = await startNode({ port, args });
        nodes[i] = { ...node, id: String(await node.client.call('CLUSTER', 'MYID')) };
      }),
    );
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    await form(nodes, buses);

    /** Those that were killed or stopped do not answer. */
    const anybody = <T>(ask: (node: ClusterNode) => Promise<T>): Promise<T> => Promise.any(nodes.map(ask));
    /** The rows of CLUSTER NODES: id, address, flags, master, …, ranges of slots. */
    const lines = (): Promise<string[][]> =>
      anybody(async ({ client }) => {
        const text = String(await client.call('CLUSTER', 'NODES'));
        return text
          .trim()
          .split('\n')
          .map((line) => line.split(' '));
      });
    const byId = (id: string | undefined): ClusterNode => {
      const node = nodes.find((candidate) => candidate.id === id);
      if (node === undefined) throw new Error(`no node ${String(id)}`);
      return node;
    };
    const slotOf = (key: string): Promise<number> =>
      anybody(async ({ client }) => Number(await client.call('CLUSTER', 'KEYSLOT', key)));
    return {
      url: `redis+cluster://${nodes.map(({ port }) => `${LOOPBACK}:${String(port)}`).join(',')}`,
      nodes,
      slotOf,
      async ownerOf(key) {
        const slot = await slotOf(key);
        const owner = (await lines()).find(
          ([, , flags, , , , , , ...ranges]) =>
            flags?.includes('master') && ranges.some((range) => covers(range, slot)),
        );
        return byId(owner?.[0]);
      },
      async replicaOf(master) {
        return byId((await lines()).find(([, , , of]) => of === master.id)?.[0]);
      },
      async otherThan(master) {
        const isOther = ([id, , flags, , , , , , first]: string[]): boolean =>
          (flags?.includes('master') ?? false) && id !== master.id && first !== undefined;
        return byId((await lines()).find(isOther)?.[0]);
      },
      newOwner: (key, former) =>
        firstWritable(
          nodes.filter((node) => node !== former),
          key,
        ),
      async replicated() {
        const serving = (await lines()).filter(([, , flags, , , , , , first]) => flags?.includes('master') && first);
        await Promise.all(serving.map(([id]) => untilReplicated(byId(id), 1)));
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A third of the slots for each of the first three, and one of the others behind each. */
async function form(nodes: readonly ClusterNode[], buses: readonly number[]): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  await Promise.all(
    nodes.map(async ({ client, port }, i) => {
      // Different from the start, or they would have to find out that they collide.
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
      await first.client.call('CLUSTER', 'MEET', LOOPBACK, String(port), String(buses[i]));
      if (i >= MASTERS) return;
      const range = [Math.ceil((i * SLOTS) / MASTERS), Math.ceil(((i + 1) * SLOTS) / MASTERS) - 1];
      await client.call('CLUSTER', 'ADDSLOTSRANGE', ...range.map(String));
    }),
  );
  await until('the nodes know each other', async () => {
    const known = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'NODES')));
    return known.every(
      (text) =>
        String(text)
          .trim()
          .split('\n')
          .filter((line) => line.includes(' connected')).length === nodes.length,
    );
  });
  await Promise.all(
    nodes.slice(MASTERS).map(({ client }, i) => client.call('CLUSTER', 'REPLICATE', nodes[i]?.id ?? '')),
  );
  await until('every slot is served and every replica is in step', async () => {
    const states = await Promise.all(
      nodes.map(async ({ client }, i) => {
        const serves = String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
        const up = i < MASTERS || (await client.info('replication')).includes('master_link_status:up');
        const replicas = String(await client.call('CLUSTER', 'NODES')).split(/slave /).length - 1;
        return serves && up && replicas === nodes.length - MASTERS;
      }),
    );
    return states.every(Boolean);
  });
}

function covers(range: string, slot: number): boolean {
  if (range.startsWith('[')) return false;
  const [from, to = from] = range.split('-').map(Number);
  return from !== undefined && to !== undefined && from <= slot && slot <= to;
}
