// A caller in a closed loop: chooses, by its seed, an actor, a call with its
// options and a replica; waits for the end; goes on. When its replica dies under
// it, it asks another one for the same at once, and waits: that is the takeover
// whose time is measured.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, CoordinatorClient } from '../../../src/client/coordinator-client.js';
import type { CreateActorRequest } from '../../../src/generated/actorworkflow/v1/CreateActorRequest.js';
import type { WorkflowOptions } from '../../../src/generated/actorworkflow/v1/WorkflowOptions.js';
import type { Call } from './history.js';
import { between, pick, pickWeighted, type Random } from './random.js';
import type { Recorder } from './recorder.js';
import type { World } from './world.js';

export interface CallerOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly random: Random;
  readonly ttlMs: number;
  /** `namespace/name` each. */
  readonly actors: readonly string[];
}

const OPS = {
  ...{ resume: 36, suspend: 28, pause: 8, watch: 8, get: 8, list: 2 },
  // For people, and so seldom.
  ...{ break: 2, delete: 3, retire: 1 },
};

const MAX_THINKING_MS = 120;
/** For somebody who was told that Redis cannot be reached. */
const DISCOURAGED_MS = 300;

/** Beyond the workflow deadline and every wait: whoever hears nothing by then never would. */
const LONGEST_MS = 30_000;

const HOT = 5;
const HOT_SHARE = 0.3;

type Workflow = 'resume' | 'suspend' | 'pause';

export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Until `signal` aborts and the call under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, actors } = this.#options;
    while (!signal.aborted) {
      // Some are wanted by several at once.
      const actor = pick(random, random() < HOT_SHARE ? actors.slice(0, HOT) : actors);
      const op = pickWeighted(random, OPS);
      const call = await this.#call(op, actor);
      if (call?.ending?.reason === 'ACTOR_NOT_FOUND') await this.create(actor);
      if (call !== undefined && isBrokenOff(call) && isWorkflow(op)) {
        const other = this.#replica(call.replica);
        if (other !== undefined) await this.workflow(op, actor, other, { leaseWaitMs: 3 * this.#options.ttlMs });
      }
      await sleep(random() * MAX_THINKING_MS + (call?.ending?.reason === 'STORE_UNAVAILABLE' ? DISCOURAGED_MS : 0));
    }
  }

  async create(actor: string, more: Omit<CreateActorRequest, 'actor'> = {}): Promise<Call | undefined> {
    const replica = this.#replica();
    return await replica?.unary('create', actor, (client, options) =>
      client.createActor({ actor: toRef(actor), ...more }, options),
    );
  }

  /** Where the actor serves; undefined where it does not, or nobody can say. */
  async addressOf(actor: string): Promise<string | undefined> {
    let address = '';
    await this.#replica()?.unary('get', actor, async (client, options) => {
      ({ address } = await client.getActor(toRef(actor), options));
    });
    return address === '' ? undefined : address;
  }

  /** A workflow with these options and no others. */
  async workflow(
    op: Workflow,
    actor: string,
    replica = this.#replica(),
    { leaseWaitMs = 0, workerWaitMs = 0, isLast = false, timeoutMs = LONGEST_MS } = {},
  ): Promise<Call | undefined> {
    return await replica?.workflow(op, actor, { leaseWaitMs, workerWaitMs, isLast, timeoutMs, options: {} });
  }

  async #call(op: keyof typeof OPS, actor: string): Promise<Call | undefined> {
    const { random, world } = this.#options;
    const replica = this.#replica();
    if (replica === undefined) return undefined;
    const ref = toRef(actor);
    switch (op) {
      case 'resume':
      case 'suspend':
      case 'pause':
        return await replica.workflow(op, actor, this.#choose());
      case 'watch':
        return await replica.watch(actor, between(random, 100, 3000));
      case 'get':
        return await replica.unary(op, actor, (client, options) => client.getActor(ref, options));
      case 'list':
        return await replica.unary(op, '', (client, options) =>
          client.listActors({ namespace: ref.namespace }, options),
        );
      case 'break':
        return await replica.unary(op, actor, (client, options) => client.forceRelease(ref, 'chaos', options));
      case 'delete': {
        const force = random() < 0.6;
        return await replica.unary(op, actor, (client, options) => client.deleteActor(ref, { ...options, force }));
      }
      case 'retire': {
        const worker = pick(random, pick(random, world.nodes).workers);
        return await replica.unary(op, '', (client, options) => client.deregisterWorker(worker, true, options));
      }
    }
  }

  #choose(): Chosen {
    const { random, ttlMs } = this.#options;
    const chance = (share: number): boolean => random() < share;
    const options: WorkflowOptions = {
      lease_events: chance(0.5),
      join: chance(0.2),
      on_disconnect: chance(0.15) ? 'DISCONNECT_POLICY_CONTINUE' : 'DISCONNECT_POLICY_CANCEL',
      ...(chance(0.12) && { deadline: toDuration(between(random, 50, 2000)) }),
    };
    return {
      leaseWaitMs: pick(random, [0, 0, 0, ttlMs / 3, 2 * ttlMs]),
      workerWaitMs: pick(random, [0, ttlMs / 2, 2 * ttlMs]),
      options,
      isLast: false,
      ...(chance(0.1) && { timeoutMs: between(random, 100, 3000) }),
      // Mostly in the middle of something.
      ...(chance(0.15) && {
        cancelAfterMs: between(random, 0, 400),
        cancelAtEvent: Math.floor(between(random, 0, 10)),
      }),
    };
  }

  #replica(but = ''): Target | undefined {
    const { world, random, recorder } = this.#options;
    const up = world.replicas.filter(({ name, replica }) => replica !== undefined && name !== but);
    if (up.length === 0) return undefined;
    const { name, replica } = pick(random, up);
    return replica === undefined ? undefined : new Target(name, replica.client, recorder);
  }
}

interface Chosen {
  readonly leaseWaitMs: number;
  readonly workerWaitMs: number;
  readonly options: WorkflowOptions;
  readonly timeoutMs?: number;
  readonly cancelAfterMs?: number;
  readonly cancelAtEvent?: number;
  readonly isLast: boolean;
}

/** One replica, as long as it lives. */
class Target {
  readonly #name: string;
  readonly #client: CoordinatorClient;
  readonly #recorder: Recorder;

  constructor(name: string, client: CoordinatorClient, recorder: Recorder) {
    this.#name = name;
    this.#client = client;
    this.#recorder = recorder;
  }

  async workflow(op: Workflow, actor: string, chosen: Chosen): Promise<Call> {
    const { leaseWaitMs, workerWaitMs } = chosen;
    const options = { ...chosen.options, ...(leaseWaitMs > 0 && { lease_wait: toDuration(leaseWaitMs) }) };
    const request = { actor: toRef(actor), options };
    const joins = chosen.options.join === true;
    return await this.#recorder.stream({ ...chosen, joins, op, actor, replica: this.#name }, (call) => {
      if (op !== 'resume') return this.#client[op](request, call);
      return this.#client.resume(
        { ...request, ...(workerWaitMs > 0 && { worker_wait: toDuration(workerWaitMs) }) },
        call,
      );
    });
  }

  async watch(actor: string, cancelAfterMs: number): Promise<Call> {
    return await this.#recorder.stream({ op: 'watch', actor, replica: this.#name, cancelAfterMs }, (call) =>
      this.#client.watch({ actor: toRef(actor) }, call),
    );
  }

  async unary(
    op: Call['op'],
    actor: string,
    ask: (client: CoordinatorClient, options: CallOptions) => Promise<unknown>,
  ): Promise<Call> {
    return await this.#recorder.unary({ op, actor, replica: this.#name }, (options) => ask(this.#client, options));
  }
}

function isWorkflow(op: string): op is Workflow {
  return op === 'resume' || op === 'suspend' || op === 'pause';
}

function isBrokenOff({ ending, cancelled }: Call): boolean {
  return ending !== undefined && ending.code === 'UNAVAILABLE' && !ending.hasDetails && !cancelled;
}

export function toRef(actor: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = actor.split('/');
  return { namespace, name };
}

function toDuration(ms: number): { readonly seconds: number; readonly nanos: number } {
  const whole = Math.ceil(ms);
  return { seconds: Math.floor(whole / 1000), nanos: (whole % 1000) * 1_000_000 };
}
