// Those who call: Resume, Suspend, Pause and Watch with every option, from
// calls that wait in queues to callers who go away in the middle. Each call's
// ending is kept, and held against what a call may end with (P4).

import { formatRef, type Actor, type ActorRef, type WorkflowKind } from '../../src/actor/actor.js';
import { CoordinatorError, type Reason } from '../../src/errors.js';
import type { WorkflowEvent } from '../../src/workflow/event.js';
import { GOAL } from '../../src/workflow/plan.js';
import type { Replica } from './replica.js';
import type { Violate } from './violation.js';
import type { World } from './world.js';

export interface CallersOptions {
  readonly world: World;
  readonly violate: Violate;
  readonly ttlMs: number;
  readonly pickReplica: () => Replica | undefined;
}

export interface Ending {
  /** `completed`, or the reason. */
  readonly how: string;
  readonly actor?: Actor;
}

interface OpenCall {
  readonly replica: Replica;
  readonly what: string;
  /** The caller goes away. */
  leave: () => void;
}

/** What the design's table of statuses has no place for: a bug, or an argument that rpc has let through. */
const NEVER: readonly Reason[] = ['INTERNAL', 'INVALID_ARGUMENT', 'ACTOR_ALREADY_EXISTS', 'WORKER_NOT_FOUND'];

export interface Options {
  readonly kind: WorkflowKind | 'WATCH';
  readonly leaseWaitMs: number;
  readonly workerWaitMs: number;
  readonly join: boolean;
  readonly outlivesCaller: boolean;
  readonly boot: boolean;
  readonly tellsOfRenewals: boolean;
  readonly deadlineMs: number | undefined;
  readonly callerDeadlineMs: number | undefined;
  /** The caller goes away after this. */
  readonly leavesAfterMs: number | undefined;
}

type Kind = Options['kind'];
const TO_RUNNING: readonly [Kind, ...Kind[]] = ['SUSPEND', 'SUSPEND', 'PAUSE', 'PAUSE', 'WATCH'];
const TO_STOPPED: readonly [Kind, ...Kind[]] = ['RESUME'];
const TO_ANY: readonly [Kind, ...Kind[]] = ['RESUME', 'RESUME', 'SUSPEND', 'SUSPEND', 'PAUSE', 'WATCH'];

const PLAIN: Omit<Options, 'kind'> = {
  leaseWaitMs: 0,
  workerWaitMs: 0,
  join: false,
  outlivesCaller: false,
  boot: false,
  tellsOfRenewals: false,
  deadlineMs: undefined,
  callerDeadlineMs: undefined,
  leavesAfterMs: undefined,
};

export class Callers {
  readonly #options: CallersOptions;
  readonly #open = new Set<OpenCall>();

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** Calls that have not ended, of replicas that live. */
  get open(): string[] {
    return [...this.#open]
      .filter(({ replica }) => !replica.isGone)
      .map(({ what, replica }) => `${what} at ${replica.name}`);
  }

  /** Whoever watches goes away: an actor on which nobody works has nothing to end with. */
  sendWatchersAway(): void {
    for (const { what, leave } of this.#open) if (what.startsWith('WATCH')) leave();
  }

  /** A call as a careless world makes it. */
  call(actor: ActorRef, isRunning: boolean): void {
    const { random } = this.#options.world;
    const { ttlMs } = this.#options;
    // Most know what they do.
    const kinds = isRunning && random.chance(0.8) ? TO_RUNNING : random.chance(0.6) ? TO_STOPPED : TO_ANY;
    const kind = random.pick(kinds);
    const sometimes = (chance: number, toMs: number): number | undefined =>
      random.chance(chance) ? random.between(1, toMs) : undefined;
    this.start(actor, {
      kind,
      leaseWaitMs: sometimes(0.4, 2 * ttlMs) ?? 0,
      workerWaitMs: sometimes(0.4, 2 * ttlMs) ?? 0,
      join: random.chance(0.3),
      outlivesCaller: random.chance(0.25),
      boot: random.chance(0.1),
      tellsOfRenewals: random.chance(0.3),
      deadlineMs: sometimes(0.2, 2 * ttlMs),
      callerDeadlineMs: sometimes(0.2, 2 * ttlMs),
      leavesAfterMs: sometimes(kind === 'WATCH' ? 0.7 : 0.2, 2 * ttlMs),
    });
  }

  /** A call of somebody who has time. */
  patient(actor: ActorRef, kind: WorkflowKind): Promise<Ending | undefined> {
    const waitMs = 20 * this.#options.ttlMs;
    return new Promise((resolve) =>
      this.start(actor, { ...PLAIN, kind, leaseWaitMs: waitMs, workerWaitMs: waitMs }, resolve),
    );
  }

  /** @param onEnd told how it ended; undefined where no replica serves */
  start(actor: ActorRef, options: Options, onEnd?: (ending: Ending | undefined) => void): void {
    const { world, pickReplica } = this.#options;
    const replica = pickReplica();
    if (replica === undefined) {
      onEnd?.(undefined);
      return;
    }
    const call: OpenCall = { replica, what: `${options.kind} ${formatRef(actor)}`, leave: () => undefined };
    this.#open.add(call);
    world.note('caller', () => `${call.what} to ${replica.name} ${JSON.stringify(options)}`);
    world.after(world.random.skewed(0.1, 3), () => {
      replica.process.deliver(() => {
        void this.#run(actor, options, call).then((ending) => {
          this.#open.delete(call);
          world.count(`ending: ${options.kind} ${ending.how}`);
          world.note('caller', () => `${call.what} at ${replica.name} ended with ${ending.how}`);
          onEnd?.(ending);
        });
      });
    });
  }

  async #run(actor: ActorRef, options: Options, call: OpenCall): Promise<Ending> {
    const { replica } = call;
    const { clock } = replica.process;
    const aborting = new AbortController();
    const abort = (reason: Reason, what: string): void => {
      if (!aborting.signal.aborted) aborting.abort(new CoordinatorError(reason, what, { maybeDone: true }));
    };
    const { callerDeadlineMs, leavesAfterMs } = options;
    call.leave = () => replica.process.deliver(() => abort('CANCELLED', 'the caller went away'));
    // As rpc/call.ts: at the caller's deadline, and when the caller goes away.
    if (callerDeadlineMs !== undefined)
      clock.setTimer(callerDeadlineMs, () => abort('WORKFLOW_DEADLINE', 'the deadline'));
    if (leavesAfterMs !== undefined) clock.setTimer(leavesAfterMs, () => abort('CANCELLED', 'the caller went away'));
    const told: WorkflowEvent[] = [];
    try {
      for await (const event of this.#stream(actor, options, replica, aborting.signal))
        this.#onEvent(event, told, call);
      return this.#completed(told, options, call);
    } catch (error) {
      return this.#failed(error, told, call);
    }
  }

  #stream(actor: ActorRef, options: Options, replica: Replica, signal: AbortSignal): AsyncIterable<WorkflowEvent> {
    const { workflows, process } = replica;
    const { kind, callerDeadlineMs, deadlineMs } = options;
    if (kind === 'WATCH') return workflows.watch({ actor, afterSequence: 0 }, signal);
    const request = {
      actor,
      leaseWaitMs: options.leaseWaitMs,
      workerWaitMs: options.workerWaitMs,
      join: options.join,
      outlivesCaller: options.outlivesCaller,
      leaseEvents: options.tellsOfRenewals,
      boot: options.boot,
      ...(callerDeadlineMs !== undefined && { callerDeadlineAtMs: process.clock.nowMs() + callerDeadlineMs }),
      ...(deadlineMs !== undefined && { deadlineMs }),
    };
    if (kind === 'RESUME') return workflows.resume(request, signal);
    return kind === 'SUSPEND' ? workflows.suspend(request, signal) : workflows.pause(request, signal);
  }

  #onEvent(event: WorkflowEvent, told: WorkflowEvent[], { what }: OpenCall): void {
    const last = told.at(-1);
    if (last?.fact.type === 'completed' || last?.fact.type === 'failed') {
      this.#options.violate('P4 one ending', `${what}: ${event.fact.type} came after ${last.fact.type}`);
    }
    if (last !== undefined && event.sequence <= last.sequence) {
      this.#options.violate('P4 events in order', `${what}: event ${event.sequence} came after ${last.sequence}`);
    }
    told.push(event);
  }

  #completed(told: readonly WorkflowEvent[], { kind }: Options, { what }: OpenCall): Ending {
    const fact = told.at(-1)?.fact;
    if (fact?.type === 'completed') {
      // A Suspend finishes a Pause that was left unfinished, and so may end with a frozen actor.
      const isFine =
        kind === 'WATCH' || fact.actor.state === GOAL[kind] || (kind === 'SUSPEND' && fact.actor.state === 'PAUSED');
      if (!isFine) {
        this.#options.violate('P4 says how it ended', `${what} is completed, and the actor is ${fact.actor.state}`);
      }
      return { how: 'completed', actor: fact.actor };
    }
    // A watcher may have been told the end before.
    if (kind !== 'WATCH') this.#options.violate('P4 one ending', `${what} ended without saying how`);
    return { how: 'left' };
  }

  #failed(error: unknown, told: readonly WorkflowEvent[], { what }: OpenCall): Ending {
    const { violate } = this.#options;
    if (!(error instanceof CoordinatorError)) {
      violate(
        'P4 a reason of the closed set',
        `${what} ended with ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      );
      return { how: 'error' };
    }
    if (NEVER.includes(error.reason)) {
      const cause = error.cause instanceof Error ? (error.cause.stack ?? '') : '';
      violate('P4 a reason of the table', `${what} ended with ${error.reason}: ${error.message} ${cause}`);
    }
    const fact = told.at(-1)?.fact;
    if (fact?.type === 'completed') violate('P4 one ending', `${what} was completed, and ended with ${error.reason}`);
    if (fact?.type === 'failed' && fact.reason !== error.reason) {
      violate('P4 one ending', `${what} was told ${fact.reason}, and ended with ${error.reason}`);
    }
    return { how: error.reason };
  }
}
