// The client: `import { ActorCoordinator } from 'actor-coordinator/client'`.
// Workflows are async iterables of typed events, the rest are promises; every
// error of a call is a CallError. Guarantees: leaving an iteration, or aborting
// the signal, cancels the call; an iterable survives broken connections and dead
// replicas, as docs/client.md says; arguments that make no sense throw a
// TypeError before anything is sent. It loads nothing that only a server needs.

import { toDuration } from '../rpc/time.js';
import { toStruct } from '../rpc/struct.js';
import { decodeActor, decodeLease, toActorRef } from './actor.js';
import type { Actor, ActorLease, ActorRef, ActorState, Snapshot, WorkerRef, WorkloadSpec } from './actor.js';
import { CallError, toCallError } from './call-error.js';
import { decodeEvent, type WorkflowEvent } from './event.js';
import { lastingCall, type LastingCall } from './lasting-call.js';
import { Replicas, type TlsOptions } from './replicas.js';
import { unaryCall, type UnaryOptions } from './unary-call.js';
import {
  pauseCall,
  resumeCall,
  suspendCall,
  watchCall,
  type ResumeOptions,
  type WatchOptions,
  type WorkflowOptions,
} from './workflow-call.js';
import { decodeWorker, type Worker } from './worker.js';

export { CallError, type CallReason } from './call-error.js';
export type {
  Actor,
  ActorLease,
  ActorRef,
  ActorState,
  Snapshot,
  WorkerRef,
  WorkflowFailure,
  WorkflowKind,
  WorkloadSpec,
} from './actor.js';
export type { EventOfRun, Started, WorkflowEvent, WorkflowFact } from './event.js';
export type { OnRetry, RetryOptions } from './patience.js';
export type { TlsOptions } from './replicas.js';
export type { UnaryOptions } from './unary-call.js';
export type { ResumeOptions, WatchOptions, WorkflowOptions } from './workflow-call.js';
export type { Worker } from './worker.js';
export type { FieldViolation, Reason } from '../errors.js';

export interface ConnectOptions {
  /** Serve-side TLS: `true` trusts what Node trusts. Default: no TLS. */
  readonly tls?: TlsOptions | boolean;
}

export interface NewActor {
  readonly spec?: WorkloadSpec;
  /** Which workers may run it. Default: `default`. */
  readonly pool?: string;
  /** Start from this durable snapshot in place of a boot. */
  readonly snapshot?: Pick<Snapshot, 'uri'> & Partial<Pick<Snapshot, 'sizeBytes' | 'workflowId'>>;
}

export interface ListOptions extends UnaryOptions {
  /** Only actors in one of these. */
  readonly states?: readonly ActorState[];
  /** Only actors that have been RESUMING, SUSPENDING or PAUSING for longer, in milliseconds. */
  readonly transitionalForMs?: number;
}

export interface NewWorker {
  /** Where its node runtime listens, as a gRPC target. */
  readonly runtimeAddress: string;
  readonly node: string;
  /** It is taken out of service unless it registers again within this time, in milliseconds. Default: it stays. */
  readonly ttlMs?: number;
}

/** A workflow: iterate over it, once; nothing is sent before. */
export interface Workflow extends AsyncIterable<WorkflowEvent> {
  /** Reads it to its end. @throws CallError */
  actor(): Promise<Actor>;
}

const PAGE_SIZE = 500;

export class ActorCoordinator {
  readonly #replicas: Replicas;

  /**
   * @param addresses `host:port` or `unix:///path`, one or several; calls go to the first that answers, until it does not
   * @throws TypeError for what is no address, or half of a key pair
   */
  constructor(addresses: string | readonly string[], options: ConnectOptions = {}) {
    this.#replicas = new Replicas(addresses, options.tls);
  }

  /** Brings an actor to RUNNING. */
  resume(actor: ActorRef | string, options: ResumeOptions = {}): Workflow {
    return this.#workflow(resumeCall(actor, options));
  }

  /** Writes a snapshot of a RUNNING actor to durable storage and frees its worker. */
  suspend(actor: ActorRef | string, options: WorkflowOptions = {}): Workflow {
    return this.#workflow(suspendCall(actor, options));
  }

  /** Freezes a RUNNING actor on its node and frees its worker. */
  pause(actor: ActorRef | string, options: WorkflowOptions = {}): Workflow {
    return this.#workflow(pauseCall(actor, options));
  }

  /** Replays the events of the actor's workflow, or of its last one, and follows it to its end. */
  watch(actor: ActorRef | string, options: WatchOptions = {}): Workflow {
    return this.#workflow(watchCall(actor, options));
  }

  /** @throws CallError ACTOR_ALREADY_EXISTS */
  async createActor(actor: ActorRef | string, given: NewActor = {}, options: UnaryOptions = {}): Promise<Actor> {
    const { spec, pool, snapshot } = given;
    const request = {
      actor: toActorRef(actor),
      pool: pool ?? '',
      spec: {
        command: [...(spec?.command ?? [])],
        env: { ...spec?.env },
        image: spec?.image ?? '',
        ...(spec?.runtimeOptions !== undefined && { runtime_options: toStruct(spec.runtimeOptions) }),
      },
      ...(snapshot !== undefined && {
        snapshot: {
          uri: snapshot.uri,
          location: 'SNAPSHOT_LOCATION_DURABLE' as const,
          size_bytes: snapshot.sizeBytes ?? 0,
          workflow_id: snapshot.workflowId ?? '',
        },
      }),
    };
    return decodeActor(
      await unaryCall(this.#replicas, options, false, (client, call) => client.createActor(request, call)),
    );
  }

  /** @throws CallError ACTOR_NOT_FOUND */
  async getActor(actor: ActorRef | string, options: UnaryOptions = {}): Promise<Actor> {
    const ref = toActorRef(actor);
    return decodeActor(await unaryCall(this.#replicas, options, true, (client, call) => client.getActor(ref, call)));
  }

  /** The actors of a namespace, in the order of their names. */
  async *listActors(namespace: string, options: ListOptions = {}): AsyncGenerator<Actor, void, undefined> {
    const { states = [], transitionalForMs } = options;
    let pageToken = '';
    do {
      const request = {
        namespace,
        states: states.map((state) => `ACTOR_STATE_${state}` as const),
        page_size: PAGE_SIZE,
        page_token: pageToken,
        ...(transitionalForMs !== undefined && { transitional_for: toDuration(transitionalForMs) }),
      };
      const page = await unaryCall(this.#replicas, options, true, (client, call) => client.listActors(request, call));
      for (const actor of page.actors) yield decodeActor(actor);
      pageToken = page.next_page_token;
    } while (pageToken !== '');
  }

  /** @throws CallError INVALID_STATE, LEASE_HELD, unless forced */
  async deleteActor(
    actor: ActorRef | string,
    options: UnaryOptions & { readonly force?: boolean } = {},
  ): Promise<void> {
    const ref = toActorRef(actor);
    const { force = false } = options;
    await unaryCall(this.#replicas, options, false, (client, call) => client.deleteActor(ref, { ...call, force }));
  }

  /**
   * Breaks the actor's lease, whoever holds it: for people, when a workflow hangs.
   * @param reason why, for the log and for the holder's caller; at most 200 characters
   * @returns the lease that was broken; undefined: nobody held it
   */
  async forceRelease(
    actor: ActorRef | string,
    reason: string,
    options: UnaryOptions = {},
  ): Promise<ActorLease | undefined> {
    const ref = toActorRef(actor);
    const { broken } = await unaryCall(this.#replicas, options, false, (client, call) =>
      client.forceRelease(ref, reason, call),
    );
    return broken === null ? undefined : decodeLease(broken);
  }

  async registerWorker(worker: WorkerRef, given: NewWorker, options: UnaryOptions = {}): Promise<Worker> {
    const request = {
      worker: { pool: worker.pool, name: worker.name },
      runtime_address: given.runtimeAddress,
      node: given.node,
      ...(given.ttlMs !== undefined && { ttl: toDuration(given.ttlMs) }),
    };
    return decodeWorker(
      await unaryCall(this.#replicas, options, true, (client, call) => client.registerWorker(request, call)),
    );
  }

  /** @param options force: also while it holds an actor, which is CRASHED then */
  async deregisterWorker(worker: WorkerRef, options: UnaryOptions & { readonly force?: boolean } = {}): Promise<void> {
    const ref = { pool: worker.pool, name: worker.name };
    await unaryCall(this.#replicas, options, false, (client, call) =>
      client.deregisterWorker(ref, options.force ?? false, call),
    );
  }

  /** The workers of a pool, and the actors that hold them. */
  async listWorkers(pool = 'default', options: UnaryOptions = {}): Promise<readonly Worker[]> {
    const workers = await unaryCall(this.#replicas, options, true, (client, call) => client.listWorkers(pool, call));
    return workers.map(decodeWorker);
  }

  /** Lets go of the connections; calls under way end with CANCELLED. */
  close(): void {
    this.#replicas.close();
  }

  #workflow(call: LastingCall): Workflow {
    const events = read(call, this.#replicas);
    return {
      [Symbol.asyncIterator]: () => events,
      async actor() {
        let actor: Actor | undefined;
        for await (const event of events) if (event.type === 'completed') actor = event.actor;
        if (actor !== undefined) return actor;
        throw new CallError('INTERNAL', 'INTERNAL', 'the workflow ended without an actor');
      },
    };
  }
}

async function* read(call: LastingCall, replicas: Replicas): AsyncGenerator<WorkflowEvent, void, undefined> {
  try {
    for await (const told of lastingCall(call, replicas)) {
      const event = decodeEvent(told);
      if (event !== undefined) yield event;
    }
  } catch (error) {
    throw toCallError(error, call.signal);
  }
}
