// The ActorRegistry and WorkerRegistry services: check the request, ask the
// store, encode the answer.

import type { ActorRegistryHandlers } from '../generated/actorworkflow/v1/ActorRegistry.js';
import type { WorkerRegistryHandlers } from '../generated/actorworkflow/v1/WorkerRegistry.js';
import type { ActorRegistryStore, WorkerRegistryStore } from '../store/registry.js';
import type { CallDeps } from './call.js';
import { encodeActor, encodeWorker } from './encode.js';
import { encodePageToken, pageSize, pageToken } from './page.js';
import { unary } from './unary.js';
import { actorRef, dnsLabel, pool, validate, workerRef } from './validate.js';
import { newActor } from './validate-actor.js';
import { newWorker } from './validate-worker.js';

export function actorRegistryService(actors: ActorRegistryStore, deps: CallDeps): ActorRegistryHandlers {
  return {
    CreateActor: unary(async (request) => encodeActor(await actors.create(newActor(request))), deps),
    GetActor: unary(async (request) => {
      const ref = validate((violations) => actorRef(violations, 'actor', request.actor));
      return encodeActor(await actors.get(ref));
    }, deps),
    ListActors: unary(async (request) => {
      const { namespace, size, after } = validate((violations) => ({
        namespace: dnsLabel(violations, 'namespace', request.namespace),
        size: pageSize(violations, 'page_size', request.page_size),
        after: pageToken(violations, 'page_token', `actors/${request.namespace}`, request.page_token),
      }));
      const page = await actors.list(namespace, size, after);
      return { actors: page.items.map(encodeActor), next_page_token: nextToken(`actors/${namespace}`, page.nextAfter) };
    }, deps),
    DeleteActor: unary(async (request) => {
      await actors.delete(validate((violations) => actorRef(violations, 'actor', request.actor)));
      return {};
    }, deps),
  };
}

export function workerRegistryService(workers: WorkerRegistryStore, deps: CallDeps): WorkerRegistryHandlers {
  return {
    RegisterWorker: unary(async (request) => encodeWorker(await workers.register(newWorker(request))), deps),
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
