// The ActorRegistry and WorkerRegistry services: check the request, ask the
// store, encode the answer.

import type { ActorRef } from '../actor/actor.js';
import type { ActorRegistryHandlers } from '../generated/actorworkflow/v1/ActorRegistry.js';
import type { WorkerRegistryHandlers } from '../generated/actorworkflow/v1/WorkerRegistry.js';
import type { ActorRegistryStore, Worker, WorkerRegistryStore } from '../store/registry.js';
import type { HeldLease } from '../store/workflow-store.js';
import type { CallDeps } from './call.js';
import { encodeActor, encodeActorView, encodeLease, encodeWorker } from './encode.js';
import { encodePageToken, pageSize, pageToken } from './page.js';
import { unary } from './unary.js';
import { actorRef, dnsLabel, pool, validate, workerRef, type Violations } from './validate.js';
import { actorFilter } from './actor-filter.js';
import { newActor } from './validate-actor.js';
import { registration } from './validate-worker.js';

/** What takes more than the store: a deletion stops what runs, a broken lease is logged. */
export interface ActorOperations {
  deleteActor(ref: ActorRef, force: boolean): Promise<void>;
  forceRelease(ref: ActorRef, reason: string): Promise<HeldLease | undefined>;
}

export function actorRegistryService(
  actors: ActorRegistryStore,
  operations: ActorOperations,
  deps: CallDeps,
): ActorRegistryHandlers {
  return {
    CreateActor: unary(async (request) => encodeActor(await actors.create(newActor(request))), deps),
    GetActor: unary(async (request) => {
      const ref = validate((violations) => actorRef(violations, 'actor', request.actor));
      return encodeActorView(await actors.look(ref));
    }, deps),
    ListActors: unary(async (request, { signal }) => {
      const { namespace, size, after, isWanted } = validate((violations) => ({
        namespace: dnsLabel(violations, 'namespace', request.namespace),
        size: pageSize(violations, 'page_size', request.page_size),
        after: pageToken(violations, 'page_token', `actors/${request.namespace}`, request.page_token),
        isWanted: actorFilter(violations, request, deps.clock),
      }));
      const page = await actors.list(namespace, size, after, (actor) => {
        // Nobody reads a page that took longer than its caller waits; finding one may take a whole namespace.
        signal.throwIfAborted();
        return isWanted(actor);
      });
      return { actors: page.items.map(encodeActor), next_page_token: nextToken(`actors/${namespace}`, page.nextAfter) };
    }, deps),
    DeleteActor: unary(async (request) => {
      const ref = validate((violations) => actorRef(violations, 'actor', request.actor));
      await operations.deleteActor(ref, request.force);
      return {};
    }, deps),
    ForceRelease: unary(async (request) => {
      const { ref, reason } = validate((violations) => ({
        ref: actorRef(violations, 'actor', request.actor),
        reason: forceReason(violations, request.reason),
      }));
      const broken = await operations.forceRelease(ref, reason);
      return broken === undefined ? {} : { broken: encodeLease(broken, deps.clock.wallMs()) };
    }, deps),
  };
}

const MAX_REASON_LENGTH = 200;

function forceReason(violations: Violations, got: string): string {
  if (got === '' || got.length > MAX_REASON_LENGTH) {
    const expected = `why it is broken, in at most ${String(MAX_REASON_LENGTH)} characters: the holder's caller is told`;
    violations.add('reason', got === '' ? undefined : got, expected);
  }
  return got;
}

/** What a registration sets off besides. */
export type OnStatus = (worker: Worker, running: ActorRef | undefined) => Promise<void>;

export function workerRegistryService(
  workers: WorkerRegistryStore,
  onStatus: OnStatus,
  deps: CallDeps,
): WorkerRegistryHandlers {
  return {
    RegisterWorker: unary(async (request) => {
      const { worker, status } = registration(request);
      const registered = await workers.register(worker);
      if (status !== undefined) await onStatus(registered, status.running);
      return encodeWorker(registered);
    }, deps),
    DeregisterWorker: unary(async (request) => {
      await workers.deregister(
        validate((violations) => workerRef(violations, 'worker', request.worker)),
        request.force,
      );
      return {};
    }, deps),
    ListWorkers: unary(async (request) => {
      const { name, size, after } = validate((violations) => {
        const poolName = pool(violations, 'pool', request.pool);
        return {
          name: poolName,
          size: pageSize(violations, 'page_size', request.page_size),
          after: pageToken(violations, 'page_token', `workers/${poolName}`, request.page_token),
        };
      });
      const page = await workers.list(name, size, after);
      return { workers: page.items.map(encodeWorker), next_page_token: nextToken(`workers/${name}`, page.nextAfter) };
    }, deps),
  };
}

function nextToken(listing: string, after: string | undefined): string {
  return after === undefined ? '' : encodePageToken(listing, after);
}
