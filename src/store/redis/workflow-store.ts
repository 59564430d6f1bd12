// What a workflow reads and writes, in Redis: each method is one script. The
// guarantees of the port are those of the scripts, which are beside this file.

import { formatRef, type Actor, type ActorRef, type ClaimedWorker } from '../../actor/actor.js';
import type { Transition } from '../../actor/transition.js';
import { CoordinatorError } from '../../errors.js';
import type { LeaseIdentity } from '../../lease/lease-store.js';
import type { AcquireRequest, AcquireResult, ClaimRequest, WorkflowStore } from '../workflow-store.js';
import { decodeActor, encodeChanges } from './actor-record.js';
import type { Keys } from './keys.js';
import { decodeHeldLease, leaseValueHead } from './lease-value.js';
import { record, run, scripts, text, type RedisClient, type Reply } from './scripts.js';
import { answered } from './unavailable.js';

/** A pool's workers come and go, and so does load: soon enough to catch a free one, rare enough not to hammer. */
const NO_FREE_WORKER_RETRY_MS = 1000;

export class RedisWorkflowStore implements WorkflowStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async acquire(request: AcquireRequest): Promise<AcquireResult> {
    const resource = formatRef(request.actor);
    const head = leaseValueHead(request);
    let reply: Reply;
    try {
      reply = await run(this.#client, scripts.acquire, this.#leaseKeys(request.actor), [
        Math.floor(request.ttlMs),
        head,
        request.idleState ?? '',
        request.holder,
        request.life,
        request.workflowId,
        request.wait?.channel ?? '',
        request.wait?.lifetimeMs ?? 0,
        request.overtakes === true ? 'overtake' : '',
      ]);
    } catch (error) {
      // Perhaps granted, and nobody to renew it: others would wait for its TTL.
      void this.#release(request.actor, head, request.workflowId).catch(() => undefined);
      throw error;
    }
    switch (text(reply, 0)) {
      case 'granted': {
        const token = text(reply, 1);
        return {
          type: 'granted',
          lease: {
            resource,
            value: `${head}${token}}`,
            fencingToken: Number(token),
            serverTimeUs: Number(text(reply, 2)),
          },
          actor: decodeActor(request.actor, record(reply, 3)),
        };
      }
      case 'idle':
        return { type: 'idle', actor: decodeActor(request.actor, record(reply, 1)) };
      case 'held':
        return { type: 'held', by: decodeHeldLease(text(reply, 1), Number(reply[2])) };
      case 'queued':
        return { type: 'queued', inFront: Number(reply[1]) };
      default:
        return { type: 'not_found' };
    }
  }

  async leaveLeaseQueue(actor: ActorRef, workflowId: string): Promise<void> {
    // No lease begins like this: it only leaves.
    await this.#release(actor, '-', workflowId);
  }

  async transition(
    actor: ActorRef,
    lease: LeaseIdentity,
    workflowId: string,
    transition: Transition,
    release: boolean,
  ): Promise<Actor> {
    const reply = await run(this.#client, scripts.transition, this.#leaseKeys(actor), [
      lease.value,
      `${workflowId} ${transition.name}`,
      transition.to,
      release ? 'release' : 'keep',
      transition.from.length,
      ...transition.from,
      ...encodeChanges(transition.changes),
    ]);
    const name = formatRef(actor);
    switch (text(reply, 0)) {
      case 'ok':
        return decodeActor(actor, record(reply, 1));
      case 'lost':
        throw new CoordinatorError('LEASE_LOST', `the lease on ${name} was lost: ${describeLease(text(reply, 1))}`, {
          maybeDone: true,
        });
      case 'conflict':
        throw new CoordinatorError(
          'INVALID_STATE',
          `actor ${name} became ${text(reply, 1)} meanwhile; ${transition.name} needs ${transition.from.join(' or ')}`,
          { metadata: { state: text(reply, 1) } },
        );
      default:
        throw new CoordinatorError('ACTOR_NOT_FOUND', `actor ${name} was deleted meanwhile`);
    }
  }

  async claim(request: ClaimRequest): Promise<ClaimedWorker> {
    const actor = formatRef(request.actor);
    const { pool, fencingToken } = request;
    const reply = await run(this.#client, scripts.claimWorker, this.#keys.pool(pool), [
      actor,
      fencingToken,
      request.preferredNode ?? '',
      request.wait?.channel ?? '',
      request.wait?.lifetimeMs ?? 0,
    ]);
    switch (text(reply, 0)) {
      case 'claimed':
        return decodeWorker(pool, text(reply, 1), text(reply, 2));
      case 'stale':
        throw new CoordinatorError(
          'LEASE_LOST',
          `the lease on ${actor} was lost: a workflow with fencing token ${text(reply, 1)} has claimed a worker`,
          { maybeDone: true },
        );
      case 'no_worker':
        throw new CoordinatorError(
          'NO_MATCHING_POOL',
          `pool '${pool}' has no workers; register one with WorkerRegistry.RegisterWorker`,
          { metadata: { pool } },
        );
      default:
        throw new CoordinatorError('NO_FREE_WORKER', `every worker of pool '${pool}' is taken`, {
          metadata: { pool },
          retryAfterMs: NO_FREE_WORKER_RETRY_MS,
        });
    }
  }

  async leaveWorkerQueue(actor: ActorRef, pool: string): Promise<void> {
    await run(this.#client, scripts.leaveWorkerQueue, this.#keys.pool(pool), [formatRef(actor)]);
  }

  async free(actor: ActorRef, pool: string, fencingToken: number): Promise<void> {
    await run(this.#client, scripts.freeWorker, this.#keys.pool(pool), [formatRef(actor), fencingToken]);
  }

  async hasWorkersOn(pool: string, node: string): Promise<boolean> {
    const registrations = await answered(this.#client.hvals(this.#keys.pool(pool)[0]));
    return registrations.some((registration) => decodeWorker(pool, '', registration).node === node);
  }

  async findWorker(pool: string, name: string): Promise<ClaimedWorker | undefined> {
    const registration = await answered(this.#client.hget(this.#keys.pool(pool)[0], name));
    return registration === null ? undefined : decodeWorker(pool, name, registration);
  }

  /** The record, its lease, and the queue for that. */
  #leaseKeys(actor: ActorRef): string[] {
    const resource = formatRef(actor);
    return [this.#keys.actor(actor), this.#keys.lease(resource), ...this.#keys.leaseQueue(resource)];
  }

  async #release(actor: ActorRef, value: string, workflowId: string): Promise<void> {
    const [, ...keys] = this.#leaseKeys(actor);
    await run(this.#client, scripts.release, keys, [value, workflowId]);
  }
}

function describeLease(current: string): string {
  return current === '' ? 'it is gone from Redis' : `Redis has another one: ${current.slice(0, 200)}`;
}

function decodeWorker(pool: string, name: string, registration: string): ClaimedWorker {
  const { node, runtime_address: runtimeAddress } = JSON.parse(registration) as {
    node: string;
    runtime_address: string;
  };
  return { pool, name, node, runtimeAddress };
}
