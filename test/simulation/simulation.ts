// One seed: a world of replicas, a Redis, nodes and callers; some time in which
// everything goes wrong that the seed wants to, then calm, in which everything
// must come to rest; and from wherever it rests, a Resume and a Suspend must
// lead out (P5).

import { formatRef, type ActorRef } from '../../src/actor/actor.js';
import { keepRegistered, type SimulatedWorker } from './agents.js';
import { Beliefs } from './beliefs.js';
import { Callers } from './callers.js';
import { CALM, someFaults } from './faults.js';
import { Fleet } from './fleet.js';
import { KnownActors } from './known-actors.js';
import { NodeWatch } from './node-watch.js';
import { SimulatedNode } from './node.js';
import { operate } from './operator.js';
import type { StoredSnapshot } from './places.js';
import { Server, type Command } from './redis/server.js';
import { readActor, unrest } from './rest.js';
import { StoreWatch, tagOf } from './store-watch.js';
import { begin } from './storm.js';
import { chooseTerms } from './terms.js';
import { Violation, type Violate } from './violation.js';
import type { World } from './world.js';

/** Every lease lapsed, every recovery tried, every worker's status heard (worker-status.ts: STATUS_LAG_MS). */
const REST_WITHIN_MS = 120_000;

const LOOK_EVERY_MS = 500;

/** Before the first fault: actors and workers come into being. */
const SET_UP_MS = 100;

export class Simulation {
  readonly #world: World;
  readonly #terms;
  readonly #server: Server;
  readonly #nodes: SimulatedNode[] = [];
  readonly #workers: SimulatedWorker[] = [];
  readonly #beliefs: Beliefs;
  readonly #known = new KnownActors();
  readonly #callers: Callers;
  readonly #fleet: Fleet;
  readonly #storm;
  #isCalm = true;
  #isOver = false;
  #violation: Violation | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#terms = chooseTerms(world.random);
    this.#storm = someFaults(world.random);
    this.#server = new Server(world);
    this.#beliefs = new Beliefs(this.#violate);
    const snapshots = new Map<string, StoredSnapshot>();
    const watched = {
      world,
      server: this.#server,
      beliefs: this.#beliefs,
      violate: this.#violate,
      known: this.#known,
      snapshots,
      nodes: this.#nodes,
    };
    this.#server.observer = new StoreWatch(watched);
    this.#buildNodes(snapshots, new NodeWatch(watched));
    this.#fleet = this.#buildFleet();
    this.#server.keyspace.onPublish = (channel, message) => {
      for (const { subscriber } of this.#fleet.replicas) subscriber.publish(channel, message);
    };
    const { ttlMs } = this.#terms.timings;
    const pickReplica = () => this.#fleet.pick();
    this.#callers = new Callers({ world, violate: this.#violate, ttlMs, pickReplica });
  }

  /** @throws Violation */
  async run(): Promise<void> {
    const world = this.#world;
    const { actors, workersExpire, activeMs } = this.#terms;
    for (const actor of actors) this.#create(actor);
    for (const worker of this.#workers) keepRegistered(world, worker, workersExpire, () => this.#fleet.pick());
    world.after(SET_UP_MS, () => this.#beginStorm());
    world.after(SET_UP_MS + activeMs, () => this.#calmDown());
    await world.run(() => {
      this.#beliefs.check();
      if (this.#violation !== undefined) throw this.#violation;
      return this.#isOver;
    });
    if (!this.#isOver) throw new Violation('P5 nothing is stuck', 'nothing happens any more');
  }

  /** Production code may be what runs: it must not catch this, so the seed ends after the event. */
  readonly #violate: Violate = (promise, what) => {
    this.#violation ??= new Violation(promise, what);
  };

  readonly #faults = () => (this.#isCalm ? CALM : this.#storm);

  #buildNodes(snapshots: Map<string, StoredSnapshot>, observer: NodeWatch): void {
    const { longestWorkMs, workflowDeadlineMs } = this.#terms;
    let memory = 0;
    for (const { node, workers } of this.#terms.nodes) {
      const simulated = new SimulatedNode({
        world: this.#world,
        node,
        workers: workers.map(({ name }) => name),
        snapshots,
        faults: this.#faults,
        observer,
        // What takes longer than a workflow may would never lead anywhere.
        longestWorkMs: () => (this.#isCalm ? Math.min(longestWorkMs, workflowDeadlineMs / 3) : longestWorkMs),
        nextMemory: () => (memory += 1),
      });
      this.#nodes.push(simulated);
      this.#workers.push(...workers.map(({ pool, name }) => ({ pool, name, node: simulated })));
    }
  }

  #buildFleet(): Fleet {
    const { replicas, timings, ...settings } = this.#terms;
    const options = replicas.map(({ name, recoveryAttempts }) => ({
      ...settings,
      world: this.#world,
      server: this.#server,
      name,
      timings,
      recoveryAttempts,
      faults: this.#faults,
      nodeAt: (address: string) => this.#nodes.find(({ name }) => name === address),
      beliefs: this.#beliefs,
      onSend: (command: Command) => this.#onSend(command),
      onRuntimeCall: ({ name: what, actor, fencingToken }: { name: string; actor: ActorRef; fencingToken: number }) => {
        if (this.#beliefs.isHeldWith(formatRef(actor), fencingToken)) return;
        this.#violate('P1 calls under a lease', `${what} ${formatRef(actor)} was called with ${fencingToken}`);
      },
      onStopFailed: ({ actor }: { actor: ActorRef }) => {
        this.#known.of(formatRef(actor)).isLeft = true;
      },
    }));
    return new Fleet(this.#world, 2 * timings.ttlMs, options);
  }

  /** What is written under a lease is believed in by the writer's own clock when it is sent. */
  #onSend({ script, keys = [], args }: Command): void {
    const [lease = '', , , release] = args;
    const actor = tagOf(keys[0]);
    // A deletion reads before it writes, and so may have lost its lease by then: its script alone decides.
    if (script === 'transition' && !this.#beliefs.isHeld(actor, lease)) {
      this.#violate('P1 writes under a lease', `${actor} is written under ${lease}`);
    }
    const releases =
      script === 'release' || script === 'deleteActor' || (script === 'transition' && release === 'release');
    if (releases) this.#beliefs.onRelease(actor, lease);
  }

  /** Until it exists: as whoever needs an actor does. */
  #create(ref: ActorRef): void {
    const world = this.#world;
    const pool = world.random.pick(this.#workers)?.pool ?? '';
    const again = (): void => {
      if (readActor(this.#server, ref) !== undefined) return;
      world.after(200, again);
      const replica = this.#fleet.pick();
      replica?.process.deliver(() => {
        // Refused, or created already: the next look tells.
        replica.actors.create({ ref, spec: { command: ['run'], env: {}, image: '' }, pool }).catch(() => undefined);
      });
    };
    again();
  }

  #beginStorm(): void {
    this.#isCalm = false;
    const world = this.#world;
    const { actors, timings } = this.#terms;
    const { ttlMs } = timings;
    const operator = {
      world,
      violate: this.#violate,
      known: this.#known,
      actors,
      workers: this.#workers,
      pickReplica: () => this.#fleet.pick(),
      create: (actor: ActorRef) => this.#create(actor),
    };
    begin({
      world,
      faults: this.#storm,
      ttlMs,
      fleet: this.#fleet,
      server: this.#server,
      nodes: this.#nodes,
      operate: () => operate(operator),
      isOver: () => this.#isCalm,
    });
    for (const actor of actors) this.#keepCalling(actor, world.random.between(ttlMs / 4, ttlMs));
  }

  #keepCalling(actor: ActorRef, everyMs: number): void {
    this.#world.after(this.#world.random.between(0, 2 * everyMs), () => {
      if (this.#isCalm) return;
      this.#callers.call(actor, readActor(this.#server, actor)?.state === 'RUNNING');
      this.#keepCalling(actor, everyMs);
    });
  }

  #calmDown(): void {
    this.#isCalm = true;
    this.#world.note('fault', () => 'it is calm from here on');
    this.#server.goOn();
    for (const node of this.#nodes) {
      node.restart();
      node.goOn();
    }
    for (const process of this.#fleet.processes) process.goOn();
    this.#whenAtRest(this.#world.nowMs + REST_WITHIN_MS, () => void this.#leadOut());
  }

  #whenAtRest(untilMs: number, then: () => void): void {
    this.#world.after(LOOK_EVERY_MS, () => {
      this.#callers.sendWatchersAway();
      const what = this.#unrest();
      if (what === undefined) {
        this.#world.note('rest', () => 'everything is at rest');
        then();
      } else if (this.#world.nowMs < untilMs) this.#whenAtRest(untilMs, then);
      else this.#violate('P5 nothing is stuck', what);
    });
  }

  #unrest(): string | undefined {
    const { actors, recoveryAttempts } = this.#terms;
    const missing = actors.find((actor) => readActor(this.#server, actor) === undefined);
    if (missing !== undefined) {
      this.#create(missing);
      return `${formatRef(missing)} is deleted`;
    }
    return unrest({
      server: this.#server,
      known: this.#known,
      beliefs: this.#beliefs,
      callers: this.#callers,
      nodes: this.#nodes,
      workers: this.#workers,
      replicas: this.#fleet.replicas,
      actors,
      recoveryAttempts,
    });
  }

  /** From wherever the actors are, Suspend and Resume lead out. */
  async #leadOut(): Promise<void> {
    const stateOf = (actor: ActorRef): string => readActor(this.#server, actor)?.state ?? 'deleted';
    // From where most of them are, callers have led out a dozen times in every seed: a sample is enough.
    const arePlain = this.#terms.actors.every((actor) => ['RUNNING', 'SUSPENDED'].includes(stateOf(actor)));
    const actors = arePlain && this.#world.random.chance(0.9) ? [] : this.#terms.actors;
    // Those that run first, so that each that is frozen finds its node free.
    for (const actor of actors) if (stateOf(actor) !== 'PAUSED') await this.#lead(actor, 'SUSPEND');
    for (const actor of actors) {
      await this.#lead(actor, 'RESUME');
      await this.#lead(actor, 'SUSPEND');
    }
    this.#whenAtRest(this.#world.nowMs + REST_WITHIN_MS, () => {
      this.#isOver = true;
    });
  }

  async #lead(actor: ActorRef, kind: 'RESUME' | 'SUSPEND'): Promise<void> {
    const from = readActor(this.#server, actor)?.state ?? 'deleted';
    const endings: string[] = [];
    // The first may find out that the actor is CRASHED, and another a lease held by a recovery.
    while (endings.length < 5) {
      const ending = await this.#callers.patient(actor, kind);
      this.#world.count(`led out: ${kind} from ${from}`);
      if (ending?.how === 'completed') return;
      endings.push(ending?.how ?? 'no replica');
      await new Promise<void>((resolve) => this.#world.after(this.#terms.timings.ttlMs, resolve));
    }
    this.#violate('P5 nothing is stuck', `${kind} of ${formatRef(actor)}, ${from}, ends with ${endings.join(', ')}`);
  }
}
