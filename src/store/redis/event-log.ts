// Event logs in Redis: one sorted set an actor, bounded in number and time.

import { formatRef, type ActorRef, type WorkflowKind } from '../../actor/actor.js';
import { actorNotFound } from '../../errors.js';
import type { EventAppend, EventLogStore, EventRead } from '../event-log.js';
import type { Keys } from './keys.js';
import { decodeHeldLease } from './lease-value.js';
import { run, scripts, text, type RedisClient } from './scripts.js';

/** A workflow of the longest deadline at five progress events a second makes 1,500; older ones go first. */
const MAX_EVENTS = 2000;

/** Long enough for whoever was woken at night to look; short enough that sleeping actors cost nothing. */
const KEPT_MS = 60 * 60_000;

/** What else a lease is taken for tells no events. */
const WORKFLOWS: readonly string[] = ['RESUME', 'SUSPEND', 'PAUSE'] satisfies WorkflowKind[];

export class RedisEventLog implements EventLogStore {
  readonly #client: RedisClient;
  readonly #keys: Keys;

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async append({ actor, workflowId, fencingToken, step, events }: EventAppend): Promise<void> {
    await run(this.#client, scripts.appendEvents, this.#keys.events(actor), [
      fencingToken,
      workflowId,
      step,
      MAX_EVENTS,
      KEPT_MS,
      this.#keys.eventsChannel(actor),
      ...events.flatMap((event) => [event.sequence, event.text]),
    ]);
  }

  async read(actor: ActorRef, afterSequence: number, workflowId: string): Promise<EventRead> {
    const keys = [this.#keys.actor(actor), this.#keys.lease(formatRef(actor)), ...this.#keys.events(actor)];
    const reply = await run(this.#client, scripts.readEvents, keys, [afterSequence, workflowId]);
    if (text(reply, 0) === 'not_found') throw actorNotFound(formatRef(actor));
    const value = text(reply, 2);
    const lease = value === '' ? undefined : decodeHeldLease(value, 0);
    return {
      workflowId: text(reply, 1),
      leasedTo: lease !== undefined && WORKFLOWS.includes(lease.kind) ? lease.workflowId : '',
      texts: reply.slice(4).map(String),
      lastText: text(reply, 3),
    };
  }
}
