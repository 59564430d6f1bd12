// When which fault happens to whom, and for how long: decided by the seed alone.
// No two faults are on one target at once; faults on different targets overlap
// as they please. What the processes make of it differs from run to run, so a
// seed gives the same schedule, not the same history.

import { between, pick, pickWeighted, seeded, type Random } from './random.js';

export interface Planned {
  readonly atMs: number;
  readonly kind: string;
  readonly target: string;
  /** How long; what that means is the fault's own. */
  readonly forMs: number;
}

/** How often, against the others on the same kind of target, and for how long, in TTLs of a lease. */
type Kinds = Readonly<
  Record<string, { readonly weight: number; readonly ttls: readonly [least: number, most: number] }>
>;

const BRIEF = [0.1, 0.6] as const;
const LONG = [1.2, 2.5] as const;

/** `link`: a replica's connections to Redis; `road`: all those to a node; `real`: the node that is not a fake one. */
type Place = 'replica' | 'redis' | 'link' | 'node' | 'road' | 'real';

const OF_A_CONNECTION: Kinds = {
  reset: { weight: 3, ttls: [0, 0] },
  refuse: { weight: 2, ttls: [0.1, 1.5] },
  'half-open': { weight: 2, ttls: [0.2, 2] },
  'hold requests': { weight: 3, ttls: [0.5, 2.5] },
  'hold replies': { weight: 2, ttls: [0.2, 2] },
  'lose requests': { weight: 2, ttls: [0.2, 1.5] },
  'lose replies': { weight: 3, ttls: [0.2, 1.5] },
  delay: { weight: 3, ttls: [0.5, 3] },
};

const KINDS: Readonly<Record<Place, Kinds>> = {
  replica: {
    kill: { weight: 4, ttls: [0, 2] },
    'kill and rename': { weight: 2, ttls: [0, 2] },
    terminate: { weight: 2, ttls: [0, 0.5] },
    'stop briefly': { weight: 2, ttls: BRIEF },
    'stop long': { weight: 4, ttls: LONG },
    'block the loop': { weight: 4, ttls: [0, 0] },
  },
  redis: {
    'stop briefly': { weight: 3, ttls: BRIEF },
    'stop long': { weight: 2, ttls: LONG },
    restart: { weight: 4, ttls: [0, 0.5] },
    'pause clients': { weight: 2, ttls: [0.2, 1.5] },
    'pause writes': { weight: 2, ttls: [0.2, 1.5] },
    sleep: { weight: 2, ttls: [0.2, 1.2] },
    fill: { weight: 3, ttls: [0.3, 1] },
    'flush scripts': { weight: 2, ttls: [0, 0] },
    'kill clients': { weight: 2, ttls: [0, 0] },
  },
  link: OF_A_CONNECTION,
  node: {
    kill: { weight: 3, ttls: [0, 1.5] },
    reboot: { weight: 2, ttls: [0, 1.5] },
    'stop briefly': { weight: 2, ttls: BRIEF },
    'stop long': { weight: 2, ttls: LONG },
    slow: { weight: 3, ttls: [1, 3] },
    'disk full': { weight: 3, ttls: [0.5, 2] },
  },
  road: OF_A_CONNECTION,
  real: {
    kill: { weight: 3, ttls: [0, 1] },
    'stop briefly': { weight: 1, ttls: BRIEF },
    'stop long': { weight: 1, ttls: LONG },
  },
};

/** Against each other. Without Redis little happens, and so little can go wrong. */
const WEIGHTS = { replica: 8, redis: 4, link: 4, node: 4, road: 4, real: 2 };

export interface PlanOptions {
  readonly durationMs: number;
  readonly ttlMs: number;
  /** The mean time from one fault to the next. */
  readonly everyMs: number;
  /** The names at each place. */
  readonly names: Readonly<Record<Place, readonly string[]>>;
  /** Whether Redis forgets everything, once by FLUSHALL and once by a restart without its data. */
  readonly wipes: boolean;
}

/** The share of the time at whose end replicas die and nothing else fails, so that takeovers can be timed. */
const DEATHS_SHARE = 0.33;
/** From one of those deaths to the next, in TTLs: the lease runs out, and the dead one comes back. */
const DEATH_EVERY_TTLS = 2.2;

/** In the order of their times. */
export function planFaults(seed: number, options: PlanOptions): readonly Planned[] {
  const { durationMs, ttlMs, names } = options;
  const random = seeded(seed);
  const deathsFromMs = durationMs * (1 - DEATHS_SHARE);
  const planned = planAnything(random, { ...options, durationMs: deathsFromMs });
  // Whatever is still going on by then has ended.
  for (let atMs = deathsFromMs + 2 * ttlMs; atMs < durationMs; atMs += DEATH_EVERY_TTLS * ttlMs) {
    const target = `replica ${names.replica[planned.length % names.replica.length] ?? ''}`;
    planned.push({ atMs, target, kind: 'kill', forMs: Math.round(between(random, 0, 0.5) * ttlMs) });
  }
  return planned;
}

function planAnything(random: Random, { durationMs, ttlMs, everyMs, names, wipes }: PlanOptions): Planned[] {
  const planned: Planned[] = [];
  const busyUntilMs = new Map<string, number>();
  const add = (fault: Planned): void => {
    planned.push(fault);
    // And a moment in which it is well, so that faults do not melt into one.
    busyUntilMs.set(fault.target, fault.atMs + fault.forMs + ttlMs / 2);
  };
  const wipesAtMs = wipes ? [between(random, 0.3, 0.4) * durationMs, between(random, 0.65, 0.75) * durationMs] : [];
  for (let atMs = 0; ;) {
    atMs += -Math.log(1 - random()) * everyMs;
    if (atMs > durationMs) break;
    const place = pickWeighted(random, WEIGHTS);
    const target = `${place === 'real' ? 'node' : place} ${pick(random, names[place])}`.trimEnd();
    const kinds = KINDS[place];
    const kind = pickWeighted(
      random,
      Object.fromEntries(Object.entries(kinds).map(([name, { weight }]) => [name, weight])),
    );
    const [least, most] = kinds[kind]?.ttls ?? [0, 0];
    const forMs = Math.round(between(random, least, most) * ttlMs);
    const [wipeAtMs] = wipesAtMs;
    if (wipeAtMs !== undefined && atMs > wipeAtMs) {
      const lastWipe = wipesAtMs.length === 1;
      if ((busyUntilMs.get('redis') ?? 0) < atMs) {
        wipesAtMs.shift();
        add({
          atMs,
          target: 'redis',
          ...(lastWipe ? { kind: 'lose data', forMs: ttlMs / 4 } : { kind: 'flush', forMs: 0 }),
        });
        continue;
      }
      if (target === 'redis') continue;
    }
    if ((busyUntilMs.get(target) ?? 0) < atMs) add({ atMs, kind, target, forMs });
  }
  return planned;
}
