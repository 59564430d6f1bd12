// What the coordinator no longer answers for: an actor that was deleted or that
// Redis forgot, and whatever ran on a worker that was taken out of service by
// force. It may still run somewhere, as something that no record speaks of.

import type { History } from '../history.js';

/** Processes read one clock, but not at one time. */
const SKEW_MS = 5;

export class Oblivion {
  /** When each actor was forgotten, in order. */
  readonly #actors = new Map<string, number[]>();
  readonly #wipes: number[] = [];
  readonly #workers = new Map<string, number[]>();

  constructor({ writes, faults }: Pick<History, 'writes' | 'faults'>) {
    for (const write of writes) {
      if (write.type === 'deleted') push(this.#actors, write.actor, write.atMs);
      if (write.type === 'deregistered') push(this.#workers, write.worker, write.atMs);
      // A wipe has no time of its own; that of the write before may be long ago, but not before what it wiped.
      if (write.type === 'wiped') this.#wipes.push(write.atMs);
    }
    for (const { kind, fromMs } of faults) if (kind === 'flush' || kind === 'lose data') this.#wipes.push(fromMs);
  }

  /** Whether what a restore with `token` at `sinceMs` began is none of the coordinator's any more at `atMs`. */
  covers(running: { actor: string; worker: string; token: number; sinceMs: number }, atMs: number): boolean {
    const { actor, worker, token, sinceMs } = running;
    const forgotten = [...(this.#actors.get(actor) ?? []), ...this.#wipes];
    // By the token's own time, too: a restore may have been slow, and taken effect after its actor was forgotten.
    const bornMs = Math.min(sinceMs, token / 1000);
    const between = (ms: number): boolean => ms >= bornMs - SKEW_MS && ms <= atMs + SKEW_MS;
    return forgotten.some(between) || (this.#workers.get(worker) ?? []).some(between);
  }

  /** Whether the worker was taken out of service in this time. */
  wasRetired(worker: string, fromMs: number, untilMs: number): boolean {
    return (this.#workers.get(worker) ?? []).some((ms) => ms >= fromMs - SKEW_MS && ms <= untilMs + SKEW_MS);
  }
}

function push(map: Map<string, number[]>, key: string, ms: number): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, [ms]);
  else found.push(ms);
}
