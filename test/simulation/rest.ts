// What must hold when nobody calls any more and nothing fails: every actor is
// at rest, nobody holds or waits for anything, and the record, the claims and
// the nodes tell one story (P3, P5, P6).

import type { Actor, ActorRef, ActorState } from '../../src/actor/actor.js';
import { formatRef } from '../../src/actor/actor.js';
import { decodeActor } from '../../src/store/redis/actor-record.js';
import type { Beliefs } from './beliefs.js';
import type { Callers } from './callers.js';
import type { KnownActors } from './known-actors.js';
import type { SimulatedNode } from './node.js';
import type { Server } from './redis/server.js';
import { KEYS, type Replica } from './replica.js';

const TRANSITIONAL: readonly ActorState[] = ['RESUMING', 'SUSPENDING', 'PAUSING'];

export interface RestOptions {
  readonly server: Server;
  readonly known: KnownActors;
  readonly beliefs: Beliefs;
  readonly callers: Callers;
  readonly nodes: readonly SimulatedNode[];
  readonly actors: readonly ActorRef[];
  readonly workers: readonly { readonly pool: string; readonly name: string }[];
  readonly replicas: readonly Replica[];
  readonly recoveryAttempts: number;
}

export function readActor(server: Server, ref: ActorRef): Actor | undefined {
  const record = server.keyspace.hash(KEYS.actor(ref));
  return record.size === 0 ? undefined : decodeActor(ref, record);
}

/** @returns what is not at rest yet, and undefined where everything is */
export function unrest(options: RestOptions): string | undefined {
  const { callers, nodes, actors, replicas, server, workers } = options;
  const [call] = callers.open;
  if (call !== undefined) return `${call} has not ended`;
  const away = replicas.find(({ serves }) => !serves);
  if (away !== undefined) return `${away.name} is away`;
  const busy = replicas.find(({ workflows }) => workflows.running > 0);
  if (busy !== undefined) return `${busy.name} runs ${busy.workflows.running} workflows`;
  const missing = workers.find(({ pool, name }) => !server.keyspace.hash(KEYS.pool(pool)[0]).has(name));
  if (missing !== undefined) return `worker ${missing.name} has not registered again`;
  const working = nodes.find(({ isBusy }) => isBusy);
  if (working !== undefined) return `${working.name} is at work`;
  for (const actor of actors) {
    const what = unrestOf(actor, options);
    if (what !== undefined) return `${formatRef(actor)}: ${what}`;
  }
  return unrestOfKeys(options);
}

/** Leases and places in queues that nobody can need any more. */
function unrestOfKeys({ server, beliefs }: RestOptions): string | undefined {
  const { keyspace } = server;
  const reconciler = keyspace.string(KEYS.lease('_reconciler')) === undefined ? 0 : 1;
  const left = keyspace.keys().find((key) => /^lease:\{[^_].*\}($|:queue|:waiters)|:queue$|:waiters$/.test(key));
  if (left !== undefined) return `${left} is left in Redis`;
  if (beliefs.size > reconciler) return `${beliefs.size} leases are still watched`;
  return undefined;
}

function unrestOf(ref: ActorRef, options: RestOptions): string | undefined {
  const { server, known, nodes, recoveryAttempts } = options;
  const name = formatRef(ref);
  const actor = readActor(server, ref);
  const pools = [...new Set(options.workers.map(({ pool }) => pool))];
  const claims = pools.flatMap((pool) => {
    const worker = server.keyspace.hash(KEYS.pool(pool)[6]).get(name);
    return worker === undefined ? [] : [`${pool}/${worker}`];
  });
  if (actor !== undefined && TRANSITIONAL.includes(actor.state)) {
    const attempts = actor.recoveryAttempts ?? 0;
    const most = actor.state === 'RESUMING' ? 2 * recoveryAttempts : recoveryAttempts;
    // Its last write was forgotten after its claim was freed, by which it would be found: the next call finishes it.
    if (claims.length === 0 && known.hasForgotten) return undefined;
    // Tried as often as it may be: left for somebody to look at.
    return attempts >= most ? undefined : `it is ${actor.state} after ${attempts} attempts`;
  }
  const wanted = actor?.worker === undefined ? [] : [`${actor.worker.pool}/${actor.worker.name}`];
  if (claims.join() !== wanted.join()) {
    return `it is ${actor?.state ?? 'deleted'} on '${wanted.join()}', and claims '${claims.join()}'`;
  }
  if ((actor?.state === 'RUNNING') !== wanted.length > 0)
    return `it is ${actor?.state ?? 'deleted'} on '${wanted.join()}'`;
  const places = nodes.flatMap((node) => {
    const place = node.placeOf(name);
    return place === undefined ? [] : [place];
  });
  const runsOn = places.flatMap(({ worker }) => (worker === undefined ? [] : [worker]));
  // Whatever else runs of it, it runs where its record says.
  if (wanted.length > 0 && !runsOn.includes(actor?.worker?.name ?? '')) return `it is RUNNING, and does not run`;
  if (known.isExcused(name)) return undefined;
  if (runsOn.length !== wanted.length) return `it is ${actor?.state ?? 'deleted'}, and runs on '${runsOn.join()}'`;
  const frozenAs = places.flatMap((place) => (place.worker === undefined ? [place.frozenAs ?? ''] : []));
  const wantedAs = actor?.state === 'PAUSED' ? actor.latestSnapshot?.uri : undefined;
  if (wantedAs !== undefined && !frozenAs.includes(wantedAs) && !known.of(name).isLost) {
    return `it is PAUSED as ${wantedAs}, and stands frozen as '${frozenAs.join()}'`;
  }
  const left = frozenAs.filter((uri) => uri !== wantedAs);
  if (left.length > 0 && !known.of(name).isLeft) {
    return `it is ${actor?.state ?? 'deleted'}, and still stands frozen as '${left.join()}'`;
  }
  return undefined;
}
