// How bad a seed's world is: which faults it has and how often. Each seed has
// only some of them, so that one fault does not hide what another would show.

import type { Random } from './random.js';

export interface Faults {
  /** Chances for each message. */
  readonly messageDelayed: number;
  readonly connectionLost: number;
  readonly wakeUpLost: number;
  readonly wakeUpDoubled: number;
  /** Chances for each call to a node runtime. */
  readonly runtimeFails: number;
  readonly runtimeCut: number;
  readonly diskFull: number;
  /** How often each comes in a second, on average. */
  readonly processStops: number;
  readonly processDies: number;
  readonly processDrains: number;
  readonly wallJumps: number;
  readonly storeStops: number;
  readonly storeJumps: number;
  readonly storeFailsOver: number;
  readonly nodeStops: number;
  readonly nodeDies: number;
  readonly operatorActs: number;
  /** Whether a failover forgets the last writes. */
  readonly forgets: boolean;
  /** The longest that a stop or a delay takes, in lease TTLs. */
  readonly longestTtls: number;
}

export const CALM: Faults = {
  messageDelayed: 0,
  connectionLost: 0,
  wakeUpLost: 0,
  wakeUpDoubled: 0,
  runtimeFails: 0,
  runtimeCut: 0,
  diskFull: 0,
  processStops: 0,
  processDies: 0,
  processDrains: 0,
  wallJumps: 0,
  storeStops: 0,
  storeJumps: 0,
  storeFailsOver: 0,
  nodeStops: 0,
  nodeDies: 0,
  operatorActs: 0,
  forgets: false,
  longestTtls: 0,
};

export function someFaults(random: Random): Faults {
  const maybe = (chance: number, most: number): number => (random.chance(chance) ? random.skewed(most / 20, most) : 0);
  return {
    messageDelayed: maybe(0.5, 0.1),
    connectionLost: maybe(0.5, 0.04),
    wakeUpLost: maybe(0.5, 0.5),
    wakeUpDoubled: maybe(0.5, 0.5),
    runtimeFails: maybe(0.4, 0.4),
    runtimeCut: maybe(0.5, 0.4),
    diskFull: maybe(0.3, 0.5),
    processStops: maybe(0.5, 0.5),
    processDies: maybe(0.4, 0.3),
    processDrains: maybe(0.2, 0.1),
    wallJumps: maybe(0.3, 0.5),
    storeStops: maybe(0.2, 0.2),
    storeJumps: maybe(0.3, 0.3),
    storeFailsOver: maybe(0.1, 0.2),
    nodeStops: maybe(0.3, 0.2),
    nodeDies: maybe(0.2, 0.15),
    operatorActs: maybe(0.3, 0.3),
    forgets: random.chance(0.7),
    longestTtls: random.between(0.5, 3),
  };
}
