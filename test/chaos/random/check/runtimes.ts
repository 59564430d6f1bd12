// Rules about what node runtimes did: each call with a token that was granted
// to its workflow, none that took effect after a newer one was seen, and at no
// time one actor on two workers or two on one.

import type { Effect, History, Violation } from '../history.js';
import { Oblivion } from './oblivion.js';

export interface Running {
  readonly actor: string;
  readonly worker: string;
  readonly node: string;
  readonly token: number;
  readonly sinceMs: number;
}

export function checkRuntimes(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (promise: string, rule: string, what: string): void => {
    violations.push({ promise, rule, what });
  };
  const owners = new Map<string, string>();
  for (const write of history.writes) {
    if (write.type === 'granted') owners.set(`${write.actor} ${write.token}`, write.workflowId);
  }
  const oblivion = new Oblivion(history);
  const highest = new Map<string, number>();
  const runtimes = new Runtimes();
  for (const [i, effect] of history.effects.entries()) {
    const { node, atMs } = effect;
    switch (effect.type) {
      case 'admitted': {
        const { actor, token, workflowId } = effect;
        const owner = owners.get(`${actor} ${token}`);
        if (owner !== workflowId) {
          add('P1', 'a runtime was called with a token of somebody else', `${actor}: ${token} by ${workflowId}`);
        }
        highest.set(`${node} ${actor}`, Math.max(token, highest.get(`${node} ${actor}`) ?? 0));
        break;
      }
      case 'restored':
      case 'checkpointed':
      case 'stopped': {
        const newest = highest.get(`${node} ${effect.actor}`) ?? 0;
        if (effect.token < newest) {
          const what = `${effect.actor} was ${effect.type} on ${effect.worker} with ${effect.token} after ${newest}`;
          add('P1', 'a stale call took effect at a runtime', what);
        }
        break;
      }
      case 'displaced': {
        const there = runtimes.on(effect.worker);
        const comes = history.effects
          .slice(i)
          .find((next) => next.type === 'restored' && next.worker === effect.worker);
        // A restore that was on its way to a worker when that was taken out of service by force takes effect all the same.
        const isLate = comes?.type === 'restored' && oblivion.covers({ ...comes, sinceMs: comes.atMs }, atMs);
        if (there !== undefined && !oblivion.covers(there, atMs) && !isLate) {
          add('P6', 'a worker was given away while an actor ran on it', `${effect.worker}, where ${effect.actor} ran`);
        }
        break;
      }
      case 'complaint':
        add('P1', 'a runtime saw what must never be', effect.message);
        break;
      case 'refused':
      case 'missing':
      case 'rebooted':
        break;
    }
    if (effect.type === 'restored') {
      for (const other of runtimes.of(effect.actor)) {
        if (other.worker === effect.worker || oblivion.covers(other, atMs)) continue;
        add('P6', 'an actor ran on two workers at once', `${effect.actor} on ${effect.worker} and ${other.worker}`);
      }
    }
    runtimes.push(effect);
  }
  return violations;
}

/** What runs where, as effects make it. */
export class Runtimes {
  readonly #running = new Map<string, Running>();

  on(worker: string): Running | undefined {
    return this.#running.get(worker);
  }

  of(actor: string): readonly Running[] {
    return [...this.#running.values()].filter((running) => running.actor === actor);
  }

  all(): readonly Running[] {
    return [...this.#running.values()];
  }

  push(effect: Effect): void {
    switch (effect.type) {
      case 'restored': {
        const { actor, worker, node, token, atMs: sinceMs } = effect;
        this.#running.set(worker, { actor, worker, node, token, sinceMs });
        break;
      }
      case 'checkpointed':
      case 'stopped':
      case 'displaced':
        this.#running.delete(effect.worker);
        break;
      case 'rebooted':
        for (const [worker, { node }] of this.#running) if (node === effect.node) this.#running.delete(worker);
        break;
      default:
        break;
    }
  }
}
