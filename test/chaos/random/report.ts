// What a round of the random chaos did and found, as lines for people.

import { checkTakeovers } from './check/takeovers.js';
import type { History, Violation } from './history.js';

/** Sums over rounds. */
export class Report {
  readonly #faults = new Map<string, number>();
  readonly #endings = new Map<string, number>();
  readonly #effects = new Map<string, number>();
  readonly #takeoversMs: number[] = [];
  #rounds = 0;
  #left = 0;
  #violations = 0;
  #restMs = 0;
  #counts = 0;

  add(history: History, violations: readonly Violation[]): void {
    this.#rounds += 1;
    this.#violations += violations.length;
    for (const { kind, target } of history.faults) count(this.#faults, `${target.split(' ')[0] ?? ''}: ${kind}`);
    for (const { op, ending } of history.calls) {
      if (op !== 'resume' && op !== 'suspend' && op !== 'pause') continue;
      count(this.#endings, ending === undefined ? 'never' : ending.reason || ending.code);
    }
    for (const { type } of history.effects) count(this.#effects, type);
    this.#counts += history.counts.length;
    const { timesMs, left } = checkTakeovers(history);
    this.#takeoversMs.push(...timesMs);
    this.#left += left;
    const { rest } = history;
    if (rest !== undefined) this.#restMs = Math.max(this.#restMs, rest.endedAtMs - rest.beganAtMs);
  }

  get violations(): number {
    return this.#violations;
  }

  get summary(): string {
    const [faults, workflows] = [sum(this.#faults), sum(this.#endings)];
    return `${this.#rounds} rounds, ${faults} faults, ${workflows} workflows, ${this.#violations} violations`;
  }

  toString(): string {
    const times = [...this.#takeoversMs].sort((a, b) => a - b);
    const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(0);
    const timed = `${times.length} timed: median ${at(0.5)} ms, worst ${at(1)} ms after the kill`;
    return [
      this.summary,
      `  faults      ${list(this.#faults)}`,
      `  workflows   ${list(this.#endings)}`,
      `  runtimes    ${list(this.#effects)}`,
      `  real actors ${this.#counts} counts answered`,
      `  takeovers   ${this.#left} leases left by the dead; ${times.length === 0 ? 'none timed' : timed}`,
      `  rest        within ${this.#restMs} ms of the last fault`,
    ].join('\n');
  }
}

/** One line each, and no more than anybody reads. */
export function describeViolations(seed: number, violations: readonly Violation[]): string {
  const lines = violations.slice(0, MAX_LINES).map(({ promise, rule, what }) => `  ${promise} ${rule}: ${what}`);
  if (violations.length > MAX_LINES) lines.push(`  and ${violations.length - MAX_LINES} more`);
  return [`seed ${seed}: ${violations.length} violations`, ...lines].join('\n');
}

const MAX_LINES = 30;

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');
}
