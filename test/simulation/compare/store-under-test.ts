// Makes generated calls through the production adapters, of whichever server
// answers. What a call needs of an earlier one (a lease, a record, a claim), it
// takes from what that returned, so that both servers are asked for the same.

import type { Actor, ActorRef, ClaimedWorker } from '../../../src/actor/actor.js';
import * as transitions from '../../../src/actor/transition.js';
import { RedisActorRegistry } from '../../../src/store/redis/actor-registry.js';
import { RedisClaims } from '../../../src/store/redis/claims.js';
import { RedisEventLog } from '../../../src/store/redis/event-log.js';
import type { Keys } from '../../../src/store/redis/keys.js';
import { RedisLeaseStore } from '../../../src/store/redis/lease-store.js';
import type { RedisClient } from '../../../src/store/redis/scripts.js';
import { RedisWorkerRegistry } from '../../../src/store/redis/worker-registry.js';
import { RedisWorkflowStore } from '../../../src/store/redis/workflow-store.js';
import { isShort, LONG_MS, SHORT_MS, type Operation } from './operations.js';

/** Also of workflows that no other call is made for. */
type Acquire = Omit<Extract<Operation, { op: 'acquire' }>, 'workflow'> & { readonly workflow: string };

type Granted = Extract<Awaited<ReturnType<RedisWorkflowStore['acquire']>>, { type: 'granted' }>;

export class StoreUnderTest {
  readonly #workflows: RedisWorkflowStore;
  readonly #leases: RedisLeaseStore;
  readonly #actors: RedisActorRegistry;
  readonly #workers: RedisWorkerRegistry;
  readonly #claims: RedisClaims;
  readonly #eventLog: RedisEventLog;
  readonly #channel: string;
  readonly #pass: () => Promise<void>;
  readonly #granted: Record<string, Granted['lease'][]> = {};
  readonly #records: Record<string, Actor> = {};
  readonly #claimed: Record<string, ClaimedWorker> = {};

  /** @param pass lets more time pass on the server than SHORT_MS */
  constructor(client: RedisClient, keys: Keys, pass: () => Promise<void>) {
    this.#workflows = new RedisWorkflowStore(client, keys);
    this.#leases = new RedisLeaseStore(client, keys);
    this.#actors = new RedisActorRegistry(client, keys);
    this.#workers = new RedisWorkerRegistry(client, keys);
    this.#claims = new RedisClaims(client, keys);
    this.#eventLog = new RedisEventLog(client, keys);
    this.#channel = keys.wakeChannel('life');
    this.#pass = pass;
  }

  /** @returns what it returned, or the error that it threw */
  async run(each: Operation): Promise<unknown> {
    const result: unknown = await this.#call(each).catch((error: unknown) => error);
    // What is short is over before anything else is asked, on whichever server.
    if (isShort(each)) await this.#pass();
    return result;
  }

  async #call(each: Operation): Promise<unknown> {
    switch (each.op) {
      case 'create':
        return await this.#actors.create({
          ref: ref(each.actor),
          spec: { command: ['run'], env: {}, image: '' },
          pool: 'p',
        });
      case 'register': {
        const { worker: name, node: on, ttl } = each;
        const time = ttl === 0 ? {} : { ttlMs: ttl };
        return await this.#workers.register({ ref: { pool: 'p', name }, runtimeAddress: `${on}:1`, node: on, ...time });
      }
      case 'acquire':
        return await this.#acquire(each);
      case 'transition':
        return await this.#transition(each);
      case 'claim':
        return await this.#claim(each);
      case 'queue':
        return await this.#queue(each);
      case 'resume':
        return await this.#resume(each);
      case 'free': {
        await this.#workflows.free(ref(each.actor), 'p', this.#lease(each).fencingToken);
        return;
      }
      case 'renew': {
        const { fencingToken, ...held } = this.#lease(each);
        // Tokens are times in µs.
        const notAfterUs = each.late ? fencingToken - 1 : Number.MAX_SAFE_INTEGER;
        return await this.#leases.renew([{ ...held, ttlMs: each.ttl, notAfterUs }]);
      }
      case 'release':
        return await this.#leases.release(this.#lease(each));
      case 'leaveLeaseQueue': {
        await this.#workflows.leaveLeaseQueue(ref(each.actor), each.workflow);
        return;
      }
      case 'leaveWorkerQueue': {
        await this.#workflows.leaveWorkerQueue(ref(each.actor), 'p');
        return;
      }
      case 'forceRelease':
        return await this.#actors.forceRelease(ref(each.actor), 'it hangs');
      case 'delete': {
        await this.#actors.delete(ref(each.actor), this.#lease(each));
        return;
      }
      case 'deregister': {
        await this.#workers.deregister({ pool: 'p', name: each.worker }, each.force, each.expired);
        return;
      }
      case 'freeClaims':
        return await this.#freeClaims();
      case 'plainAcquire': {
        const request = {
          resource: 'plain',
          workflowId: each.workflow,
          holder: 'r1',
          life: 'l1',
          acquireTimeMs: 5,
          ttlMs: each.ttl,
        };
        return (await this.#leases.acquire(request)) ?? 'held';
      }
      case 'append': {
        const events = Array.from({ length: each.count }, (_, i) => {
          const sequence = each.sequence + i;
          return { sequence, text: `${each.workflow} ${sequence}` };
        });
        const { fencingToken } = this.#lease(each);
        await this.#eventLog.append({
          actor: ref(each.actor),
          workflowId: each.workflow,
          fencingToken,
          step: 's',
          events,
        });
        return;
      }
      case 'readEvents':
        return await this.#eventLog.read(ref(each.actor), each.after, each.workflow);
      case 'look':
        return await this.#actors.look(ref(each.actor));
      case 'lists':
        return [
          await this.#workers.list('p', 10, ''),
          await this.#actors.list('ns', 10, '', () => true),
          await this.#claims.pools(),
          await this.#claims.expiredWorkers('p'),
          await this.#workflows.hasWorkersOn('p', each.node),
          await this.#workflows.findWorker('p', 'x'),
        ];
      case 'pass': {
        await this.#pass();
        return;
      }
    }
  }

  async #acquire(each: Acquire): Promise<unknown> {
    const { actor: name, workflow: workflowId, holder, life, ttl, idle, overtakes } = each;
    const result = await this.#workflows.acquire({
      ...{ actor: ref(name), workflowId, kind: 'RESUME', holder, life, ttlMs: ttl, acquireTimeMs: 5, overtakes },
      ...this.#wait(each.wait),
      ...(idle !== undefined && { idleState: idle }),
    });
    if (result.type === 'granted') {
      (this.#granted[name] ??= []).unshift(result.lease);
      this.#records[name] = result.actor;
    }
    return result;
  }

  async #transition(each: Extract<Operation, { op: 'transition' }>): Promise<unknown> {
    const { actor: name, workflow: workflowId, step, boot, release } = each;
    const record = this.#records[name];
    if (record === undefined) return 'nothing is known of it';
    const worker_ = this.#claimed[name] ?? { pool: 'p', name: 'x', node: 'm', runtimeAddress: 'm:1' };
    const failure = { workflowId, step: 's', reason: 'INTERNAL', message: 'm', timeMs: 7 };
    const snapshot = { uri: `u/${workflowId}`, location: 'DURABLE', node: '', workflowId, sizeBytes: 1 } as const;
    const make = {
      beginResume: () => transitions.beginResume(record, worker_, boot),
      finishResume: () => transitions.finishResume(record, 'address'),
      beginSuspend: () => transitions.beginSuspend(snapshot),
      finishSuspend: () => transitions.finishSuspend(snapshot),
      beginPause: () => transitions.beginPause({ ...snapshot, location: 'LOCAL', node: 'm' }),
      finishPause: () => transitions.finishPause(record, { ...snapshot, location: 'LOCAL', node: 'm' }),
      rollBackResume: () => transitions.rollBackResume(record, failure),
      rollBackCheckpoint: () => transitions.rollBackCheckpoint(failure),
      abandonResume: () => transitions.abandonResume(record),
      crash: () => transitions.crash(record, failure),
      recordFailure: () => transitions.recordFailure(record, failure),
      beginRecovery: () => transitions.beginRecovery(record),
    } as const;
    const written = await this.#workflows.transition(ref(name), this.#lease(each), workflowId, make[step](), release);
    this.#records[name] = written;
    return written;
  }

  async #claim(each: Extract<Operation, { op: 'claim' }>): Promise<ClaimedWorker> {
    const { actor: name, node: preferredNode } = each;
    const claimed = await this.#workflows.claim({
      actor: ref(name),
      pool: 'p',
      fencingToken: this.#lease(each).fencingToken,
      ...this.#wait(each.wait),
      ...(preferredNode !== undefined && { preferredNode }),
    });
    this.#claimed[name] = claimed;
    return claimed;
  }

  /** Behind each other for one lease, and the first again, which has its place: by chance alone, three seldom meet. */
  async #queue({ actor: name, workflow }: Extract<Operation, { op: 'queue' }>): Promise<unknown> {
    const life = { holder: 'r1', life: 'l1', ttl: LONG_MS, idle: undefined, overtakes: false } as const;
    const results = [];
    for (const each of ['w4', workflow, 'w5', workflow]) {
      results.push(await this.#acquire({ op: 'acquire', actor: name, workflow: each, wait: 'long', ...life }));
    }
    return results;
  }

  /** In order, so that the actor is on the worker that it claims: by chance alone, it seldom is. */
  async #resume({ actor: name, workflow }: Extract<Operation, { op: 'resume' }>): Promise<unknown> {
    const same = { actor: name, workflow, wait: 'no', lease: 0 } as const;
    const life = { holder: 'r1', life: 'l1', ttl: LONG_MS, idle: undefined, overtakes: false } as const;
    const granted = await this.#acquire({ op: 'acquire', ...same, ...life });
    const claimed = await this.#claim({ op: 'claim', ...same, node: undefined });
    const begun = await this.#transition({
      op: 'transition',
      ...same,
      step: 'beginResume',
      boot: false,
      release: false,
    });
    const ended = await this.#transition({
      op: 'transition',
      ...same,
      step: 'finishResume',
      boot: false,
      release: true,
    });
    return [granted, claimed, begun, ended];
  }

  async #freeClaims(): Promise<unknown> {
    const found = [];
    for await (const portion of this.#claims.claims('p')) found.push(...portion);
    for (const claim of found) await this.#claims.freeClaim(claim);
    return found.sort((a, b) => (a.worker.name < b.worker.name ? -1 : 1));
  }

  /** One that was granted on the actor; where there is none, one that nobody has. */
  #lease({ actor: name, lease: index }: { readonly actor: string; readonly lease: number }): Granted['lease'] {
    const granted = this.#granted[name] ?? [];
    return (
      granted[index % granted.length] ?? { resource: `ns/${name}`, value: 'nobody', fencingToken: 1, serverTimeUs: 0 }
    );
  }

  #wait(how: string): { readonly wait?: { readonly channel: string; readonly lifetimeMs: number } } {
    if (how === 'no') return {};
    return { wait: { channel: this.#channel, lifetimeMs: how === 'long' ? LONG_MS : SHORT_MS } };
  }
}

function ref(name: string): ActorRef {
  return { namespace: 'ns', name };
}
