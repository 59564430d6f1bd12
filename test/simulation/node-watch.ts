// Holds everything that the nodes do against what was done before: no effect of
// a stale holder, no actor that runs twice, nothing restored that is torn or
// older than what was promoted, nobody driven from a worker that is his (P1,
// P6).

import { formatRef } from '../../src/actor/actor.js';
import type { KnownActors } from './known-actors.js';
import type { SimulatedNode } from './node.js';
import type { Call, NodeObserver, Place, StoredSnapshot } from './places.js';
import type { Server } from './redis/server.js';
import type { Violate } from './violation.js';
import type { World } from './world.js';

export interface NodeWatchOptions {
  readonly world: World;
  readonly server: Server;
  readonly violate: Violate;
  readonly known: KnownActors;
  readonly snapshots: ReadonlyMap<string, StoredSnapshot>;
  readonly nodes: readonly SimulatedNode[];
}

export class NodeWatch implements NodeObserver {
  readonly #options: NodeWatchOptions;

  constructor(options: NodeWatchOptions) {
    this.#options = options;
  }

  onEffect(node: string, call: Call, place: Place | undefined): void {
    const { world, violate, known } = this.#options;
    const { name, fencingToken } = call;
    const actor = formatRef(call.actor);
    const so = known.of(actor);
    world.count(`runtime: ${name}`);
    world.note(
      node,
      () => `${name} ${actor} on ${call.worker.name} with ${fencingToken} ${call.snapshot?.uri ?? ''} is done`,
    );
    // Each node refuses what it knows to be stale; this is across nodes, where a late Stop finds what it was sent for, or nothing.
    if (fencingToken < so.worked && name !== 'stop' && !known.isExcused(actor)) {
      violate('P1 a stale holder has no effect', `${name} of ${actor} with ${fencingToken}, after ${so.worked}`);
    }
    so.worked = Math.max(so.worked, fencingToken);
    if (name === 'stop') so.isLost = true;
    if (name === 'restore') {
      so.isLost = false;
      this.#checkStart(node, actor, place);
    }
  }

  #checkStart(node: string, actor: string, place: Place | undefined): void {
    const { violate, known, snapshots, nodes } = this.#options;
    if (known.isExcused(actor)) return;
    const other = nodes.find(({ name, placeOf }) => name !== node && placeOf(actor)?.worker !== undefined);
    if (other !== undefined) {
      violate('P6 an actor runs once', `${actor} was started on ${node}, and runs on ${other.name}`);
    }
    const { durable } = known.of(actor);
    if (place !== undefined && place.memory < (snapshots.get(durable)?.memory ?? 0)) {
      violate('P6 nothing is lost', `${actor} was started from ${place.origin}, and had ${durable}`);
    }
  }

  onRestoring(call: Call, snapshot: StoredSnapshot | undefined): void {
    if (snapshot?.isComplete === true) return;
    const what = `${call.snapshot?.uri ?? ''} for ${formatRef(call.actor)}`;
    this.#options.violate('P6 only what is complete is restored', what);
  }

  onWritten(call: Call, before: StoredSnapshot | undefined): void {
    // A Suspend that Redis has forgotten is done again, with what its actor has come to know since it was resumed.
    if (before?.isComplete !== true || this.#options.known.hasForgotten) return;
    this.#options.violate('P6 no effect twice', `${call.snapshot?.uri ?? ''} was complete, and is written again`);
  }

  onLost(node: string, { actor, worker }: Place, evicted: boolean): void {
    const { world, server, violate, known } = this.#options;
    world.note(node, () => `${actor} is lost on ${worker ?? 'no worker'}`);
    known.of(actor).isLost = true;
    const record = server.keyspace.hash(`actor:{${actor}}`);
    if (evicted && record.get('worker_name') === worker && !known.isExcused(actor)) {
      violate('P6 nothing is lost', `${actor} had to make way on ${worker ?? ''}, which its record names`);
    }
  }
}
