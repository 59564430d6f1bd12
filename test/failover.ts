// What tests of failovers share: replicas in the middle of restores that hang,
// some of whose renew deadlines ride out a failover and some of whose do not,
// and a caller who tries again and again, to find out how soon calls succeed.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ActorRef } from '../src/actor/actor.js';
import { CoordinatorError } from '../src/errors.js';
import { Keys } from '../src/store/redis/keys.js';
import { comesToRest, expectIntact, type Surroundings } from './aftermath.js';
import type { CoordinatorClient } from '../src/client/coordinator-client.js';
import type { WorkflowEvent__Output } from '../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { readToEnd, type Ending } from './coordinator.js';
import { hang, startFakeNodeRuntime, type Behaviour, type FakeNodeRuntime } from './fake-node-runtime.js';
import type { Taken } from './redis-node.js';
import { uniquePrefix } from './redis.js';
import { startReplica, type Replica } from './replica.js';

/** New calls are promised to succeed this soon after there is a new master. */
export const TAKEOVER_MS = 2000;

const STRICT_TTL_MS = 1500;

/**
 * How replicas are set up: by what they do about a Redis that fails over in two
 * to six seconds. A renewal may have been due when it began, so what is surely
 * ridden out is the renew deadline less the interval. The one with the short TTL
 * reconciles, so that nobody waits for the others.
 */
const FLAGS = {
  /** The defaults but for the TTL: the first renewal that fails loses the lease. */
  strict: ['--lease-ttl', `${String(STRICT_TTL_MS)}ms`],
  /** Rides out 8 s, and would wait 4 s for each answer. */
  patient: [
    ...['--lease-ttl', '18s', '--lease-renew-deadline', '12s', '--lease-renew-interval', '4s'],
    ...['--recovery-attempts', '0'],
  ],
  /** Rides out 7 s, and asks often. */
  quick: [
    ...['--lease-ttl', '12s', '--lease-renew-deadline', '8s', '--lease-renew-interval', '1s'],
    ...['--recovery-attempts', '0'],
  ],
} as const;

export type Kind = keyof typeof FLAGS;
export const KINDS: readonly Kind[] = ['strict', 'patient', 'quick'];

export interface World {
  readonly prefix: string;
  readonly pool: string;
  readonly runtime: FakeNodeRuntime;
  readonly replicas: Readonly<Record<Kind, Replica>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For each actor that is left running by as many failovers as one world may go through. */
const WORKERS = 40;

/** Three replicas on that Redis, and a node runtime with workers enough for all. */
export async function startWorld(
  redisUrl: string,
  given: { readonly pool?: string; readonly prefix?: string } = {},
): Promise<World> {
  const { pool = 'default', prefix = uniquePrefix() } = given;
  const runtime = await startFakeNodeRuntime();
  const start = (kind: Kind): Promise<Replica> =>
    startReplica({ redisUrl, redisKeyPrefix: prefix, instanceId: kind, flags: FLAGS[kind] });
  const started = await Promise.allSettled(KINDS.map(start));
  const all = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const dispose = async (): Promise<void> => {
    await Promise.all(all.map((replica) => replica[Symbol.asyncDispose]()));
    await runtime.close();
  };
  const [strict, patient, quick] = all;
  if (strict === undefined || patient === undefined || quick === undefined) {
    await dispose();
    throw new Error('a replica did not start', { cause: started });
  }
  for (let i = 0; i < WORKERS; i += 1) {
    const worker = { pool, name: `w${String(i)}` };
    await quick.client.registerWorker({ worker, runtime_address: runtime.address, node: 'n' });
  }
  return { prefix, pool, runtime, replicas: { strict, patient, quick }, [Symbol.asyncDispose]: dispose };
}

export interface Restoring {
  readonly kind: Kind;
  readonly actor: ActorRef;
  readonly fencingToken: number;
  readonly ending: Promise<Ending>;
  /** Resolves when the lease has been renewed once more, or the stream has ended. */
  renewed(): Promise<void>;
}

/** Begins to resume these actors, and resolves when each is in a restore that lasts until `finish`. */
export async function startRestores(
  { runtime, replicas, pool }: World,
  actors: readonly { readonly kind: Kind; readonly actor: ActorRef }[],
): Promise<{ readonly restoring: readonly Restoring[]; readonly finish: () => void }> {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const untilFinished: Behaviour = (call, signal, ...rest) => Promise.race([finished, hang(call, signal, ...rest)]);
  const restoring: Restoring[] = [];
  for (const { kind, actor } of actors) {
    const { client } = replicas[kind];
    await client.createActor({ actor, pool });
    runtime.next('restore', untilFinished);
    const called = runtime.nextCall('restore');
    const onRenewed = new Set<() => void>();
    const watch = (event: WorkflowEvent__Output): void => {
      if (event.lease_renewed !== null) for (const resolve of onRenewed) resolve();
    };
    const ending = readToEnd(client.resume({ actor, options: { lease_events: true } }), watch);
    const { fencingToken } = await called;
    const renewed = async (): Promise<void> => {
      await Promise.race([new Promise<void>((resolve) => onRenewed.add(resolve)), ending]);
    };
    restoring.push({ kind, actor, fencingToken, ending, renewed });
  }
  return { restoring, finish };
}

export interface Caller {
  /** Resolves with when the first call succeeded that began at or after that time; both on performance.now(). */
  succeededAfter(sinceMs: number): Promise<number>;
  /** What its calls ended with, where they did not succeed. */
  readonly failures: readonly string[];
  readonly stop: () => Promise<void>;
}

/**
 * Takes and releases the leases of actors that sleep, again and again, one call
 * after the other: each is two writes to Redis, and nothing that a lost write
 * could put at odds with a node runtime. An actor whose release was lost with
 * the former master is leased until its TTL is over; the next one is not.
 */
export function startCaller(client: CoordinatorClient, actors: readonly ActorRef[]): Caller {
  const successes: { readonly begunMs: number; readonly endedMs: number }[] = [];
  const failures: string[] = [];
  const onSuccess = new Set<() => void>();
  const over = new AbortController();
  const calling = (async () => {
    for (let i = 0; !over.signal.aborted; i += 1) {
      const actor = actors[i % actors.length];
      if (actor === undefined) throw new Error('no actor to call');
      const begunMs = performance.now();
      const { error } = await readToEnd(client.suspend({ actor }));
      if (error === undefined) {
        successes.push({ begunMs, endedMs: performance.now() });
        for (const resolve of onSuccess) resolve();
      } else {
        // Whatever else a failover may do to a caller, it is one of these.
        expect(['STORE_UNAVAILABLE', 'LEASE_LOST', 'LEASE_HELD']).toContain(error.reason);
        failures.push(`${error.reason}: ${error.message}`);
      }
      await sleep(20);
    }
  })();
  return {
    failures,
    async succeededAfter(sinceMs) {
      for (;;) {
        const first = successes.find(({ begunMs }) => begunMs >= sinceMs);
        if (first !== undefined) return first.endedMs;
        await new Promise<void>((resolve) => onSuccess.add(resolve));
      }
    },
    async stop() {
      over.abort();
      await calling;
    },
  };
}

/** Prints how soon calls succeeded after each failover. */
export class Takeovers {
  readonly #of: string;
  readonly #ms = new Map<string, number[]>();

  constructor(of: string) {
    this.#of = of;
  }

  add(how: string, ms: number): void {
    this.#ms.set(how, [...(this.#ms.get(how) ?? []), ms]);
  }

  print(): void {
    const row = (how: string, ms: readonly number[]): string => {
      const sorted = ms.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
      return `${how}: median ${median.toFixed(0)} ms, worst ${(sorted.at(-1) ?? NaN).toFixed(0)} ms of ${String(ms.length)}`;
    };
    const rows = [...this.#ms].map(([how, ms]) => row(how, ms));
    console.log([`${this.#of}: from a new master to the first call that succeeds`, ...rows].join('\n  '));
  }
}

/** How many actors one failover is tried on. */
export const ACTORS = 30;

export interface Failover {
  readonly how: string;
  /** Whether Redis is away for so long that the first failed renewal is certain to come. */
  readonly long: boolean;
}

/** Who has lost its actor is recovered within two TTLs; the rest is for a machine with two cores. */
const REST_WITHIN_MS = 2 * STRICT_TTL_MS + 3000;

/**
 * Fails over in the middle of two restores on each replica. Expects that those go on whose renew deadline allows it,
 * that the others end with LEASE_LOST, that a caller of each replica soon succeeds, and that all is well afterwards.
 */
export async function expectThroughFailover(
  world: World,
  { how, long }: Failover,
  takeovers: Takeovers,
  steps: {
    /** Resolves when nothing that was written is on one node only. */
    readonly replicated: () => Promise<void>;
    readonly begin: () => Promise<unknown>;
    readonly newMaster: () => Promise<Taken>;
    /** Resolves when every replica is connected to the new master; until then it may write to one that is forgotten. */
    readonly settled: (taken: Taken) => Promise<void>;
    /** A client of Redis as it is afterwards. */
    readonly redis: () => Surroundings['redis'] | Promise<Surroundings['redis']>;
    /** As many names as ACTORS, of actors whose keys are where it happens. */
    readonly actorNames: readonly string[];
  },
): Promise<void> {
  const refs = steps.actorNames.map((name): ActorRef => ({ namespace: 'ns', name }));
  const take = (): ActorRef => refs.pop() ?? { namespace: '', name: 'too few names' };
  const actors = KINDS.flatMap((kind) => [take(), take()].map((actor) => ({ kind, actor })));
  const { restoring, finish } = await startRestores(world, actors);
  const probes = KINDS.map((kind) => ({
    client: world.replicas[kind].client,
    sleeping: Array.from({ length: 8 }, take),
  }));
  for (const { client, sleeping } of probes) for (const actor of sleeping) await client.createActor({ actor });
  await steps.replicated();

  await steps.begin();
  const callers = probes.map(({ client, sleeping }) => startCaller(client, sleeping));
  try {
    const taken = await steps.newMaster();
    for (const caller of callers) {
      const afterMs = (await caller.succeededAfter(taken.atMs)) - taken.atMs;
      takeovers.add(how, afterMs);
      expect.soft(afterMs, how).toBeLessThan(TAKEOVER_MS);
    }
    await steps.settled(taken);
  } finally {
    await Promise.all(callers.map((caller) => caller.stop()));
  }

  await Promise.all(restoring.map((each) => each.renewed()));
  finish();
  for (const { kind, actor, ending } of restoring) {
    const { error, events } = await ending;
    if (kind === 'strict' && (long || error !== undefined)) expect(error).toMatchObject({ reason: 'LEASE_LOST' });
    else
      expect([actor, error?.message, events.at(-1)?.completed?.actor?.state]).toEqual([
        actor,
        undefined,
        'ACTOR_STATE_RUNNING',
      ]);
  }
  const { prefix, pool, runtime, replicas } = world;
  const around = { redis: await steps.redis(), keys: new Keys(prefix), client: replicas.quick.client, runtime, pool };
  const restUntilMs = performance.now() + REST_WITHIN_MS;
  for (const { actor } of actors) {
    await comesToRest(around, actor, restUntilMs);
    // A machine that is busy elsewhere for a second costs a connection, and a call or two.
    await retrying(() => expectIntact(around, actor, 'RUNNING'));
  }
}

async function retrying(look: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await look();
      return;
    } catch (error) {
      if (!(error instanceof CoordinatorError) || error.reason !== 'STORE_UNAVAILABLE' || attempt === 5) throw error;
      await sleep(300);
    }
  }
}
