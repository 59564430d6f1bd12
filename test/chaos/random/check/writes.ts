// Rules about what Redis wrote, in its own order, and so free of any clock:
// leases exclude each other, tokens rise, records change under the lease alone
// and as the state machine allows, workers and actors belong to each other.

import type { ActorState } from '../../../../src/actor/actor.js';
import type { ActorRecord, History, Violation, Write } from '../history.js';

/** Redis lets a key expire with its clock's next millisecond. */
const EXPIRY_MS = 1;

/** From which state which others follow; each may also stay. */
const NEXT: Readonly<Record<ActorState, readonly ActorState[]>> = {
  SUSPENDED: ['RESUMING'],
  RESUMING: ['RUNNING', 'SUSPENDED', 'PAUSED', 'CRASHED'],
  RUNNING: ['SUSPENDING', 'PAUSING', 'CRASHED'],
  SUSPENDING: ['SUSPENDED', 'RUNNING', 'CRASHED'],
  PAUSING: ['PAUSED', 'RUNNING', 'CRASHED'],
  PAUSED: ['RESUMING', 'CRASHED'],
  CRASHED: ['RESUMING', 'SUSPENDED'],
};

type Granted = Extract<Write, { type: 'granted' }>;

export function checkWrites({ writes }: History): readonly Violation[] {
  const redis = new Redis();
  for (const write of writes) redis.push(write);
  return redis.violations;
}

class Redis {
  readonly violations: Violation[] = [];
  readonly #leases = new Map<string, Granted>();
  /** Not forgotten when Redis forgets: tokens rise all the same. */
  readonly #lastTokens = new Map<string, number>();
  readonly #records = new Map<string, ActorRecord>();
  readonly #holders = new Map<string, string>();

  push(write: Write): void {
    switch (write.type) {
      case 'granted':
        this.#onGranted(write);
        break;
      case 'renewed': {
        const lease = this.#leases.get(write.actor);
        if (lease !== undefined) this.#leases.set(write.actor, { ...lease, expiresAtMs: write.expiresAtMs });
        break;
      }
      case 'released':
        this.#leases.delete(write.actor);
        break;
      case 'recorded':
        this.#onRecorded(write);
        break;
      case 'deleted':
        if (!this.#leases.has(write.actor)) this.#add('P1', 'a record was deleted without the lease', write.actor);
        this.#records.delete(write.actor);
        break;
      case 'claimed':
        this.#onClaimed(write);
        break;
      case 'freed':
        this.#holders.delete(write.worker);
        if (this.#records.get(write.actor)?.worker === write.worker) {
          this.#add('P6', 'a worker was freed while a record named it', `${write.worker} of ${write.actor}`);
        }
        break;
      case 'wiped':
        this.#leases.clear();
        this.#records.clear();
        this.#holders.clear();
        break;
      case 'broken':
      case 'registered':
      case 'deregistered':
        break;
    }
  }

  #onGranted(write: Granted): void {
    const { actor, token, workflowId } = write;
    const last = this.#lastTokens.get(actor) ?? 0;
    if (token <= last) this.#add('P1', 'a fencing token did not rise', `${actor}: ${token} after ${last}`);
    const held = this.#leases.get(actor);
    if (held !== undefined && write.atMs + EXPIRY_MS < held.expiresAtMs) {
      this.#add(
        'P1',
        'a lease was granted while another was held',
        `${actor}: ${workflowId} beside ${held.workflowId}`,
      );
    }
    this.#lastTokens.set(actor, Math.max(token, last));
    this.#leases.set(actor, write);
  }

  #onRecorded(write: Extract<Write, { type: 'recorded' }>): void {
    const { actor, state, version, transition, workflowId, worker } = write;
    const before = this.#records.get(actor);
    const what = `${actor}: ${transition} of ${workflowId} made ${before?.state ?? 'nothing'} ${state}`;
    const lease = this.#leases.get(actor);
    const needsLease = transition !== 'create' && transition !== 'deregister';
    const isHeld = lease?.workflowId === workflowId && write.atMs <= lease.expiresAtMs + EXPIRY_MS;
    if (needsLease && !isHeld) {
      this.#add('P1', 'a record was written without the lease', `${what}; held by ${lease?.workflowId ?? 'nobody'}`);
    }
    const isLegal = before === undefined || before.state === state || NEXT[before.state].includes(state);
    if (!isLegal || (before === undefined) !== (transition === 'create')) {
      this.#add('P6', 'a transition that there is not', what);
    }
    if (version !== (before?.version ?? 0) + 1) {
      this.#add('P6', 'a version was left out', `${what}, version ${before?.version ?? 0} to ${version}`);
    }
    if (worker !== undefined && this.#holders.get(worker) !== actor) {
      this.#add('P6', 'a record names a worker that its actor does not hold', `${what} on ${worker}`);
    }
    this.#records.set(actor, write);
  }

  #onClaimed({ worker, actor }: Extract<Write, { type: 'claimed' }>): void {
    const holder = this.#holders.get(worker);
    if (holder !== undefined && holder !== actor) {
      this.#add('P6', 'a worker was claimed by two actors', `${worker}: ${actor} beside ${holder}`);
    }
    const other = [...this.#holders].find(([name, holds]) => holds === actor && name !== worker)?.[0];
    if (other !== undefined) this.#add('P6', 'an actor claimed two workers', `${actor}: ${worker} beside ${other}`);
    this.#holders.set(worker, actor);
  }

  #add(promise: string, rule: string, what: string): void {
    this.violations.push({ promise, rule, what });
  }
}
