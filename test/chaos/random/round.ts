// One round of the random chaos: starts the processes, lets callers call while
// the schedule's faults happen, heals everything, waits for rest, has every
// actor resumed and suspended once more, and hands back the history of it all.

import { setTimeout as sleep } from 'node:timers/promises';
import { ACTOR_STATES, type ActorState } from '../../../src/actor/actor.js';
import { Caller, toRef } from './caller.js';
import { isAtRest } from './check/rest.js';
import { Counter } from './counter.js';
import { inject } from './faults.js';
import type { Fault, History, Rest, RestingActor } from './history.js';
import { seeded } from './random.js';
import { REAL } from './real-node.js';
import { Recorder } from './recorder.js';
import { planFaults, type Planned } from './schedule.js';
import { NODES, REPLICAS, World } from './world.js';

export interface RoundOptions {
  readonly seed: number;
  /** For how long faults happen; all of it takes about 20 s more. */
  readonly faultsForMs: number;
  readonly wipes: boolean;
  /** Where processes keep what they keep. */
  readonly directory: string;
}

/** The shortest whose third two busy cores keep. */
export const TTL_MS = 1500;
const RECOVERY_ATTEMPTS = 3;
const FAULT_EVERY_MS = 650;
const ACTORS = 30;
const CALLERS = 8;
const REAL_ACTORS = 3;
const COUNTERS = 2;
/** At the end: so few that no node is full, which a frozen actor could not wait for. */
const LAST_CALLERS = 4;

/** The longest fault, and a process that drains and starts again. */
const HEALED_WITHIN_MS = 40_000;
/** A call that takes longer never ends: more than the workflow deadline and every wait together. */
const CALLS_END_WITHIN_MS = 30_000;
/** Two TTLs to be found, retries of five seconds, backoff: and then some for two cores. */
const REST_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** A Resume that finds its actor's frozen memory lost says so, and the next one succeeds; one whose node is full does not queue. */
const LAST_ATTEMPTS = 8;
const LAST_PAUSE_MS = 500;

export async function runRound({ seed, faultsForMs, wipes, directory }: RoundOptions): Promise<History> {
  const world = await World.start({ directory, ttlMs: TTL_MS, recoveryAttempts: RECOVERY_ATTEMPTS });
  try {
    const recorder = new Recorder();
    const actors = Array.from({ length: ACTORS }, (_, i) => `chaos/a${i}`);
    const callers = Array.from(
      { length: CALLERS },
      (_, i) => new Caller({ world, recorder, actors, ttlMs: TTL_MS, random: seeded(seed * 1000 + i) }),
    );
    const [first] = callers;
    if (first === undefined) throw new RangeError('no caller');
    const realActors = Array.from({ length: REAL_ACTORS }, (_, i) => `chaos/real-${i}`);
    await Promise.all(actors.map((actor) => first.create(actor)));

    const stop = new AbortController();
    const counters = Array.from(
      { length: COUNTERS },
      (_, i) => new Counter({ caller: first, actors: realActors, random: seeded(seed * 2000 + i) }),
    );
    const calling = [...callers, ...counters].map((caller) => caller.run(stop.signal));
    const names = { replica: REPLICAS, link: REPLICAS, redis: [''], node: NODES, road: [...NODES, REAL], real: [REAL] };
    const plan = { durationMs: faultsForMs, ttlMs: TTL_MS, everyMs: FAULT_EVERY_MS, names };
    const faults = await injectAll(world, planFaults(seed, { ...plan, wipes }));
    stop.abort();
    await Promise.race([Promise.all(calling), sleep(CALLS_END_WITHIN_MS, undefined, { ref: false })]);

    const rest = await comeToRest(world, [...actors, ...realActors]);
    // Those that have a worker give it back first.
    const [running, others] = [true, false].map((runs) =>
      rest.actors.filter(({ state }) => (state === 'RUNNING') === runs),
    );
    for (const some of [running, others]) await leadNormalLives(first, counters, some?.map(({ actor }) => actor) ?? []);
    return {
      ...{ seed, ttlMs: TTL_MS, recoveryAttempts: RECOVERY_ATTEMPTS },
      ...{ writes: world.writes(), effects: world.effects(), calls: recorder.calls, faults, rest },
      real: realActors,
      counts: counters.flatMap(({ counts }) => counts),
      deaths: counters.flatMap(({ deaths }) => deaths),
    };
  } finally {
    await world.close();
  }
}

/** Resolves when all of them are over and healed. @throws Error that names those which are not, after a while */
async function injectAll(world: World, plan: readonly Planned[]): Promise<readonly Fault[]> {
  const faults: { -readonly [Key in keyof Fault]: Fault[Key] }[] = [];
  const beganAtMs = performance.now();
  const healed: Promise<void>[] = [];
  for (const planned of plan) {
    await sleep(Math.max(0, beganAtMs + planned.atMs - performance.now()));
    // A process that is slow to come back is not there to be killed.
    if (faults.some(({ target, untilMs }) => target === planned.target && untilMs === Infinity)) continue;
    const fault = { kind: planned.kind, target: planned.target, fromMs: Date.now(), untilMs: Infinity };
    faults.push(fault);
    const injected = inject(world, planned).finally(() => (fault.untilMs = Date.now()));
    // Nobody waits for it yet; it is thrown at the end.
    injected.catch(() => undefined);
    healed.push(injected);
  }
  await Promise.race([Promise.all(healed), sleep(HEALED_WITHIN_MS, undefined, { ref: false })]);
  const open = faults.filter(({ untilMs }) => untilMs === Infinity);
  if (open.length > 0) throw new Error(`not over after ${HEALED_WITHIN_MS} ms: ${JSON.stringify(open)}`);
  return faults;
}

/** Resumes and suspends each, some at once. */
async function leadNormalLives(caller: Caller, counters: readonly Counter[], actors: readonly string[]): Promise<void> {
  const left = [...actors];
  const work = async (): Promise<void> => {
    for (let actor = left.shift(); actor !== undefined; actor = left.shift()) {
      await lastCall(caller, 'resume', actor);
      if (actor.includes('/real-')) await counters[0]?.visitLast(actor);
      await lastCall(caller, 'suspend', actor);
    }
  };
  await Promise.all(Array.from({ length: LAST_CALLERS }, work));
}

async function lastCall(caller: Caller, op: 'resume' | 'suspend', actor: string): Promise<void> {
  for (let attempt = 1; attempt <= LAST_ATTEMPTS; attempt += 1) {
    const waits = { leaseWaitMs: 2 * TTL_MS, workerWaitMs: 4 * TTL_MS, isLast: true };
    const call = await caller.workflow(op, actor, undefined, waits);
    if (call?.ending?.code === 'OK') return;
    await sleep(LAST_PAUSE_MS);
  }
}

/** Resolves when every actor is at rest, or when that has taken too long: what is found then is what is left. */
async function comeToRest(world: World, names: readonly string[]): Promise<Rest> {
  const beganAtMs = Date.now();
  for (;;) {
    const actors = (await Promise.all(names.map((name) => lookAt(world, name)))).filter((actor) => actor !== undefined);
    const endedAtMs = Date.now();
    if (actors.every((actor) => isAtRest(actor, RECOVERY_ATTEMPTS)) || endedAtMs - beganAtMs > REST_WITHIN_MS) {
      return { beganAtMs, endedAtMs, actors };
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Straight from Redis: undefined where there is no such actor. */
async function lookAt({ redis, keys }: World, name: string): Promise<RestingActor | undefined> {
  const pool = name.includes('/real-') ? REAL : 'default';
  const [, , , , , , claims] = keys.pool(pool);
  const answers = await redis.control
    .multi()
    .hmget(keys.actor(toRef(name)), 'state', 'worker_pool', 'worker_name', 'recovery_attempts')
    .hget(claims, name)
    .exists(keys.lease(name))
    .exec();
  const [fields, claim, leased] = (answers ?? []).map(([, value]) => value) as [
    (string | null)[],
    string | null,
    number,
  ];
  const [state = null, workerPool = null, worker = null, attempts = null] = fields;
  if (!ACTOR_STATES.some((known) => known === state)) return undefined;
  return {
    actor: name,
    state: state as ActorState,
    ...(worker !== null && { worker: `${workerPool ?? ''}/${worker}` }),
    ...(claim !== null && { claim: `${pool}/${claim}` }),
    ...{ leased: leased === 1, recoveryAttempts: Number(attempts ?? 0) },
  };
}
