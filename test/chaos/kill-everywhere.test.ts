// Kill -9 at every step boundary: before and after each write and each runtime
// call of Resume, Suspend and Pause, from every state that they start from. Each
// is done with nobody calling, with a caller's Resume and with a caller's
// Suspend right after the kill. What is left after one boundary is what is left
// before the next one, so by default Resume comes after and Suspend before, and
// each leftover meets both; `npm run chaos -- --kill-table` runs the whole product.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { formatRef, type ActorRef, type ActorState } from '../../src/actor/actor.js';
import { Keys } from '../../src/store/redis/keys.js';
import { leaseValueHead } from '../../src/store/redis/lease-value.js';
import { comesToRest, expectIntact, whenFree, type Surroundings } from '../aftermath.js';
import { readToEnd } from '../coordinator.js';
import { hang, startFakeNodeRuntime, succeed, type Behaviour, type CallName } from '../fake-node-runtime.js';
import { startRedisTap, type Cut } from '../redis-tap.js';
import { uniquePrefix } from '../redis.js';
import { startReplica, type Replica } from '../replica.js';

const TTL_MS = 1000;
/** Two TTLs are promised; what a busy machine with two cores adds to them. */
const REST_WITHIN_MS = 2 * TTL_MS + 500;
/** A start takes 0.4 s of a core, and then a row only waits: enough of them to keep two cores from idling. */
const ROWS_AT_ONCE = 6;
const POOL = 'default';
vi.setConfig({ maxConcurrency: ROWS_AT_ONCE });

const CALLS = ['restore', 'checkpoint', 'stop'] as const satisfies CallName[];
const SCRIPTS = { acquire: 'acquire', claim: 'claimWorker', free: 'freeWorker', release: 'release' } as const;

type Kind = 'resume' | 'suspend' | 'pause';
/** A runtime call, a script, or else the name of a transition. */
type Boundary = string;

interface Scenario {
  readonly kind: Kind;
  readonly from: ActorState;
  readonly boundaries: readonly Boundary[];
  /** With nobody calling the actor comes to rest in `rest`; once `turn` is written, in `goal`. */
  readonly rest: ActorState;
  readonly turn: Boundary;
  readonly goal: ActorState;
}

const scenarios: readonly Scenario[] = [
  {
    ...{ kind: 'resume', from: 'SUSPENDED', rest: 'SUSPENDED', turn: 'begin_resume', goal: 'RUNNING' },
    boundaries: ['acquire', 'claim', 'begin_resume', 'restore', 'finish_resume'],
  },
  {
    ...{ kind: 'resume', from: 'PAUSED', rest: 'PAUSED', turn: 'begin_resume', goal: 'RUNNING' },
    boundaries: ['claim', 'begin_resume', 'restore', 'finish_resume'],
  },
  {
    ...{ kind: 'resume', from: 'CRASHED', rest: 'CRASHED', turn: 'begin_resume', goal: 'RUNNING' },
    boundaries: ['claim', 'begin_resume', 'restore', 'finish_resume'],
  },
  {
    ...{ kind: 'resume', from: 'SUSPENDING', rest: 'SUSPENDED', turn: 'begin_resume', goal: 'RUNNING' },
    boundaries: ['checkpoint', 'finish_suspend', 'claim', 'begin_resume'],
  },
  {
    ...{ kind: 'resume', from: 'PAUSING', rest: 'PAUSED', turn: 'begin_resume', goal: 'RUNNING' },
    boundaries: ['checkpoint', 'finish_pause', 'claim', 'begin_resume'],
  },
  {
    ...{ kind: 'suspend', from: 'RUNNING', rest: 'RUNNING', turn: 'begin_suspend', goal: 'SUSPENDED' },
    boundaries: ['acquire', 'begin_suspend', 'checkpoint', 'finish_suspend', 'free'],
  },
  {
    ...{ kind: 'suspend', from: 'RESUMING', rest: 'RUNNING', turn: 'abandon_resume', goal: 'SUSPENDED' },
    boundaries: ['stop', 'abandon_resume', 'free'],
  },
  {
    ...{ kind: 'suspend', from: 'CRASHED', rest: 'CRASHED', turn: 'abandon_resume', goal: 'SUSPENDED' },
    boundaries: ['abandon_resume', 'free'],
  },
  {
    ...{ kind: 'suspend', from: 'SUSPENDED', rest: 'SUSPENDED', turn: 'release', goal: 'SUSPENDED' },
    boundaries: ['release'],
  },
  {
    ...{ kind: 'pause', from: 'RUNNING', rest: 'RUNNING', turn: 'begin_pause', goal: 'PAUSED' },
    boundaries: ['acquire', 'begin_pause', 'checkpoint', 'finish_pause', 'free'],
  },
];

const prefix = uniquePrefix();
const keys = new Keys(prefix);
const redis = new Redis(inject('redisUrl'));
const flags = ['--lease-ttl', `${TTL_MS}ms`];
/** What the runtime does at its next call for an actor, once: `restore ns/a` → behaviour. */
const behaviours = new Map<string, Behaviour>();
let witness: Replica;
let world: Surroundings & { readonly runtime: Awaited<ReturnType<typeof startFakeNodeRuntime>> };

beforeAll(async () => {
  const runtime = await startFakeNodeRuntime();
  for (const call of CALLS) {
    runtime.default(call, (made, ...rest) => {
      const key = `${call} ${made.actor}`;
      const behave = behaviours.get(key) ?? succeed;
      behaviours.delete(key);
      return behave(made, ...rest);
    });
  }
  // It lives on throughout, and reconciles.
  witness = await startReplica({
    ...{ redisUrl: inject('redisUrl'), redisKeyPrefix: prefix, instanceId: 'witness', flags },
  });
  world = { redis, keys, client: witness.client, runtime, pool: POOL };
  // No row ends with an actor on a worker, and none needs more than one.
  for (let i = 0; i < 4 * ROWS_AT_ONCE; i += 1) await registerWorker(`w${i}`);
});

afterAll(async () => {
  await witness[Symbol.asyncDispose]();
  await world.runtime.close();
  redis.disconnect();
});

async function registerWorker(name: string): Promise<void> {
  const { client, runtime } = world;
  await client.registerWorker({ worker: { pool: POOL, name }, runtime_address: runtime.address, node: 'n' });
}

/** Runs a workflow on the replica that lives on. */
async function run(kind: Kind, actor: ActorRef): Promise<void> {
  const { error } = await readToEnd(world.client[kind]({ actor }));
  if (error !== undefined) throw error;
}

/** Brings a new actor, with a snapshot behind it, to where a scenario starts. */
async function bring(actor: ActorRef, to: ActorState, victimId: string): Promise<void> {
  const { client, runtime } = world;
  await client.createActor({ actor });
  await run('resume', actor);
  await run('suspend', actor);
  switch (to) {
    case 'SUSPENDED':
      return;
    case 'RESUMING':
      return abandon(actor, 'resume', 'restore', victimId);
    default:
      await run('resume', actor);
  }
  switch (to) {
    case 'RUNNING':
      return;
    case 'PAUSED':
      return run('pause', actor);
    case 'SUSPENDING':
      return abandon(actor, 'suspend', 'checkpoint', victimId);
    case 'PAUSING':
      return abandon(actor, 'pause', 'checkpoint', victimId);
    case 'CRASHED': {
      const { worker } = await client.getActor(actor);
      if (worker === null) throw new Error(`${formatRef(actor)} runs nowhere`);
      runtime.running.delete(`${worker.pool}/${worker.name}`);
      await client.deregisterWorker(worker, true);
      await registerWorker(worker.name);
    }
  }
}

/**
 * Leaves the actor as a former life of the victim would have, its lease with
 * it: so no reconciler touches it until the victim takes that back.
 */
async function abandon(actor: ActorRef, kind: Kind, call: CallName, victimId: string): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    behaviours.set(`${call} ${formatRef(actor)}`, (...args) => {
      resolve();
      return hang(...args);
    });
  });
  const ending = readToEnd(world.client[kind]({ actor }));
  await reached;
  const former = {
    holder: victimId,
    life: '0-former',
    workflowId: 'former',
    kind: 'FORMER',
    acquireTimeMs: Date.now(),
  };
  await redis.set(keys.lease(formatRef(actor)), `${leaseValueHead(former)}0}`, 'PX', 60_000);
  expect((await ending).error).toMatchObject({ reason: 'LEASE_LOST' });
}

/** @returns the actor, whose workflow has just lost its replica, and the token that it had then */
async function kill(scenario: Scenario, boundary: Boundary, side: Cut['side'], caller: string) {
  const name = `${scenario.kind}-${scenario.from}-${boundary}-${side}-${caller}`.toLowerCase().replaceAll('_', '-');
  const actor = { namespace: 'ns', name };
  await using tap = await startRedisTap(inject('redisUrl'));
  await using victim = await startReplica({ redisUrl: tap.url, redisKeyPrefix: prefix, instanceId: name, flags });
  await bring(actor, scenario.from, name);

  const isCall = (CALLS as readonly string[]).includes(boundary);
  if (isCall) {
    behaviours.set(`${boundary} ${formatRef(actor)}`, (call, signal, report, wire) => {
      if (side === 'after') wire.applyEffect();
      victim.signal('SIGKILL');
      return hang(call, signal, report, wire);
    });
  } else {
    const script = Object.hasOwn(SCRIPTS, boundary) ? SCRIPTS[boundary as keyof typeof SCRIPTS] : undefined;
    const cut: Cut = script === undefined ? { script: 'transition', write: boundary, side } : { script, side };
    tap.cutAt(cut, () => victim.signal('SIGKILL'));
  }
  const { error } = await readToEnd(victim.client[scenario.kind]({ actor }));
  if (error?.reason !== 'DRAINING') throw new Error(`not killed ${side} ${boundary}, but ended`, { cause: error });
  expect(await victim.exited).toBe('SIGKILL');
  const killedAtMs = performance.now();
  // Whatever it was in the middle of: what the next Resume would restore is complete.
  const { latest_snapshot, fencing_token } = await world.client.getActor(actor);
  expect(world.runtime.snapshots.get(latest_snapshot?.uri ?? '')).toBe('complete');
  return { actor, killedAtMs, token: Number(fencing_token) };
}

function restOf({ boundaries, rest, turn, goal }: Scenario, boundary: Boundary, side: Cut['side']): ActorState {
  const past = boundaries.indexOf(boundary) - boundaries.indexOf(turn);
  return past > 0 || (past === 0 && side === 'after') ? goal : rest;
}

for (const scenario of scenarios) {
  const sides = scenario.boundaries.flatMap((boundary) =>
    (['before', 'after'] as const).map((side) => ({ boundary, side, rest: restOf(scenario, boundary, side) })),
  );
  const only = (wanted: Cut['side']) => sides.filter(({ side }) => process.env['CHAOS'] === 'full' || side === wanted);

  describe.concurrent(`a ${scenario.kind} of a ${scenario.from} actor, killed`, () => {
    it.each(sides)('$side $boundary, is recovered without anybody calling: $rest', async ({ boundary, side, rest }) => {
      const { actor, killedAtMs } = await kill(scenario, boundary, side, 'nobody');
      await comesToRest(world, actor, killedAtMs + REST_WITHIN_MS);
      await expectIntact(world, actor, rest);
      // And it leads a normal life from there on.
      await run('resume', actor);
      await expectIntact(world, actor, 'RUNNING');
      await run('suspend', actor);
      await expectIntact(world, actor, 'SUSPENDED');
    });

    it.each(only('after'))('$side $boundary, is brought to RUNNING by the next Resume', async ({ boundary, side }) => {
      const { actor, killedAtMs, token } = await kill(scenario, boundary, side, 'resume');
      const { error, events } = await whenFree(() => world.client.resume({ actor }));
      expect(error).toBeUndefined();
      expect(events.at(-1)?.completed?.actor?.state).toBe('ACTOR_STATE_RUNNING');
      const lease = events[0]?.started?.lease;
      if (lease !== null && lease !== undefined) expect(Number(lease.fencing_token)).toBeGreaterThan(token);
      // One that already ran needed no lease; the victim's runs out.
      await comesToRest(world, actor, killedAtMs + REST_WITHIN_MS);
      await expectIntact(world, actor, 'RUNNING');
      await run('suspend', actor);
    });

    it.each(only('before'))('$side $boundary, is let go by the next Suspend', async ({ boundary, side, rest }) => {
      const { actor, killedAtMs, token } = await kill(scenario, boundary, side, 'suspend');
      const { error, events } = await whenFree(() => world.client.suspend({ actor }));
      // A frozen process cannot be suspended without a worker: it stays PAUSED, and the caller is told so.
      const end = rest === 'PAUSED' ? 'PAUSED' : 'SUSPENDED';
      if (error !== undefined) expect([error.reason, rest]).toEqual(['INVALID_STATE', 'PAUSED']);
      else expect(events.at(-1)?.completed?.actor?.state).toBe(`ACTOR_STATE_${end}`);
      expect(Number(events[0]?.started?.lease?.fencing_token)).toBeGreaterThan(token);
      // What a Suspend that has nothing to do leaves claimed is the reconciler's.
      await comesToRest(world, actor, killedAtMs + REST_WITHIN_MS);
      await expectIntact(world, actor, end);
    });
  });
}
