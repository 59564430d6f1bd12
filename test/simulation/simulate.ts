// Runs one seed, with chance in the seed's hands for as long as it lasts.

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { Simulation } from './simulation.js';
import { Violation } from './violation.js';
import { World } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly counts: ReadonlyMap<string, number>;
  /** The same for every run of the seed on the same sources. */
  readonly fingerprint: string;
  readonly events: number;
  /** Virtual. */
  readonly virtualMs: number;
  readonly trace: readonly string[];
}

/** In whose hands chance is. */
let underWay: World | undefined;

const { randomUUID } = crypto;
crypto.randomUUID = (options) => (underWay === undefined ? randomUUID(options) : `${underWay.random.id()}-0-0-0-0`);
// Once, since it takes a hundredth of a seed's time.
syncBuiltinESMExports();

/** @param isTraced whether everything that happens is written down, which takes time */
export async function simulate(seed: number, isTraced = false): Promise<Outcome> {
  const { random } = Math;
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const world = new World(seed, isTraced);
  let violation: Violation | undefined;
  try {
    Math.random = world.random.float;
    underWay = world;
    await new Simulation(world).run();
  } catch (error) {
    violation =
      error instanceof Violation ? error : new Violation('the simulation itself', String((error as Error).stack));
  } finally {
    Math.random = random;
    underWay = undefined;
  }
  // Rejections that nobody has handled are told of when the event loop turns.
  await setImmediate();
  process.off('unhandledRejection', onUnhandled);
  if (unhandled.length > 0) {
    violation ??= new Violation('no error is dropped', `unhandled: ${String((unhandled[0] as Error).stack)}`);
  }
  const { counts, fingerprint, events, trace, nowMs } = world;
  return { seed, violation, counts, fingerprint, events, virtualMs: nowMs, trace };
}
