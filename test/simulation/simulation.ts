// One seed: a world of replicas, a Redis, nodes and callers; some time in which
// everything goes wrong that the seed wants to, then calm, in which everything
// must come to rest; and from wherever it rests, a Resume and a Suspend must
// lead out (P5). Replays exactly: nothing is left to chance but what the seed's
// generator says.

import { formatRef, type ActorRef } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import { leaseTimings, type LeaseTimings } from '../../src/lease/timings.js';
import { Beliefs } from './beliefs.js';
import { Callers } from './callers.js';
import { CALM, someFaults, type Faults } from './faults.js';
import { Ledger } from './ledger.js';
import { SimulatedNode, type StoredSnapshot } from './node.js';
import { Server } from './redis/server.js';
import { Replica } from './replica.js';
import { readActor, unrest, type RestOptions } from './rest.js';
import { Violation, type Violate } from './violation.js';
import type { World } from './world.js';

/** Every lease lapsed, every recovery tried, every worker's status heard (worker-status.ts: STATUS_LAG_MS). */
const REST_WITHIN_MS = 120_000;

const LOOK_EVERY_MS = 500;

/** Before the first fault: actors and workers come into being. */
const SET_UP_MS = 100;

const REGISTER_EVERY_MS = 3000;

export class Simulation {
  readonly world: World;
  readonly #server: Server;
  readonly #timings: LeaseTimings;
  readonly #nodes: SimulatedNode[] = [];
  readonly #snapshots = new Map<string, StoredSnapshot>();
  readonly #replicas: Replica[] = [];
  readonly #openers: ((former?: Replica) => Replica)[] = [];
  readonly #actors: ActorRef[];
  readonly #pools: readonly string[];
  readonly #workers: { readonly pool: string; readonly name: string; readonly node: SimulatedNode }[] = [];
  readonly #beliefs: Beliefs;
  readonly #ledger: Ledger;
  readonly #callers: Callers;
  readonly #rest: RestOptions;
  readonly #workerTtlMs: number | undefined;
  readonly #activeMs: number;
  #storm: Faults;
  #faults = CALM;
  #isCalm = false;
  #isOver = false;
  #violation: Violation | undefined;
  #memory = 0;

  constructor(world: World) {
    this.world = world;
    const { random } = world;
    const ttlMs = random.pick([1000, 3000, 3000, 6000]);
    this.#timings = leaseTimings({ ttlMs, ...(random.chance(0.5) && { renewDeadlineMs: (ttlMs * 2) / 3 }) });
    this.#activeMs = ttlMs * random.between(2.5, 6);
    this.#storm = someFaults(random);
    this.#server = new Server(world);
    this.#beliefs = new Beliefs(this.#violate);
    this.#actors = Array.from({ length: random.integer(2, 4) }, (_, i) => ({ namespace: 'n', name: `a${i}` }));
    this.#pools = random.chance(0.7) ? ['p'] : ['p', 'q'];
    const faults = (): Faults => this.#faults;
    this.#ledger = new Ledger({
      world,
      server: this.#server,
      beliefs: this.#beliefs,
      violate: this.#violate,
      nodes: this.#nodes,
      snapshots: this.#snapshots,
    });
    this.#server.observer = this.#ledger;
    this.#server.keyspace.onPublish = (channel, message) => {
      for (const { subscriber } of this.#replicas) subscriber.publish(channel, message);
    };
    const longestWorkMs = ttlMs * random.between(0.2, 2.5);
    const workflowDeadlineMs = ttlMs * random.between(1.5, 5);
    for (const i of Array(random.integer(1, 3)).keys()) {
      const workers = Array.from({ length: random.integer(1, 2) }, (_, j) => `w${i}${j}`);
      const node = new SimulatedNode({
        world,
        name: `node${i}`,
        workers,
        snapshots: this.#snapshots,
        faults,
        observer: this.#ledger,
        // What takes longer than a workflow may would never lead anywhere.
        longestWorkMs: () => (this.#isCalm ? Math.min(longestWorkMs, workflowDeadlineMs / 3) : longestWorkMs),
        nextMemory: () => (this.#memory += 1),
      });
      this.#nodes.push(node);
      for (const name of workers) this.#workers.push({ pool: random.pick(this.#pools) ?? 'p', name, node });
    }
    // A pool without any worker would be another subject.
    for (const pool of this.#pools) {
      const [first] = this.#workers;
      if (first !== undefined && !this.#workers.some((worker) => worker.pool === pool)) {
        const name = `${first.node.name}-${pool}`;
        this.#workers.push({ pool, name, node: first.node });
        (first.node.workers as string[]).push(name);
      }
    }
    this.#workerTtlMs = random.chance(0.4) ? 2.5 * REGISTER_EVERY_MS : undefined;
    this.#callers = new Callers({ world, violate: this.#violate, ttlMs, pickReplica: () => this.#pickReplica() });
    const recoveryAttempts = random.integer(1, 3);
    const maxWorkflows = random.chance(0.2) ? 2 : 100;
    for (const i of Array(random.integer(2, 3)).keys()) {
      const reconciles = i === 0 || random.chance(0.3);
      const open = (former?: Replica): Replica =>
        new Replica(
          {
            world,
            server: this.#server,
            name: `replica${i}`,
            timings: this.#timings,
            workflowDeadlineMs,
            unwindGraceMs: ttlMs / 3,
            maxWorkflows,
            recoveryAttempts: reconciles ? recoveryAttempts : 0,
            faults,
            nodeAt: (address) => this.#nodes.find(({ name }) => name === address),
            beliefs: this.#beliefs,
            onSend: (_process, { script, keys = [], args }) => {
              if (script === 'transition') this.#onWriteSent(keys[0] ?? '', args);
              if (script === 'release') this.#beliefs.excuse(tagOf(keys[0]), args[0] ?? '');
              if (script === 'deleteActor') this.#beliefs.excuse(tagOf(keys[0]), args[0] ?? '');
            },
            onStopFailed: (call) => this.#ledger.onStopFailed(formatRef(call.actor)),
            onRuntimeCall: (_process, call) => {
              if (!this.#beliefs.isHeldWith(formatRef(call.actor), call.fencingToken)) {
                this.#violate(
                  'P1 calls under a lease',
                  `${call.name} ${formatRef(call.actor)} was called with ${call.fencingToken}`,
                );
              }
            },
          },
          former,
        );
      this.#openers[i] = open;
      this.#replicas[i] = open();
    }
    this.#rest = {
      server: this.#server,
      ledger: this.#ledger,
      beliefs: this.#beliefs,
      callers: this.#callers,
      nodes: this.#nodes,
      actors: this.#actors,
      pools: this.#pools,
      replicas: () => this.#replicas,
      recoveryAttempts,
    };
  }

  /** @throws Violation */
  async run(): Promise<void> {
    const { world } = this;
    for (const actor of this.#actors) this.#create(actor);
    for (const worker of this.#workers) this.#keepRegistered(worker);
    world.after(SET_UP_MS, () => this.#storms());
    world.after(SET_UP_MS + this.#activeMs, () => this.#calmDown());
    await world.run(() => {
      this.#beliefs.check();
      if (this.#violation !== undefined) throw this.#violation;
      return this.#isOver;
    });
    if (!this.#isOver) throw new Violation('P5 nothing is stuck', 'nothing happens any more');
  }

  readonly #violate: Violate = (promise, what) => {
    this.#violation ??= new Violation(promise, what);
  };

  #onWriteSent(key: string, [lease = '', , , release]: readonly string[]): void {
    const actor = tagOf(key);
    if (!this.#beliefs.isHeld(actor, lease))
      this.#violate('P1 writes under a lease', `${actor} is written under ${lease}`);
    if (release === 'release') this.#beliefs.excuse(actor, lease);
  }

  #pickReplica(): Replica | undefined {
    return this.world.random.pick(this.#replicas.filter(({ serves }) => serves));
  }

  /** Until it exists: as whoever needs an actor does. */
  #create(ref: ActorRef): void {
    const { world } = this;
    const pool = world.random.pick(this.#pools) ?? 'p';
    const again = (): void => {
      if (readActor(this.#server, ref) !== undefined) return;
      world.after(200, again);
      const replica = this.#pickReplica();
      replica?.process.deliver(() => {
        // Refused, or created already: the next look tells.
        replica.actors.create({ ref, spec: { command: ['run'], env: {}, image: '' }, pool }).catch(() => undefined);
      });
    };
    again();
  }

  #keepRegistered(worker: { readonly pool: string; readonly name: string; readonly node: SimulatedNode }): void {
    const { world } = this;
    const { pool, name, node } = worker;
    const register = (): void => {
      world.after(REGISTER_EVERY_MS * world.random.between(0.5, 1), register);
      const replica = this.#pickReplica();
      if (replica === undefined || !node.isUp || node.stoppedUntilMs > world.nowMs) return;
      const runs = node.runningOn(name)?.actor.split('/');
      const running = runs === undefined ? undefined : { namespace: runs[0] ?? '', name: runs[1] ?? '' };
      world.after(world.random.skewed(0.1, 5), () => {
        replica.process.deliver(() => {
          const ttl = this.#workerTtlMs === undefined ? {} : { ttlMs: this.#workerTtlMs };
          replica
            .registerWorker({ ref: { pool, name }, runtimeAddress: node.name, node: node.name, ...ttl }, running)
            // Redis is away: it registers again before long.
            .catch(() => undefined);
        });
      });
    };
    register();
  }

  #storms(): void {
    this.#faults = this.#storm;
    const { ttlMs } = this.#timings;
    const { random } = this.world;
    const storm = this.#storm;
    const longestMs = ttlMs * storm.longestTtls;
    const replica = (): Replica | undefined => random.pick(this.#replicas.filter(({ isGone }) => !isGone));
    const node = (): SimulatedNode | undefined => random.pick(this.#nodes.filter(({ isUp }) => isUp));
    this.#every(storm.processStops, 'process stopped', () => replica()?.process.stop(random.skewed(1, longestMs)));
    this.#every(storm.processDies, 'process killed', () => this.#restart(replica()?.name, (old) => old.kill()));
    this.#every(storm.processDrains, 'process drained', () =>
      this.#restart(replica()?.name, (old) => {
        // What it does to whoever is stopped meanwhile is its own affair.
        old.process.deliver(() => void old.drain(random.skewed(10, 2 * ttlMs)));
      }),
    );
    this.#every(storm.wallJumps, 'wall clock jumped', () => replica()?.process.jumpWall(random.between(-1e6, 1e6)));
    this.#every(storm.storeStops, 'store stopped', () => this.#server.stop(random.skewed(1, longestMs)));
    this.#every(storm.storeFailsOver, 'store died', () =>
      this.#server.failOver(
        storm.forgets ? random.skewed(1, 500) : 0,
        random.between(200, 2000),
        random.between(0, 100),
      ),
    );
    this.#every(storm.nodeStops, 'node stopped', () => node()?.stop(random.skewed(1, longestMs)));
    this.#every(storm.nodeDies, 'node died', () => {
      const dead = node();
      dead?.die();
      this.world.after(random.between(10, 2 * ttlMs), () => dead?.restart());
    });
    this.#every(storm.operatorActs, 'operator acted', () => this.#operate());
    // Once a TTL at most: so much, with the rates, is what the drift margin is for.
    const jump = (): void => {
      if (this.#isCalm) return;
      this.#server.jump(random.between(0, ttlMs * 0.003));
      this.world.count('fault: store clock jumped');
      this.world.after(ttlMs * random.between(1.1, 4), jump);
    };
    if (storm.storeJumps > 0) jump();
    for (const actor of this.#actors) this.#keepCalling(actor, random.between(ttlMs / 4, ttlMs));
  }

  /** Calls `act` at random times, `rate` times a second on average, until it is calm. */
  #every(rate: number, what: string, act: () => void): void {
    if (rate === 0) return;
    const { world } = this;
    const next = (): void => {
      world.after((-Math.log(1 - world.random.float()) / rate) * 1000, () => {
        if (this.#isCalm) return;
        world.count(`fault: ${what}`);
        world.note('fault', () => what);
        act();
        next();
      });
    };
    next();
  }

  #keepCalling(actor: ActorRef, everyMs: number): void {
    this.world.after(this.world.random.between(0, 2 * everyMs), () => {
      if (this.#isCalm) return;
      this.#callers.call(actor);
      this.#keepCalling(actor, everyMs);
    });
  }

  /** Ends one life of a replica; another begins after a while. */
  #restart(name: string | undefined, end: (old: Replica) => void): void {
    const i = this.#replicas.findIndex((replica) => replica.name === name);
    const old = this.#replicas[i];
    const open = this.#openers[i];
    if (old === undefined || open === undefined || !old.serves) return;
    end(old);
    const { world } = this;
    const { ttlMs } = this.#timings;
    const start = (): void => {
      // Names are unique among those that run: it waits until the one before has stopped.
      if (!old.isGone) world.after(100, start);
      else this.#replicas[i] = open(old);
    };
    world.after(world.random.skewed(1, 2 * ttlMs), start);
  }

  /** What people do when they lose their patience. */
  #operate(): void {
    const { world } = this;
    const { random } = world;
    const replica = this.#pickReplica();
    const actor = random.pick(this.#actors);
    const worker = random.pick(this.#workers);
    if (replica === undefined || actor === undefined || worker === undefined) return;
    const act = random.pick(['release', 'delete', 'force delete', 'deregister', 'force deregister'] as const);
    const name = formatRef(actor);
    world.note('operator', () => `${act} ${name} or ${worker.name} at ${replica.name}`);
    world.count(`operator: ${act}`);
    const work = async (): Promise<void> => {
      switch (act) {
        case 'release':
          await replica.actors.forceRelease(actor, 'it hangs');
          return;
        case 'delete':
          await replica.deleteActor(actor, false);
          break;
        case 'force delete':
          this.#ledger.force(name);
          await replica.deleteActor(actor, true);
          break;
        default:
          await replica.workers.deregister(worker, act === 'force deregister');
      }
    };
    replica.process.deliver(() => {
      work().catch((error: unknown) => {
        if (error instanceof CoordinatorError && error.reason !== 'INTERNAL')
          world.count(`operator: ${act} ${error.reason}`);
        else this.#violate('P4 a reason of the closed set', `${act} ended with ${String(error)}`);
      });
    });
    // Somebody needs it again.
    if (act.endsWith('delete')) world.after(random.between(100, 5000), () => this.#create(actor));
  }

  #calmDown(): void {
    this.#isCalm = true;
    this.#faults = CALM;
    this.world.note('fault', () => 'it is calm from here on');
    this.#server.goOn();
    for (const node of this.#nodes) {
      node.restart();
      node.goOn();
    }
    for (const { process } of this.#replicas) process.goOn();
    for (const actor of this.#actors) this.#create(actor);
    this.#whenAtRest(this.world.nowMs + REST_WITHIN_MS, () => void this.#leadOut());
  }

  #whenAtRest(untilMs: number, then: () => void): void {
    const { world } = this;
    world.after(LOOK_EVERY_MS, () => {
      this.#callers.sendWatchersAway();
      // Every replica is back by then, and everybody exists.
      const missing = this.#actors.find((actor) => readActor(this.#server, actor) === undefined);
      if (missing !== undefined) this.#create(missing);
      const away = this.#replicas.find(({ serves }) => !serves);
      const what =
        away !== undefined
          ? `${away.name} is away`
          : missing !== undefined
            ? `${formatRef(missing)} is deleted`
            : unrest(this.#rest);
      if (what === undefined) {
        world.note('rest', () => 'everything is at rest');
        then();
      } else if (world.nowMs < untilMs) this.#whenAtRest(untilMs, then);
      else this.#violate('P5 nothing is stuck', what);
    });
  }

  /** From wherever the actors are, Suspend and Resume lead out. */
  async #leadOut(): Promise<void> {
    // Those that run first, so that each that is frozen finds its node free.
    const isFrozen = (actor: ActorRef): boolean => readActor(this.#server, actor)?.state === 'PAUSED';
    for (const actor of this.#actors) if (!isFrozen(actor)) await this.#lead(actor, 'SUSPEND', 'SUSPENDED');
    for (const actor of this.#actors) {
      await this.#lead(actor, 'RESUME', 'RUNNING');
      await this.#lead(actor, 'SUSPEND', 'SUSPENDED');
    }
    this.#whenAtRest(this.world.nowMs + REST_WITHIN_MS, () => {
      this.#isOver = true;
    });
  }

  async #lead(actor: ActorRef, kind: 'RESUME' | 'SUSPEND', to: string): Promise<void> {
    const endings: string[] = [];
    // The first may find out that the actor is CRASHED, and another a lease held by a recovery.
    while (endings.length < 5) {
      const ending = await this.#callers.patient(actor, kind);
      if (ending?.how === 'completed') return;
      endings.push(ending?.how ?? 'no replica');
      await new Promise<void>((resolve) => this.world.after(this.#timings.ttlMs, resolve));
    }
    const state = readActor(this.#server, actor)?.state ?? 'deleted';
    this.#violate(
      'P5 nothing is stuck',
      `${kind} does not lead ${formatRef(actor)} from ${state} to ${to}: ${endings.join(', ')}`,
    );
  }
}

function tagOf(key = ''): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}
