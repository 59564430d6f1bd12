// Holds everything that the store does against what it did before: tokens rise,
// nobody writes under a lease after which another one was granted, no worker is
// claimed by two actors, no snapshot is promoted before it is complete, and
// none that was is lost (P1, P6).

import type { Beliefs } from './beliefs.js';
import type { KnownActors } from './known-actors.js';
import type { StoredSnapshot } from './places.js';
import { poolFault } from './pool-fault.js';
import type { Command, Reply, ScriptName, Server, ServerObserver } from './redis/server.js';
import type { Violate } from './violation.js';
import type { World } from './world.js';

/** The scripts whose first result is the name of what they have done. */
const NAMED: ReadonlySet<ScriptName> = new Set([
  'acquire',
  'acquirePlain',
  'renew',
  'release',
  'forceRelease',
  'transition',
  'appendEvents',
  'crashActor',
  'deleteActor',
  'claimWorker',
  'freeWorker',
  'deregisterWorker',
]);

export interface StoreWatchOptions {
  readonly world: World;
  readonly server: Server;
  readonly beliefs: Beliefs;
  readonly violate: Violate;
  readonly known: KnownActors;
  readonly snapshots: ReadonlyMap<string, StoredSnapshot>;
}

export class StoreWatch implements ServerObserver {
  readonly #options: StoreWatchOptions;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  onCommand({ script, keys = [], args }: Command, reply: Reply): void {
    if (script === undefined || !Array.isArray(reply)) return;
    const { world, beliefs, known } = this.#options;
    const [result, ...rest] = reply as readonly Reply[];
    if (NAMED.has(script)) world.count(`${script} ${String(result)}`);
    world.note('redis', () => `${script} ${keys[0] ?? ''} ${args.join(' ').slice(0, 200)} → ${brief(reply)}`);
    const tag = tagOf(keys[0]);
    switch (script) {
      case 'acquire':
      case 'acquirePlain':
        if (result === 'granted') this.#onGrant(tag, `${args[1] ?? ''}${String(rest[0])}}`, Number(rest[0]));
        break;
      case 'transition':
        if (result === 'ok') this.#onWrite(keys[0] ?? '', args[0] ?? '', args[1] ?? '');
        if (result === 'ok' && args[3] === 'release') known.of(tag).isLeased = false;
        break;
      case 'release':
        if (result === 'released') known.of(tag).isLeased = false;
        break;
      case 'deleteActor':
        if (result === 'deleted') known.forget(tag);
        break;
      case 'crashActor':
        if (result === 'crashed') this.#onCrash(keys[0] ?? '');
        break;
      case 'forceRelease':
        if (result !== 'released') break;
        known.of(tag).isLeased = false;
        beliefs.excuse(tag, String(rest[0]));
        break;
      case 'claimWorker':
      case 'freeWorker':
      case 'registerWorker':
      case 'deregisterWorker':
        this.#checkPool(keys);
        break;
      default:
    }
  }

  onFailover(forgets: boolean): void {
    const { world, server, beliefs, known } = this.#options;
    world.count(forgets ? 'fault: failover that forgot' : 'fault: failover');
    world.note('redis', () => `a replica took over, and ${forgets ? 'has forgotten the last writes' : 'knows all'}`);
    if (!forgets) return;
    known.hasForgotten = true;
    beliefs.excuseAll();
    for (const name of known.names) {
      const record = server.keyspace.hash(`actor:{${name}}`);
      const actor = known.of(name);
      actor.version = Number(record.get('version') ?? 0);
      actor.granted = Number(record.get('fencing_token') ?? 0);
      actor.durable = '';
      this.#look(name, record);
    }
  }

  #onGrant(resource: string, value: string, token: number): void {
    const { known, beliefs, violate } = this.#options;
    const actor = known.of(resource);
    if (token <= actor.everGranted) {
      violate('P1 fencing tokens rise', `${resource} was granted with ${token} after ${actor.everGranted}`);
    }
    if (actor.isLeased) this.#options.world.count('a lease that nobody had released was taken over');
    actor.isLeased = true;
    actor.granted = token;
    actor.everGranted = token;
    beliefs.onGrant(resource, value);
  }

  #onWrite(key: string, lease: string, mark: string): void {
    const { world, server, known, violate } = this.#options;
    const name = tagOf(key);
    const actor = known.of(name);
    const record = server.keyspace.hash(key);
    const version = Number(record.get('version'));
    if (version === actor.version) {
      world.count('transition repeated');
      return;
    }
    actor.version = version;
    const transition = mark.split(' ')[1] ?? '';
    world.count(`transition: ${transition}`);
    // Its node had no workers any more: nobody could be asked to stop what stands frozen there.
    if (transition === 'crash' && record.get('last_failure')?.includes('"step":"assign_worker"') === true) {
      actor.isLeft = true;
    }
    if (!lease.endsWith(`:${actor.granted}}`)) {
      violate(
        'P1 a stale holder writes nothing',
        `${mark} of ${name} was written under ${lease}, after ${actor.granted}`,
      );
    }
    this.#look(name, record);
  }

  #onCrash(key: string): void {
    const { known, server } = this.#options;
    const actor = known.of(tagOf(key));
    actor.isForced = true;
    actor.version += 1;
    this.#look(tagOf(key), server.keyspace.hash(key));
  }

  /** What the record says of snapshots now. */
  #look(name: string, record: ReadonlyMap<string, string>): void {
    const { known, snapshots, violate } = this.#options;
    const actor = known.of(name);
    const latest = record.get('latest_snapshot') ?? '';
    const kept = record.get('durable_snapshot') ?? '';
    if (latest === actor.latestSnapshot && kept === actor.durableSnapshot && actor.durable !== '') return;
    actor.latestSnapshot = latest;
    actor.durableSnapshot = kept;
    const json = latest.includes('"location":"DURABLE"') ? latest : kept;
    const uri = json === '' ? '' : (JSON.parse(json) as { uri: string }).uri;
    if (uri !== '' && snapshots.get(uri)?.isComplete !== true) {
      violate('P6 only what is complete is promoted', `${uri} is the latest snapshot of ${name}, and is not complete`);
    }
    if ((snapshots.get(uri)?.memory ?? 0) < (snapshots.get(actor.durable)?.memory ?? 0)) {
      violate('P6 nothing is lost', `${name} had ${actor.durable}, and now has ${uri === '' ? 'no snapshot' : uri}`);
    }
    actor.durable = uri;
  }

  #checkPool(keys: readonly string[]): void {
    const fault = poolFault(this.#options.server.keyspace, keys);
    if (fault !== undefined) this.#options.violate('P6 a worker is claimed once', fault);
  }
}

/** What is between the braces of a key. */
export function tagOf(key = ''): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}

function brief(reply: Reply): string {
  return JSON.stringify(reply).slice(0, 400);
}
