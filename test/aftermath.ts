// What must hold of an actor after a replica has been killed at work on it: it
// comes to rest, and then the record, the claims, the runtime and the snapshots
// tell one story. For tests whose node runtime is the fake one.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { expect } from 'vitest';
import { formatRef, type ActorRef, type ActorState } from '../src/actor/actor.js';
import type { CoordinatorClient } from '../src/client/coordinator-client.js';
import type { WorkflowEvent__Output } from '../src/generated/actorworkflow/v1/WorkflowEvent.js';
import type { Keys } from '../src/store/redis/keys.js';
import { readToEnd, type Ending } from './coordinator.js';
import type { FakeNodeRuntime } from './fake-node-runtime.js';

export interface Surroundings {
  readonly redis: Redis | Cluster;
  readonly keys: Keys;
  /** Of a replica that lives on. */
  readonly client: CoordinatorClient;
  readonly runtime: FakeNodeRuntime;
  /** Of every actor. */
  readonly pool: string;
}

const AT_REST: readonly string[] = ['SUSPENDED', 'RUNNING', 'PAUSED', 'CRASHED'] satisfies ActorState[];

/** Often enough for the times that are asserted on, rare enough not to make anybody late. */
const LOOK_EVERY_MS = 20;

/**
 * Resolves once nobody works on the actor any more and its claim is what its record says.
 * @throws Error that says what is left at `untilMs`, on the clock of `performance.now()`
 */
export async function comesToRest(
  { redis, keys, pool }: Surroundings,
  actor: ActorRef,
  untilMs: number,
): Promise<void> {
  const [, , , , , , claims] = keys.pool(pool);
  const name = formatRef(actor);
  for (;;) {
    // No transaction: in a Cluster the claim is in another slot.
    const [[state = '', worker = null], lease, claim] = await Promise.all([
      redis.hmget(keys.actor(actor), 'state', 'worker_name') as Promise<[string?, (string | null)?]>,
      redis.get(keys.lease(name)),
      redis.hget(claims, name),
    ]);
    if (AT_REST.includes(state) && lease === null && claim === worker) return;
    if (performance.now() > untilMs) {
      throw new Error(
        `${name} did not come to rest: ${state}, worker ${String(worker)}, claim ${String(claim)}, lease ${String(lease)}`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Checks everything that is known of an actor that has come to rest in `state`. */
export async function expectIntact(
  { redis, keys, client, runtime, pool }: Surroundings,
  actor: ActorRef,
  state: ActorState,
): Promise<void> {
  const name = formatRef(actor);
  const record = await client.getActor(actor);
  expect(record.state).toBe(`ACTOR_STATE_${state}`);
  expect(record.pending_snapshot).toBeNull();

  const held = (await client.listWorkers(pool)).filter((worker) => worker.actor?.name === actor.name);
  expect(held.map(({ ref }) => ref)).toEqual(record.worker === null ? [] : [record.worker]);
  expect(record.worker === null).toBe(state !== 'RUNNING');
  const runsOn = [...runtime.running].filter(([, runs]) => runs === name).map(([worker]) => worker);
  expect(runsOn).toEqual(record.worker === null ? [] : [`${record.worker.pool}/${record.worker.name}`]);
  expect(runtime.violations).toEqual([]);

  // A frozen process is used up by its resume: only while PAUSED it is the latest.
  const complete = [...runtime.snapshots]
    .filter(([uri, is]) => is === 'complete' && uri.includes(`/${name}/`))
    .map(([uri]) => uri)
    .filter((uri) => state === 'PAUSED' || !uri.startsWith('local:'));
  expect(record.latest_snapshot?.uri).toBe(complete.at(-1));

  const calls = runtime.calls.filter((call) => call.actor === name);
  let written: string | undefined;
  for (const call of calls.filter(({ outcome }) => outcome === 'ok')) {
    if (call.name === 'checkpoint') written = call.snapshotUri;
    // What is restored is what the checkpoint before it wrote, and so nothing is lost.
    if (call.name === 'restore') expect(call.snapshotUri).toBe(written);
  }
  const tokens = calls.map(({ fencingToken }) => fencingToken);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  expect(Number(record.fencing_token)).toBeGreaterThanOrEqual(tokens.at(-1) ?? 0);

  expect(await redis.exists(keys.lease(name), ...keys.leaseQueue(name))).toBe(0);
}

/** Calls again, when RetryInfo says so, for as long as another workflow holds the lease. */
export async function whenFree(call: () => AsyncIterable<WorkflowEvent__Output>): Promise<Ending> {
  for (;;) {
    const ending = await readToEnd(call());
    if (ending.error?.reason !== 'LEASE_HELD') return ending;
    await sleep(ending.error.retryAfterMs ?? LOOK_EVERY_MS);
  }
}
