import { beforeEach, describe, expect, it } from 'vitest';
import { Lease } from '../../src/lease/lease.js';
import type { LeaseStore } from '../../src/lease/lease-store.js';
import { leaseTimings } from '../../src/lease/timings.js';
import { Beliefs } from './beliefs.js';
import { Process } from './process.js';
import { World } from './world.js';

const TTL_MS = 1000;
const timings = leaseTimings({ ttlMs: TTL_MS });
const RESOURCE = 'n/a';
const VALUE = '{"fencing_token":7}';

/** It answers nothing. */
const store: LeaseStore = {
  acquire: () => new Promise(() => undefined),
  renew: () => new Promise(() => undefined),
  release: () => new Promise(() => undefined),
};

describe('whether a lease may be written under', () => {
  let world: World;
  let beliefs: Beliefs;
  let lease: Lease;
  const isHeld = (): boolean[] => [beliefs.isHeld(RESOURCE, VALUE), beliefs.isHeldWith(RESOURCE, 7)];
  const pass = async (forMs: number): Promise<void> => {
    let isOver = false;
    world.after(forMs, () => (isOver = true));
    await world.run(() => isOver);
  };

  beforeEach(() => {
    world = new World(1, false);
    const process = new Process(world, 'replica');
    beliefs = new Beliefs((promise, what) => expect.unreachable(`${promise}: ${what}`));
    const { nowMs } = process;
    lease = new Lease(
      {
        resource: RESOURCE,
        value: VALUE,
        fencingToken: 7,
        serverTimeUs: 0,
        requestedAtMs: nowMs,
        answeredAtMs: nowMs,
      },
      { store, heartbeat: beliefs.heartbeat(store, timings, process), timings, clock: process.clock },
    );
  });

  it('until it has run out', async () => {
    await pass(TTL_MS / 4);
    expect(isHeld()).toEqual([true, true]);
    await pass(TTL_MS);
    expect(isHeld()).toEqual([false, false]);
  });

  it('so long too where a step that did not come back is left with it', async () => {
    lease.end();
    expect(isHeld()).toEqual([true, true]);
    await pass(TTL_MS);
    expect(isHeld()).toEqual([false, false]);
  });

  it('no more when it is lost', () => {
    lease.lose('it was taken');
    expect(isHeld()).toEqual([false, false]);
  });

  it('no more when its release was sent', () => {
    lease.end();
    beliefs.onRelease(RESOURCE, VALUE);
    expect(isHeld()).toEqual([false, false]);
  });
});
