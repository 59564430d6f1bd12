// How a replica gets at Redis, and what it says when it does not: TLS with a CA
// and a client certificate, users of Redis and of sentinels, key prefixes; and
// a Redis of which --redis-url says something else than what is there. What can
// never become right stops the start with one line and exit code 2; everything
// else is told in one line, and used as soon as it is right.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActorRef } from '../../src/actor/actor.js';
import { certify, hasOpenssl } from '../certificates.js';
import { readToEnd, startCoordinator } from '../coordinator.js';
import { startFakeNodeRuntime } from '../fake-node-runtime.js';
import { startClusterDeployment } from '../redis-cluster.js';
import { DATA_ARGS, hasServer, LOOPBACK, startNode, until, type RedisNode } from '../redis-node.js';
import { startSentinelDeployment } from '../redis-sentinel.js';
import { freePort, uniquePrefix } from '../redis.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const actor: ActorRef = { namespace: 'ns', name: 'a' };

/** Far longer than a start takes. */
const POLL = { timeout: 15_000, interval: 20 };

interface Starting {
  /** What is logged from `warn` on, and what is printed beside the log. */
  readonly lines: readonly string[];
  /** Resolves when it says that it is ready. */
  readonly ready: Promise<void>;
  readonly exited: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a replica that may never become ready. */
function starting(redisUrl: string, flags: readonly string[] = []): Starting {
  const args = [MAIN, 'serve', '--listen', '127.0.0.1:0', '--instance-id', 'a', ...flags];
  // Where a password belongs.
  const env = { ...process.env, ACTOR_WORKFLOW_REDIS_URL: redisUrl };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  let onReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => (onReady = resolve));
  createInterface(child.stderr).on('line', (line) => {
    const entry = line.startsWith('{') ? (JSON.parse(line) as { level: string; msg: string }) : undefined;
    if (entry === undefined) lines.push(line);
    else if (entry.level !== 'info') lines.push(entry.msg);
    if (entry?.msg === 'ready') onReady();
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    lines,
    ready,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe.skipIf(!hasServer())('a Redis that is not what --redis-url says', () => {
  let node: RedisNode;
  let clusterNode: RedisNode;
  let replica: RedisNode;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-access-'));
    node = await startNode({ args: DATA_ARGS });
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), '--dir', directory];
    clusterNode = await startNode({ args: [...DATA_ARGS, ...cluster] });
    replica = await startNode({ args: [...DATA_ARGS, '--replicaof', LOOPBACK, String(node.port)] });
  });
  afterAll(async () => {
    await Promise.all([node, clusterNode, replica].map((each) => each.kill()));
    await rm(directory, { recursive: true });
  });

  it.each<[string, () => string, RegExp]>([
    [
      'a node of a Cluster as redis://',
      () => `redis://${LOOPBACK}:${String(clusterNode.port)}`,
      /^--redis-url: got a node of a Redis Cluster; expected redis\+cluster:\/\//,
    ],
    [
      'a single server as redis+cluster://',
      () => `redis+cluster://${LOOPBACK}:${String(node.port)}`,
      /^--redis-url: got a Redis that is no Cluster; expected redis:\/\//,
    ],
  ])('and never will be, %s, stops the start', async (_, url, line) => {
    await using replicaProcess = starting(url());
    expect(await replicaProcess.exited).toBe(2);
    expect(replicaProcess.lines).toEqual([expect.stringMatching(line)]);
  });

  it.each<[string, () => string, RegExp]>([
    [
      'a replica',
      () => `redis://${LOOPBACK}:${String(replica.port)}`,
      /--redis-url: this is a replica of 127\.0\.0\.1:\d+ and takes no writes; expected its master; trying again$/,
    ],
    [
      'a wrong password',
      () => `redis://nobody:wrong@${LOOPBACK}:${String(node.port)}`,
      /--redis-url: its user or password is refused: WRONGPASS .*; trying again$/,
    ],
    ['nobody there', () => `redis://${LOOPBACK}:1`, /--redis-url: connect ECONNREFUSED 127\.0\.0\.1:1; trying again$/],
    [
      'a user without rights',
      () => `redis://nobody:secret@${LOOPBACK}:${String(node.port)}`,
      /--redis-url: its user lacks a right; docs\/redis\.md lists those .*NOPERM.*; trying again$/,
    ],
    [
      'no TLS where rediss:// wants it',
      () => `rediss://${LOOPBACK}:${String(node.port)}`,
      /--redis-url: no answer, or one without TLS; expected redis… rather .*: connect ETIMEDOUT; trying again$/,
    ],
  ])('but may become it, %s, is told in one line, again and again tried', async (_, url, line) => {
    await node.client.call('ACL', 'SETUSER', 'nobody', 'on', '>secret', '+ping', '+role', '+client|setname');
    await using replicaProcess = starting(url());
    await expect.poll(() => replicaProcess.lines, POLL).toContainEqual(expect.stringMatching(line));
    expect(replicaProcess.lines.filter((each) => line.test(each))).toHaveLength(1);
  });

  it('and becomes it, is used at once', async () => {
    await node.client.call('ACL', 'SETUSER', 'late', 'on', '>secret');
    await using replicaProcess = starting(`redis://late:secret@${LOOPBACK}:${String(node.port)}`);
    await expect.poll(() => replicaProcess.lines, POLL).not.toEqual([]);
    await node.client.call('ACL', 'SETUSER', 'late', '~*', '&*', '+@all');
    await replicaProcess.ready;
  });
});

/** What a replica of docs/redis.md may do, in its three lines. */
const documentation = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
const rightsIn = (pattern: RegExp): string[] => pattern.exec(documentation)?.[1]?.split(' ') ?? [];
const RIGHTS = rightsIn(/^user coordinator on >\S+ (.*)$/m);
const CLUSTER_RIGHTS = rightsIn(/In a Cluster also: `([^`]*)`/);
const SENTINEL_RIGHTS = rightsIn(/On sentinels: `user coordinator on >\S+ ([^`]*)`/);

describe.skipIf(!hasServer() || !hasOpenssl)('Redis with TLS and with users of few rights', () => {
  let directory: string;
  let tls: { readonly redisTlsCa: string; readonly redisTlsCert: string; readonly redisTlsKey: string };
  let serverArgs: string[];
  const nodes: RedisNode[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-access-'));
    const ca = certify(directory, 'ca');
    const server = certify(directory, 'server', 'ca');
    const client = certify(directory, 'client', 'ca');
    tls = { redisTlsCa: ca.cert, redisTlsCert: client.cert, redisTlsKey: client.key };
    serverArgs = [
      ...['--tls-cert-file', server.cert, '--tls-key-file', server.key, '--tls-ca-cert-file', ca.cert],
      // It shows its own certificate where it is a client: a sentinel, a node of a Cluster.
      ...['--tls-auth-clients', 'yes', '--tls-replication', 'yes', '--dir', directory],
    ];
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(directory, { recursive: true });
  });

  /** Also listens without TLS, for the test itself. */
  async function startTlsNode(args: readonly string[], rights: readonly string[]): Promise<number> {
    const port = await freePort();
    const node = await startNode({ args: [...args, ...serverArgs, '--tls-port', String(port)] });
    nodes.push(node);
    await node.client.call('ACL', 'SETUSER', 'coordinator', 'on', '>p@ss', ...rights);
    return port;
  }

  const deployments: Readonly<Record<string, () => Promise<string>>> = {
    'one server': async () => `rediss://coordinator:p%40ss@localhost:${String(await startTlsNode(DATA_ARGS, RIGHTS))}`,
    Sentinel: async () => {
      const master = await startTlsNode(DATA_ARGS, RIGHTS);
      const file = join(directory, 'sentinel.conf');
      await writeFile(file, `sentinel monitor actors ${LOOPBACK} ${String(master)} 1\n`);
      const sentinel = await startTlsNode([file, '--sentinel'], SENTINEL_RIGHTS);
      const credentials = 'sentinel_username=coordinator&sentinel_password=p%40ss';
      return `rediss+sentinel://coordinator:p%40ss@localhost:${String(sentinel)}/actors?${credentials}`;
    },
    Cluster: async () => {
      const bus = await freePort();
      const args = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--tls-cluster', 'yes'];
      // It has met nobody who could have told it its address.
      args.push('--cluster-announce-ip', LOOPBACK);
      const port = await startTlsNode([...DATA_ARGS, ...args], [...RIGHTS, ...CLUSTER_RIGHTS]);
      const client = nodes.at(-1)?.client;
      await client?.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await until('it serves', async () => String(await client?.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      return `rediss+cluster://coordinator:p%40ss@localhost:${String(port)}`;
    },
  };

  it.each(Object.entries(deployments))('is used as %s, with a client certificate', async (_, deploy) => {
    const before = nodes.length;
    const redisUrl = await deploy();
    await using runtime = await startFakeNodeRuntime();
    await using coordinator = await startCoordinator({ redisUrl, redisKeyPrefix: 'actorworkflow:', ...tls });
    const { client } = coordinator;
    await client.registerWorker({ worker: { pool: 'p', name: 'w' }, runtime_address: runtime.address, node: 'n' });
    await client.createActor({ actor, pool: 'p' });
    for (const call of [client.resume({ actor }), client.suspend({ actor })]) {
      expect((await readToEnd(call)).error).toBeUndefined();
    }
    for (const { client: admin } of nodes.slice(before)) {
      expect(String(await admin.client('LIST'))).toContain('user=coordinator');
      expect(await admin.call('ACL', 'LOG')).toEqual([]);
    }
  });

  it('says what is wrong where the CA, the certificate or the name is', async () => {
    const port = await startTlsNode(DATA_ARGS, RIGHTS);
    const url = (scheme: string, query = ''): string =>
      `${scheme}://coordinator:p%40ss@localhost:${String(port)}${query}`;
    const stranger = certify(directory, 'stranger');
    const flags = {
      ca: ['--redis-tls-ca', tls.redisTlsCa],
      own: ['--redis-tls-cert', tls.redisTlsCert, '--redis-tls-key', tls.redisTlsKey],
    };
    const cases: [string, string[], RegExp][] = [
      [url('rediss'), flags.own, /--redis-tls-ca: the certificate of Redis is not trusted: /],
      [
        url('rediss'),
        ['--redis-tls-ca', stranger.cert, ...flags.own],
        /--redis-tls-ca: the certificate of Redis is not trusted: /,
      ],
      [url('rediss'), flags.ca, /--redis-tls-cert: /],
      [url('redis'), [], /--redis-url: /],
    ];
    for (const [redisUrl, given, line] of cases) {
      await using replicaProcess = starting(redisUrl, given);
      await expect.poll(() => replicaProcess.lines, POLL).toContainEqual(expect.stringMatching(line));
    }
  });
});

describe.skipIf(!hasServer())('sentinels', () => {
  it('that know no such master, or refuse the password, are told in one line', async () => {
    await using redis = await startSentinelDeployment();
    const unknown = redis.url.replace(/actors$/, 'others');
    await using other = starting(unknown);
    const line = /--redis-url: the sentinels know no master of that name 'others': .*; trying again$/;
    await expect.poll(() => other.lines, POLL).toContainEqual(expect.stringMatching(line));
    await using wrong = starting(`${redis.url}?sentinel_username=nobody&sentinel_password=s3cret`);
    await expect
      .poll(() => wrong.lines, POLL)
      .toContainEqual(expect.stringMatching(/user or password is refused: .*WRONGPASS/));
    expect(wrong.lines.join('\n')).not.toContain('s3cret');
  });
});

describe.skipIf(!hasServer())('a key prefix', () => {
  it.each(['one server', 'a Cluster'])('keeps two deployments on %s apart', async (where) => {
    await using stack = {
      nodes: [] as (() => Promise<void>)[],
      async [Symbol.asyncDispose]() {
        for (const end of this.nodes) await end();
      },
    };
    let redisUrl: string;
    let all: readonly RedisNode[];
    if (where === 'a Cluster') {
      const cluster = await startClusterDeployment();
      stack.nodes.push(() => cluster[Symbol.asyncDispose]());
      [redisUrl, all] = [cluster.url, cluster.nodes];
    } else {
      const node = await startNode({ args: DATA_ARGS });
      stack.nodes.push(() => node.kill());
      [redisUrl, all] = [`redis://${LOOPBACK}:${String(node.port)}`, [node]];
    }
    await using runtime = await startFakeNodeRuntime();
    const prefixes = [uniquePrefix(), uniquePrefix()] as const;
    await using a = await startCoordinator({ redisUrl, redisKeyPrefix: prefixes[0] });
    await using b = await startCoordinator({ redisUrl, redisKeyPrefix: prefixes[1] });
    const registration = { worker: { pool: 'p', name: 'w' }, runtime_address: runtime.address, node: 'n' };
    await a.client.registerWorker(registration);
    await a.client.createActor({ actor, pool: 'p' });
    expect((await readToEnd(a.client.resume({ actor }))).error).toBeUndefined();

    await expect(b.client.getActor(actor)).rejects.toMatchObject({ reason: 'ACTOR_NOT_FOUND' });
    expect(await b.client.listWorkers('p')).toEqual([]);
    await b.client.createActor({ actor, pool: 'p' });
    expect((await readToEnd(b.client.resume({ actor }))).error).toMatchObject({ reason: 'NO_MATCHING_POOL' });
    expect(await a.client.getActor(actor)).toMatchObject({ state: 'ACTOR_STATE_RUNNING' });

    const keys = (await Promise.all(all.map(({ client }) => client.keys('*')))).flat();
    expect(keys.filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([]);
  });
});
