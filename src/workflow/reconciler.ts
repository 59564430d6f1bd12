// Finds what nobody cares for and puts it right, without anybody calling:
// actors in a transitional state whose lease nobody holds, claims that no actor
// wants, workers whose agent has stopped registering. One replica at a time
// does it, under a lease of its own, which moves when its holder dies. It looks
// through the claims, not through all actors, and never works on an actor whose
// lease is held. Each recovery is a workflow like any other.

import { randomUUID } from 'node:crypto';
import { formatRef, type Actor, type WorkflowKind } from '../actor/actor.js';
import { sleep } from '../clock.js';
import { CoordinatorError } from '../errors.js';
import { Lease } from '../lease/lease.js';
import type { Claim, ClaimStore, ExpiredWorker } from '../store/claims.js';
import type { ActorRegistryStore, ActorView, WorkerRegistryStore } from '../store/registry.js';
import type { WorkflowParts, WorkflowSettings } from './execute.js';
import type { Workflows } from './workflows.js';

export interface ReconcilerParts extends WorkflowParts {
  readonly claims: ClaimStore;
  readonly actors: Pick<ActorRegistryStore, 'look'>;
  readonly workers: Pick<WorkerRegistryStore, 'deregister'>;
  readonly workflows: Pick<Workflows, 'recover'>;
  /** Whether something answers at a node runtime's address. */
  readonly answers: (address: string) => Promise<boolean>;
}

const RESOURCE = '_reconciler';

/** Recoveries at once: enough for a rack of dead nodes, few beside the calls that a replica carries. */
const MAX_RECOVERIES = 16;

/** Records read at once while looking through the claims. */
const MAX_LOOKS = 32;

/** Backoff between the attempts on one actor: one interval, two, four …, at most this. */
const MAX_BACKOFF_MS = 60_000;

export class Reconciler {
  readonly #attempts: number;
  readonly #settings: WorkflowSettings;
  readonly #parts: ReconcilerParts;
  readonly #intervalMs: number;
  /** Since when, on the monotonic clock, nobody was seen to hold the lease on an actor that is in transition. */
  #abandonedSinceMs = new Map<string, number>();
  readonly #working = new Set<Promise<void>>();
  #lease: Lease | undefined;

  /** @param attempts how often an actor's workflow is run forward before it is given up: --recovery-attempts */
  constructor(attempts: number, settings: WorkflowSettings, parts: ReconcilerParts) {
    this.#attempts = attempts;
    this.#settings = settings;
    this.#parts = parts;
    // Two looks and a recovery must fit between the expiry of a dead replica's lease and two TTLs.
    this.#intervalMs = Math.min(settings.timings.ttlMs / 4, 5000);
  }

  /** Works until `signal` aborts; then waits for what it has begun and lets its lease go. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await this.#turn(signal);
      } catch (error) {
        // Redis is away, or the lease was lost in the middle: the next turn, or another replica, begins anew.
        if (!isOver()) logger.debug({ err: error }, 'reconciler turn failed');
      }
      await sleep(clock, this.#intervalMs, signal).catch(() => undefined);
    }
    await Promise.all(this.#working);
    await this.#lease?.release();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#lease === undefined || this.#lease.signal.aborted) this.#lease = await this.#acquire();
    const lease = this.#lease;
    if (lease === undefined) {
      // Another replica's eyes are on it.
      this.#abandonedSinceMs.clear();
      return;
    }
    const seen = new Map<string, number>();
    for (const pool of await this.#parts.claims.pools()) {
      for await (const portion of this.#parts.claims.claims(pool)) {
        for (let i = 0; i < portion.length; i += MAX_LOOKS) {
          signal.throwIfAborted();
          lease.ensureHeld();
          await Promise.all(portion.slice(i, i + MAX_LOOKS).map((claim) => this.#look(claim, seen, signal)));
        }
      }
      for (const worker of await this.#parts.claims.expiredWorkers(pool)) {
        lease.ensureHeld();
        await this.#retire(worker);
      }
    }
    this.#abandonedSinceMs = seen;
  }

  async #acquire(): Promise<Lease | undefined> {
    const { leaseStore, heartbeat, clock, logger } = this.#parts;
    const { instanceId, life, timings } = this.#settings;
    const requestedAtMs = clock.nowMs();
    const granted = await leaseStore.acquire({
      resource: RESOURCE,
      workflowId: randomUUID(),
      holder: instanceId,
      life,
      acquireTimeMs: clock.wallMs(),
      ttlMs: timings.ttlMs,
    });
    if (granted === undefined) return undefined;
    logger.info({ fencing_token: granted.fencingToken }, 'this replica reconciles now');
    const grant = { ...granted, requestedAtMs, answeredAtMs: clock.nowMs() };
    return new Lease(grant, { store: leaseStore, heartbeat, timings, clock });
  }

  async #look(claim: Claim, seen: Map<string, number>, signal: AbortSignal): Promise<void> {
    const view = await this.#parts.actors.look(claim.actor).catch((error: unknown) => {
      if (error instanceof CoordinatorError && error.reason === 'ACTOR_NOT_FOUND') return undefined;
      throw error;
    });
    if (view === undefined) {
      await this.#parts.claims.freeClaim(claim);
      return;
    }
    // Whoever holds it may have claimed, and not written that yet.
    if (view.lease !== undefined) return;
    const { actor } = view;
    const work = isUnwanted(claim, actor) ? 'FREE' : this.#kindOf(view);
    if (work === undefined) return;
    const name = formatRef(actor.ref);
    const sinceMs = this.#abandonedSinceMs.get(name) ?? this.#parts.clock.nowMs();
    seen.set(name, sinceMs);
    // Its caller may be about to try again itself, and knows better.
    if (this.#parts.clock.nowMs() - sinceMs < this.#intervalMs / 2) return;
    while (this.#working.size >= MAX_RECOVERIES) await Promise.race(this.#working);
    signal.throwIfAborted();
    this.#begin(work === 'FREE' ? this.#free(claim) : this.#recover(actor, work, signal));
  }

  /** What leads the actor out of its state, if it is time for that. */
  #kindOf({ actor, nowMs }: ActorView): WorkflowKind | undefined {
    const attempts = actor.recoveryAttempts ?? 0;
    const backoffMs = attempts === 0 ? 0 : Math.min(this.#intervalMs * 2 ** (attempts - 1), MAX_BACKOFF_MS);
    if (nowMs - actor.updateTimeMs < backoffMs) return undefined;
    switch (actor.state) {
      case 'RESUMING':
        if (attempts < this.#attempts) return 'RESUME';
        // Given up: stop what may run, and back to SUSPENDED.
        return attempts < 2 * this.#attempts ? 'SUSPEND' : undefined;
      case 'SUSPENDING':
        return attempts < this.#attempts ? 'SUSPEND' : undefined;
      case 'PAUSING':
        return attempts < this.#attempts ? 'PAUSE' : undefined;
      default:
        return undefined;
    }
  }

  #begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
  }

  async #recover(actor: Actor, kind: WorkflowKind, signal: AbortSignal): Promise<void> {
    const { logger, workflows } = this.#parts;
    const facts = { actor: formatRef(actor.ref), state: actor.state, kind, attempt: (actor.recoveryAttempts ?? 0) + 1 };
    logger.warn(facts, 'recovering an abandoned actor');
    // This replica may be full or leaving: then another turn does it.
    await workflows.recover(actor, kind, signal).catch(() => undefined);
  }

  /**
   * A Suspend that died between its two last writes, or a Resume between its two first, has left it. No lease is taken
   * for this: the one that the claim was made under is over, and a workflow that has begun since claims with a greater
   * token, which the script leaves alone.
   */
  async #free(claim: Claim): Promise<void> {
    const { claims, logger } = this.#parts;
    const facts = { actor: formatRef(claim.actor), worker: claim.worker };
    await claims.freeClaim(claim).then(
      () => logger.warn(facts, 'freed a worker that its actor does not want'),
      (error: unknown) => logger.debug({ ...facts, err: error }, 'could not free a worker; another turn does it'),
    );
  }

  async #retire({ ref, runtimeAddress, isClaimed }: ExpiredWorker): Promise<void> {
    const { workers, answers, logger } = this.#parts;
    // Its agent is gone, but the actor may be well: only a runtime that is gone too loses it.
    if (isClaimed && (await answers(runtimeAddress))) return;
    logger.warn({ worker: ref, claimed: isClaimed }, 'a worker that no longer registers is taken out of service');
    // It may have registered while its runtime was asked.
    await workers.deregister(ref, true, true).catch((error: unknown) => {
      logger.warn({ worker: ref, err: error }, 'could not take the worker out of service');
    });
  }
}

/** The record does not name the worker that the actor holds. */
function isUnwanted({ worker }: Claim, actor: Actor): boolean {
  return actor.worker?.name !== worker.name || actor.worker.pool !== worker.pool;
}
