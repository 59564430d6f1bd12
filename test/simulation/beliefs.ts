// Who believes to hold which lease, and that no two do (P1). A replica believes
// in a lease from its grant until its own clock reads `heldUntilMs`, whether it
// runs, stands still or is late to notice: that is what `ensureHeld` goes by.
// It stops believing when it sends the request that releases the lease: from
// then on it only repeats that request. A lease that a workflow leaves to run
// out, since a step of it did not come back (settle.ts), may still be written
// under by that step, as long as it has not been lost. Two believers are allowed only where
// somebody broke the lease by force, and after a failover that forgot writes,
// for the leases from before it: the promise needs a Redis that keeps what it
// acknowledged.

import { Heartbeat, type Renewable } from '../../src/lease/heartbeat.js';
import { Lease } from '../../src/lease/lease.js';
import type { LeaseStore } from '../../src/lease/lease-store.js';
import type { LeaseTimings } from '../../src/lease/timings.js';
import type { Process } from './process.js';
import type { Violate } from './violation.js';

interface Belief {
  readonly lease: Renewable;
  readonly process: Process;
}

export class Beliefs {
  readonly #violate: Violate;
  /** By resource, those of living processes that have not been given up. */
  readonly #held = new Map<string, Map<string, Belief>>();
  /** By value, those that are neither renewed nor watched any more: released, lost, or left to run out. */
  readonly #ended = new Map<string, Belief>();
  /** The values of leases in which nobody needs to believe rightly. */
  readonly #excused = new Set<string>();
  readonly #contested = new Set<string>();
  /** Every value that Redis has granted. */
  readonly #granted: string[] = [];

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  add(lease: Renewable, process: Process): void {
    const held = this.#held.get(lease.resource) ?? new Map<string, Belief>();
    this.#held.set(lease.resource, held.set(lease.value, { lease, process }));
    if (held.size > 1) this.#contested.add(lease.resource);
  }

  remove(lease: Renewable): void {
    const held = this.#held.get(lease.resource);
    const belief = held?.get(lease.value);
    if (held === undefined || belief?.lease !== lease) return;
    held.delete(lease.value);
    this.#ended.set(lease.value, belief);
    if (held.size < 2) this.#contested.delete(lease.resource);
  }

  /** Its holder sends the request that releases it. */
  onRelease(resource: string, value: string): void {
    this.excuse(resource, value);
    this.#ended.delete(value);
  }

  /** The one whose value begins so is being released, or was broken by force, perhaps before its holder knew of it. */
  excuse(resource: string, value: string): void {
    this.#excused.add(value);
    for (const held of this.#held.get(resource)?.keys() ?? []) if (held.startsWith(value)) this.#excused.add(held);
  }

  /** Redis has forgotten writes: whoever was granted a lease before may believe in it wrongly until it ends. */
  excuseAll(): void {
    for (const value of this.#granted) this.#excused.add(value);
  }

  /** Every lease that somebody believes in now, on one resource. */
  believers(resource: string): string[] {
    return [...(this.#held.get(resource) ?? [])].filter(([, belief]) => this.#believes(belief)).map(([value]) => value);
  }

  /** Whether some living process believes in that lease now, excused or not. */
  isHeld(resource: string, value: string): boolean {
    const belief = this.#held.get(resource)?.get(value) ?? this.#leftToRunOut(resource, value);
    return belief !== undefined && !belief.process.isDead && belief.process.nowMs < belief.lease.heldUntilMs;
  }

  #leftToRunOut(resource: string, value: string): Belief | undefined {
    const ended = this.#ended.get(value);
    if (ended?.lease.resource !== resource) return undefined;
    return ended.lease instanceof Lease && !ended.lease.signal.aborted ? ended : undefined;
  }

  /** As `isHeld`, by the fencing token. */
  isHeldWith(resource: string, fencingToken: number): boolean {
    const values = [...(this.#held.get(resource)?.keys() ?? []), ...this.#ended.keys()];
    return values.some((value) => value.endsWith(`:${fencingToken}}`) && this.isHeld(resource, value));
  }

  /** Redis grants a lease: nobody may believe in another one by now, long before the answer comes. */
  onGrant(resource: string, value: string): void {
    this.#granted.push(value);
    const others = this.believers(resource).filter((other) => other !== value);
    if (others.length > 0) {
      this.#violate(
        'P1 one workflow per actor',
        `${resource} is granted as ${value} while ${others.join(' and ')} is believed in`,
      );
    }
  }

  /** After each event. */
  check(): void {
    for (const resource of this.#contested) {
      const believers = this.believers(resource);
      if (believers.length > 1) {
        this.#violate('P1 one workflow per actor', `${resource} is believed to be held by ${believers.join(' and ')}`);
      }
    }
  }

  /** How many leases living processes still watch. */
  get size(): number {
    let size = 0;
    for (const held of this.#held.values()) for (const { process } of held.values()) if (!process.isDead) size += 1;
    return size;
  }

  #believes({ lease, process }: Belief): boolean {
    return !process.isDead && !this.#excused.has(lease.value) && process.nowMs < lease.heldUntilMs;
  }

  /** A heartbeat of `process` whose leases are watched here. */
  heartbeat(store: LeaseStore, timings: LeaseTimings, process: Process): Heartbeat {
    return new ObservedHeartbeat(store, timings, process, this);
  }
}

class ObservedHeartbeat extends Heartbeat {
  readonly #process: Process;
  readonly #beliefs: Beliefs;

  constructor(store: LeaseStore, timings: LeaseTimings, process: Process, beliefs: Beliefs) {
    super(store, timings, process.clock);
    this.#process = process;
    this.#beliefs = beliefs;
  }

  override add(lease: Renewable): void {
    this.#beliefs.add(lease, this.#process);
    super.add(lease);
  }

  override forget(lease: Renewable): void {
    this.#beliefs.remove(lease);
    super.forget(lease);
  }
}
