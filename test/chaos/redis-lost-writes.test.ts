// A master acknowledges a lease and is gone before any replica has heard of it.
// Whoever holds that lease does not know that it was forgotten; tokens rise all
// the same, and so every write of it is refused, and every call of the node
// runtime, as soon as somebody else has begun. 200 times with two servers that
// take turns; some more with Sentinel and whole replicas.

import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../../src/actor/actor.js';
import { beginResume, finishResume } from '../../src/actor/transition.js';
import { RedisActorRegistry } from '../../src/store/redis/actor-registry.js';
import { RedisEventLog } from '../../src/store/redis/event-log.js';
import { Keys } from '../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../src/store/redis/lease-store.js';
import { RedisWorkerRegistry } from '../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../src/store/redis/workflow-store.js';
import type { AcquireResult } from '../../src/store/workflow-store.js';
import { readToEnd } from '../coordinator.js';
import { hang, startFakeNodeRuntime, succeed } from '../fake-node-runtime.js';
import { FakeRuntimeState } from '../fake-runtime-state.js';
import { DATA_ARGS, hasServer, startNode, until, untilReplicated, type RedisNode } from '../redis-node.js';
import { startSentinelDeployment, type SentinelDeployment } from '../redis-sentinel.js';
import { uniquePrefix } from '../redis.js';
import { startReplica } from '../replica.js';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js';

const TIMES = 200;
const WITH_SENTINEL = process.env['CHAOS'] === 'full' ? 20 : 2;
const TTL_MS = 1500;

const actor: ActorRef = { namespace: 'ns', name: 'a' };
const pool = 'p';

/** One of two servers, its stores, and what its replica hears it through. */
interface Side extends RedisNode {
  readonly wire: TcpProxy;
  readonly workflows: RedisWorkflowStore;
  readonly leases: RedisLeaseStore;
  readonly actors: RedisActorRegistry;
  readonly workers: RedisWorkerRegistry;
  readonly events: RedisEventLog;
}

async function startSide(keys: Keys): Promise<Side> {
  const node = await startNode({ args: DATA_ARGS });
  const { client } = node;
  return {
    ...node,
    wire: await startTcpProxy(node.port),
    workflows: new RedisWorkflowStore(client, keys),
    leases: new RedisLeaseStore(client, keys),
    actors: new RedisActorRegistry(client, keys),
    workers: new RedisWorkerRegistry(client, keys),
    events: new RedisEventLog(client, keys),
  };
}

/** Makes `side` a replica of `master`, with all that it has. */
async function follow(side: Side, master: Side): Promise<void> {
  master.wire.swallowReplies(false);
  await side.client.replicaof('127.0.0.1', master.wire.port);
  await untilReplicated(master, 1);
}

type Granted = AcquireResult & { type: 'granted' };

async function acquire({ workflows }: Side, workflowId: string): Promise<Granted> {
  const request = { actor, workflowId, kind: 'RESUME', holder: workflowId, life: '1', acquireTimeMs: 0 } as const;
  const result = await workflows.acquire({ ...request, ttlMs: 60_000 });
  if (result.type !== 'granted') throw new Error(`not granted: ${JSON.stringify(result)}`);
  return result;
}

describe.skipIf(!hasServer())('a lease that is forgotten in a failover', () => {
  it(`leaves its holder without effect, and tokens rise: ${String(TIMES)} times`, async () => {
    const keys = new Keys(uniquePrefix());
    let [master, replica] = [await startSide(keys), await startSide(keys)];
    const sides = [master, replica];
    const runtime = new FakeRuntimeState('', () => undefined);
    const signal = new AbortController().signal;
    let highest = 0;
    try {
      await master.actors.create({ ref: actor, spec: { command: [], env: {}, image: '' }, pool });
      for (const name of ['w0', 'w1']) {
        await master.workers.register({ ref: { pool, name }, runtimeAddress: 'r', node: 'n' });
      }
      for (let i = 0; i < TIMES; i += 1) {
        const [oldId, newId] = [`old-${String(i)}`, `new-${String(i)}`];
        await follow(replica, master);
        master.wire.swallowReplies(true);
        const old = await acquire(master, oldId);
        const oldWorker = await master.workflows.claim({ actor, pool, fencingToken: old.lease.fencingToken });
        await master.workflows.transition(actor, old.lease, oldId, beginResume(old.actor, oldWorker), false);
        // From here on the master is gone, and nothing of that is known to anybody but its writer.
        expect(await replica.client.exists(keys.lease('ns/a'))).toBe(0);
        await replica.client.replicaof('NO', 'ONE');
        const next = replica;
        const staleWrite = () =>
          next.workflows.transition(actor, old.lease, oldId, finishResume(old.actor, 'stale'), true);
        const staleRenewal = () =>
          next.leases.renew([{ ...old.lease, ttlMs: 60_000, notAfterUs: Number.MAX_SAFE_INTEGER }]);

        await expect(staleWrite()).rejects.toMatchObject({ reason: 'LEASE_LOST' });
        expect(await staleRenewal()).toEqual([{ type: 'lost' }]);

        const granted = await acquire(next, newId);
        const { fencingToken } = granted.lease;
        expect(fencingToken).toBeGreaterThan(old.lease.fencingToken);
        expect(old.lease.fencingToken).toBeGreaterThan(highest);
        highest = fencingToken;
        const worker = await next.workflows.claim({ actor, pool, fencingToken });
        const call = (workflowId: string, token: number) => ({ actor, worker, workflowId, fencingToken: token });
        const spec = granted.actor.spec;
        await runtime.restore({ ...call(newId, fencingToken), spec }, () => undefined, signal);
        await next.events.append({
          actor,
          workflowId: newId,
          fencingToken,
          step: '',
          events: [{ sequence: 1, text: 'new' }],
        });

        await expect(staleWrite()).rejects.toMatchObject({ reason: 'LEASE_LOST' });
        expect(await staleRenewal()).toEqual([{ type: 'lost', current: granted.lease.value }]);
        expect(await next.leases.release(old.lease)).toBe(false);
        await next.workflows.free(actor, pool, old.lease.fencingToken);
        await expect(next.workflows.claim({ actor, pool, fencingToken: old.lease.fencingToken })).rejects.toMatchObject(
          { reason: 'LEASE_LOST' },
        );
        const staleCall = runtime.stop(call(oldId, old.lease.fencingToken), signal);
        await expect(staleCall).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
        await next.events.append({
          ...{ actor, workflowId: oldId, fencingToken: old.lease.fencingToken },
          ...{ step: '', events: [{ sequence: 2, text: 'stale' }] },
        });

        const { actor: record, lease } = await next.actors.look(actor);
        expect(record).toMatchObject({ state: 'SUSPENDED', version: 1, fencingToken });
        expect(lease).toMatchObject({ holder: newId, fencingToken });
        expect((await next.workers.list(pool, 9, '')).items.filter((each) => each.fencingToken > 0)).toMatchObject([
          { actor, fencingToken, ref: { name: worker.name } },
        ]);
        expect(await next.events.read(actor, 0, newId)).toMatchObject({ texts: ['new'] });

        await runtime.stop(call(newId, fencingToken), signal);
        await next.workflows.free(actor, pool, fencingToken);
        expect(await next.leases.release(granted.lease)).toBe(true);
        [master, replica] = [next, master];
      }
    } finally {
      for (const side of sides) {
        await side.kill();
        await side.wire.close();
      }
    }
    expect(runtime.violations).toEqual([]);
  });

  /** Cuts off the replicas, which cannot come back: who is connected to the master notices nothing. */
  async function isolate({ client }: RedisNode, redis: SentinelDeployment): Promise<void> {
    await client.config('SET', 'requirepass', 'changed');
    await client.client('KILL', 'TYPE', 'replica');
    await until('the master has no replica', async () =>
      (await client.info('replication')).includes('connected_slaves:0'),
    );
    expect(redis.nodes.length).toBe(3);
  }

  it.each(Array.from({ length: WITH_SENTINEL }, (_, i) => i + 1))(
    'with Sentinel: its workflow ends with LEASE_LOST, and the next one has a greater token (%i)',
    async () => {
      await using redis = await startSentinelDeployment();
      await using runtime = await startFakeNodeRuntime();
      const common = {
        redisUrl: redis.url,
        redisKeyPrefix: uniquePrefix(),
        flags: ['--lease-ttl', `${String(TTL_MS)}ms`],
      };
      await using a = await startReplica({ ...common, instanceId: 'a' });
      await using b = await startReplica({ ...common, instanceId: 'b' });
      await b.client.registerWorker({ worker: { pool, name: 'w' }, runtime_address: runtime.address, node: 'n' });
      await b.client.createActor({ actor, pool });
      await redis.replicated();
      const former = await redis.master();

      await isolate(former, redis);
      runtime.next('restore', hang);
      const first = readToEnd(a.client.resume({ actor }));
      const forgotten = await runtime.nextCall('restore');
      await former.kill();
      await redis.newMaster(former);
      expect((await first).error).toMatchObject({ reason: 'LEASE_LOST' });
      runtime.default('restore', succeed);
      await until(
        'the actor can be resumed',
        async () => (await readToEnd(b.client.resume({ actor }))).error === undefined,
      );

      const record = await b.client.getActor(actor);
      expect(record).toMatchObject({ state: 'ACTOR_STATE_RUNNING', worker: { name: 'w' } });
      expect(Number(record.fencing_token)).toBeGreaterThan(forgotten.fencingToken);
      expect(runtime.fencing.get('ns/a')).toBe(Number(record.fencing_token));
      expect(runtime.violations).toEqual([]);
    },
  );
});
