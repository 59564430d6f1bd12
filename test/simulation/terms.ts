// What a seed's world is made of, chosen by the seed: how many of everything,
// how long everything takes and may take.

import type { ActorRef } from '../../src/actor/actor.js';
import { leaseTimings, type LeaseTimings } from '../../src/lease/timings.js';
import type { Random } from './random.js';

export interface Terms {
  readonly timings: LeaseTimings;
  /** How long things go wrong. */
  readonly activeMs: number;
  readonly actors: readonly ActorRef[];
  readonly nodes: readonly {
    readonly node: string;
    readonly workers: readonly { readonly pool: string; readonly name: string }[];
  }[];
  readonly workersExpire: boolean;
  readonly replicas: readonly { readonly name: string; readonly recoveryAttempts: number }[];
  /** Of those that recover at all. */
  readonly recoveryAttempts: number;
  /** Of a node runtime, for one call. */
  readonly longestWorkMs: number;
  readonly workflowDeadlineMs: number;
  readonly unwindGraceMs: number;
  readonly maxWorkflows: number;
}

export function chooseTerms(random: Random): Terms {
  const ttlMs = random.pick([1000, 3000, 3000, 6000]);
  const renewDeadlineMs = random.chance(0.5) ? undefined : (ttlMs * 2) / 3;
  const recoveryAttempts = random.integer(1, 3);
  return {
    timings: leaseTimings({ ttlMs, renewDeadlineMs }),
    activeMs: ttlMs * random.between(1.5, 4),
    actors: named('a', random.pick([2, 3, 3, 4])).map((name) => ({ namespace: 'n', name })),
    nodes: chooseNodes(random),
    workersExpire: random.chance(0.4),
    // One recovers always: with none, what is abandoned stays so.
    replicas: named('replica', random.integer(2, 3)).map((name, i) => ({
      name,
      recoveryAttempts: i === 0 || random.chance(0.3) ? recoveryAttempts : 0,
    })),
    recoveryAttempts,
    longestWorkMs: ttlMs * random.between(0.2, 2.5),
    workflowDeadlineMs: ttlMs * random.between(1.5, 5),
    unwindGraceMs: ttlMs / 3,
    maxWorkflows: random.chance(0.2) ? 2 : 100,
  };
}

/** Mostly fewer workers than actors; each pool has one at least. */
function chooseNodes(random: Random): Terms['nodes'] {
  const pools = random.chance(0.7) ? ['p'] : ['p', 'q'];
  const missing = new Set(pools);
  const nodes = named('node', random.integer(1, 3)).map((node, i) => ({
    node,
    workers: named(`w${i}`, random.integer(1, 2)).map((name) => {
      const pool = random.pick(pools) ?? '';
      missing.delete(pool);
      return { pool, name };
    }),
  }));
  const [first] = nodes;
  first?.workers.push(...[...missing].map((pool) => ({ pool, name: `more-${pool}` })));
  return nodes;
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}
