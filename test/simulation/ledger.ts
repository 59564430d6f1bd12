// What has happened so far, as the store and the nodes did it, and what must
// hold of that at each moment: tokens rise, nobody writes under a lease that
// was granted again since, no worker is claimed by two actors, no actor runs
// twice, no snapshot is promoted before it is complete, none is lost (P1, P6).
//
// What a failover that forgets writes takes away: the writes. From then on an
// actor may run where no record says so, and a snapshot may be complete that no
// record names. Tokens still rise, each write still needs the lease as Redis
// has it, no worker is claimed twice, no incomplete snapshot is promoted, and
// every workflow ends. The replica that takes over has a prefix of the writes,
// in the order in which they were made, as one server has; and its clock is
// behind by less than the failover takes, as token floors need it.
//
// Taking a worker out of service by force, or deleting an actor by force, says
// that nobody needs to care what still runs: then it may run twice.

import { formatRef } from '../../src/actor/actor.js';
import type { Beliefs } from './beliefs.js';
import type { Call, Place, SimulatedNode, StoredSnapshot } from './node.js';
import type { Command, Reply, Server, ServerObserver } from './redis/server.js';
import { poolFault } from './pool-fault.js';
import type { Violate } from './violation.js';
import type { World } from './world.js';

/** What is known of one actor. */
interface Known {
  version: number;
  /** Of the last lease that Redis has granted and not forgotten; and of any that it ever granted. */
  granted: number;
  everGranted: number;
  /** The greatest that any node has seen. */
  seen: number;
  /** The snapshot that it would be restored from if its node were lost. */
  durable: string;
  /** Raw, to see whether they have changed. */
  latestSnapshot: string;
  durableSnapshot: string;
  /** What runs of it is nobody's care any more. */
  isForced: boolean;
  /** What was frozen of it is gone, with its node. */
  isLost: boolean;
  /** A Stop of it has failed: what is frozen of it may stay on its node. */
  isLeft: boolean;
}

export class Ledger implements ServerObserver {
  readonly #world: World;
  readonly #server: Server;
  readonly #beliefs: Beliefs;
  readonly #violate: Violate;
  readonly #nodes: readonly SimulatedNode[];
  readonly #snapshots: ReadonlyMap<string, StoredSnapshot>;
  readonly #known = new Map<string, Known>();
  #hasForgotten = false;

  constructor(given: {
    world: World;
    server: Server;
    beliefs: Beliefs;
    violate: Violate;
    nodes: readonly SimulatedNode[];
    snapshots: ReadonlyMap<string, StoredSnapshot>;
  }) {
    this.#world = given.world;
    this.#server = given.server;
    this.#beliefs = given.beliefs;
    this.#violate = given.violate;
    this.#nodes = given.nodes;
    this.#snapshots = given.snapshots;
  }

  /** Whether what runs of the actor need not be what its record says. */
  isExcused(actor: string): boolean {
    return this.#hasForgotten || this.#of(actor).isForced;
  }

  /** Whether what was frozen of the actor went down with its node. */
  isLost(actor: string): boolean {
    return this.#of(actor).isLost;
  }

  /** Whether somebody has tried in vain to stop what is frozen of the actor. */
  isLeft(actor: string): boolean {
    return this.#of(actor).isLeft;
  }

  onStopFailed(actor: string): void {
    this.#of(actor).isLeft = true;
  }

  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  force(actor: string): void {
    this.#of(actor).isForced = true;
  }

  #of(actor: string): Known {
    let known = this.#known.get(actor);
    if (known === undefined) {
      known = {
        version: 0,
        granted: 0,
        everGranted: 0,
        seen: 0,
        durable: '',
        latestSnapshot: '',
        durableSnapshot: '',
        isForced: false,
        isLost: false,
        isLeft: false,
      };
      this.#known.set(actor, known);
    }
    return known;
  }

  onCommand({ script, keys = [], args }: Command, reply: Reply): void {
    if (script === undefined || !Array.isArray(reply)) return;
    const [result, ...rest] = reply as readonly Reply[];
    this.#world.count(
      `script: ${script} ${typeof result === 'string' && /^[a-z_]+$/.test(result) ? result : ''}`.trim(),
    );
    this.#world.note('redis', () => `${script} ${keys[0] ?? ''} ${args.join(' ').slice(0, 200)} → ${brief(reply)}`);
    switch (script) {
      case 'acquire':
      case 'acquirePlain':
        if (result === 'granted') this.#onGrant(keys, `${args[1] ?? ''}${String(rest[0])}}`, Number(rest[0]));
        break;
      case 'transition':
        if (result === 'ok') this.#onWrite(keys, args[0] ?? '', args[1] ?? '', rest[0] as readonly string[]);
        break;
      case 'deleteActor':
        if (result === 'deleted') this.#onDelete(tagOf(keys[0]));
        break;
      case 'crashActor':
        if (result === 'crashed') {
          this.force(tagOf(keys[0]));
          this.#of(tagOf(keys[0])).version += 1;
          this.#look(tagOf(keys[0]), this.#server.keyspace.hash(keys[0] ?? ''));
        }
        break;
      case 'forceRelease':
        if (result === 'released') this.#beliefs.excuse(tagOf(keys[0]), String(rest[0]));
        break;
      case 'claimWorker':
      case 'freeWorker':
      case 'registerWorker':
      case 'deregisterWorker':
        this.#checkPool(keys);
        break;
      default:
    }
  }

  onFailover(forgets: boolean): void {
    this.#world.count(forgets ? 'fault: failover that forgot' : 'fault: failover');
    this.#world.note(
      'redis',
      () => `a replica took over, and ${forgets ? 'has forgotten the last writes' : 'knows all'}`,
    );
    if (!forgets) return;
    this.#hasForgotten = true;
    this.#beliefs.excuseAll();
    for (const [actor, known] of this.#known) {
      const record = this.#server.keyspace.hash(`actor:{${actor}}`);
      known.version = Number(record.get('version') ?? 0);
      known.granted = Number(record.get('fencing_token') ?? 0);
      known.durable = '';
      this.#look(actor, record);
    }
  }

  #onGrant(keys: readonly string[], value: string, token: number): void {
    const resource = tagOf(keys[keys[0]?.startsWith('lease') === true ? 0 : 1]);
    const known = this.#of(resource);
    if (token <= known.everGranted) {
      this.#violate('P1 fencing tokens rise', `${resource} was granted with ${token} after ${known.everGranted}`);
    }
    known.granted = token;
    known.everGranted = token;
    this.#beliefs.onGrant(resource, value);
  }

  #onWrite(keys: readonly string[], lease: string, mark: string, flat: readonly string[]): void {
    const actor = tagOf(keys[0]);
    const known = this.#of(actor);
    const record = this.#server.keyspace.hash(keys[0] ?? '');
    const version = Number(record.get('version'));
    if (version === known.version) {
      this.#world.count('transition repeated');
      return;
    }
    known.version = version;
    this.#world.count(`transition: ${mark.split(' ')[1] ?? ''}`);
    if (!lease.endsWith(`:${known.granted}}`)) {
      this.#violate(
        'P1 a stale holder writes nothing',
        `${mark} of ${actor} was written under ${lease}, after ${known.granted}`,
      );
    }
    if (flat.length === 0) return;
    this.#look(actor, record);
  }

  #onDelete(actor: string): void {
    const { everGranted, seen, isForced } = this.#of(actor);
    this.#known.delete(actor);
    Object.assign(this.#of(actor), { everGranted, seen, isForced });
  }

  /** What the record says of snapshots now. */
  #look(actor: string, record: ReadonlyMap<string, string>): void {
    const known = this.#of(actor);
    const latest = record.get('latest_snapshot') ?? '';
    const durable = record.get('durable_snapshot') ?? '';
    if (latest === known.latestSnapshot && durable === known.durableSnapshot && known.durable !== '') return;
    known.latestSnapshot = latest;
    known.durableSnapshot = durable;
    const isDurable = latest.includes('"location":"DURABLE"');
    const json = isDurable ? latest : durable;
    const uri = json === '' ? '' : (JSON.parse(json) as { uri: string }).uri;
    if (uri !== '' && this.#snapshots.get(uri)?.isComplete !== true) {
      this.#violate(
        'P6 only what is complete is promoted',
        `${uri} is the latest snapshot of ${actor}, and is not complete`,
      );
    }
    if (this.#memoryOf(uri) < this.#memoryOf(known.durable)) {
      this.#violate(
        'P6 nothing is lost',
        `${actor} had ${known.durable}, and now has ${uri === '' ? 'no snapshot' : uri}`,
      );
    }
    known.durable = uri;
  }

  #memoryOf(uri: string): number {
    return this.#snapshots.get(uri)?.memory ?? 0;
  }

  #checkPool(keys: readonly string[]): void {
    const fault = poolFault(this.#server.keyspace, keys);
    if (fault !== undefined) this.#violate('P6 a worker is claimed once', fault);
  }

  /** A node's, as the next two. */
  onEffect(node: SimulatedNode, call: Call, place: Place | undefined): void {
    const actor = formatRef(call.actor);
    const known = this.#of(actor);
    this.#world.count(`runtime: ${call.name}`);
    this.#world.note(
      node.name,
      () =>
        `${call.name} ${actor} on ${call.worker.name} with ${call.fencingToken} ${call.snapshot?.uri ?? ''} is done`,
    );
    if (call.fencingToken < known.seen && !this.isExcused(actor)) {
      this.#violate(
        'P1 a stale holder has no effect',
        `${call.name} of ${actor} with ${call.fencingToken}, after ${known.seen}`,
      );
    }
    known.seen = Math.max(known.seen, call.fencingToken);
    // A deletion that fails after its Stop leaves a record of what is not there any more, as it was asked to.
    if (call.name === 'stop') known.isLost = true;
    if (call.name === 'restore') {
      known.isLost = false;
      const other = this.#nodes.find(
        (elsewhere) => elsewhere !== node && elsewhere.places.get(actor)?.worker !== undefined,
      );
      if (other !== undefined && !this.isExcused(actor)) {
        this.#violate('P6 an actor runs once', `${actor} was started on ${node.name}, and runs on ${other.name}`);
      }
    }
    if (
      place !== undefined &&
      call.name === 'restore' &&
      place.memory < this.#memoryOf(known.durable) &&
      !this.isExcused(actor)
    ) {
      this.#violate('P6 nothing is lost', `${actor} was started from ${place.origin}, and had ${known.durable}`);
    }
  }

  onRestoring(call: Call, snapshot: StoredSnapshot | undefined): void {
    if (snapshot?.isComplete !== true) {
      this.#violate('P6 only what is complete is restored', `${call.snapshot?.uri ?? ''} for ${formatRef(call.actor)}`);
    }
  }

  onLost(node: SimulatedNode, place: Place, evicted: boolean): void {
    const { actor, worker } = place;
    this.#world.note(node.name, () => `${actor} is lost on ${worker ?? 'no worker'}`);
    this.#of(actor).isLost = true;
    const record = this.#server.keyspace.hash(`actor:{${actor}}`);
    if (evicted && record.get('worker_name') === worker && !this.isExcused(actor)) {
      this.#violate('P6 nothing is lost', `${actor} had to make way on ${worker ?? ''}, which its record names`);
    }
  }
}

/** What is between the braces of a key. */
function tagOf(key = ''): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}

function brief(reply: Reply): string {
  return JSON.stringify(reply).slice(0, 400);
}
