// A worker as a caller sees it: Worker of registry.proto, in TypeScript's
// spelling.

import type { Worker__Output } from '../generated/actorworkflow/v1/Worker.js';
import { toDate, type ActorRef, type WorkerRef } from './actor.js';

export interface Worker {
  readonly ref: WorkerRef;
  /** Where its node runtime listens, as a gRPC target. */
  readonly runtimeAddress: string;
  readonly node: string;
  /** The actor that holds it; undefined: it is free. */
  readonly actor: ActorRef | undefined;
  /** That it was claimed with. */
  readonly fencingToken: number;
  /** When it is taken out of service unless it registers again; undefined: never. */
  readonly expireTime: Date | undefined;
}

export function decodeWorker(worker: Worker__Output): Worker {
  const { ref, actor } = worker;
  return {
    ref: { pool: ref?.pool ?? '', name: ref?.name ?? '' },
    runtimeAddress: worker.runtime_address,
    node: worker.node,
    actor: actor === null ? undefined : { namespace: actor.namespace, name: actor.name },
    fencingToken: Number(worker.fencing_token),
    expireTime: toDate(worker.expire_time),
  };
}
