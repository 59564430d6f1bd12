// The port to being woken by Redis. Only a hint: a wake-up may be lost, doubled
// or late, so whoever waits also asks again by itself.

import type { ActorRef } from '../actor/actor.js';

export interface Wakeups {
  /** Where the waiters of this replica are woken: what a place in a queue is taken with. */
  readonly channel: string;
  /** Calls back when the waiter `id` is woken. @returns stops that */
  onTurn(id: string, callback: () => void): () => void;
  /** Calls back when there are events of the actor. @returns stops that */
  onEvents(actor: ActorRef, callback: () => void): () => void;
}
