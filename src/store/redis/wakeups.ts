// Wake-ups over Redis's publish and subscribe, on a connection of their own,
// which is subscribed again after each reconnection.

import type { ActorRef } from '../../actor/actor.js';
import type { Wakeups } from '../wakeups.js';
import type { Keys } from './keys.js';
import type { RedisClient } from './scripts.js';

type Callback = () => void;

export class RedisWakeups implements Wakeups {
  readonly channel: string;
  readonly #client: RedisClient;
  readonly #keys: Keys;
  readonly #onRefused: (error: Error) => void;
  /** Waiters by id; watchers by channel. */
  readonly #waiters = new Map<string, Set<Callback>>();
  readonly #watchers = new Map<string, Set<Callback>>();

  /**
   * @param life names this life of this replica; no other process has it
   * @param onRefused told when Redis answers, but does not let us subscribe: waiters then find their turn by asking
   */
  constructor(client: RedisClient, keys: Keys, life: string, onRefused: (error: Error) => void = () => undefined) {
    this.#onRefused = onRefused;
    this.#client = client;
    this.#keys = keys;
    this.channel = keys.wakeChannel(life);
    client.on('ready', () => {
      for (const channel of [this.channel, ...this.#watchers.keys()]) this.#subscribe(channel);
    });
    client.on('message', (channel: string, message: string) => {
      const callbacks = channel === this.channel ? this.#waiters.get(message) : this.#watchers.get(channel);
      for (const callback of callbacks ?? []) callback();
    });
  }

  onTurn(id: string, callback: Callback): () => void {
    return add(this.#waiters, id, callback, () => undefined);
  }

  onEvents(actor: ActorRef, callback: Callback): () => void {
    const channel = this.#keys.eventsChannel(actor);
    if (!this.#watchers.has(channel)) this.#subscribe(channel);
    return add(this.#watchers, channel, callback, () => {
      this.#client.unsubscribe(channel).catch(this.#check);
    });
  }

  #subscribe(channel: string): void {
    this.#client.subscribe(channel).catch(this.#check);
  }

  /** Without a connection there is nothing to do: 'ready' comes with the next one. */
  readonly #check = (error: unknown): void => {
    if (error instanceof Error && error.name === 'ReplyError') this.#onRefused(error);
  };
}

function add(callbacks: Map<string, Set<Callback>>, key: string, callback: Callback, onLast: () => void): () => void {
  const set = callbacks.get(key) ?? new Set();
  callbacks.set(key, set.add(callback));
  return () => {
    set.delete(callback);
    if (set.size > 0 || callbacks.get(key) !== set) return;
    callbacks.delete(key);
    onLast();
  };
}
