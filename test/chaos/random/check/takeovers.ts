// How long an actor waits for a replica that was killed at work on it: its lease
// runs out after one TTL at most, and then whoever waits gets it, or, where
// nobody does and the work was left unfinished, the reconciler, within another
// TTL. Judged only where Redis, and whoever was to take over, were well.

import type { Call, Fault, History, Violation, Write } from '../history.js';

/** What two busy cores add. */
const ALLOWANCE_MS = 1000;

const TRANSITIONAL: readonly string[] = ['RESUMING', 'SUSPENDING', 'PAUSING'];

type Granted = Extract<Write, { type: 'granted' }>;

export interface Takeovers {
  /** From the kill to the next lease on its actor, each time that somebody who was well waited for it. */
  readonly timesMs: readonly number[];
  /** How many leases dead replicas left, whoever was well. */
  readonly left: number;
  readonly violations: readonly Violation[];
}

export function checkTakeovers(history: History): Takeovers {
  const timesMs: number[] = [];
  let left = 0;
  const violations: Violation[] = [];
  for (const fault of history.faults) {
    if (!fault.target.startsWith('replica ') || !fault.kind.startsWith('kill')) continue;
    const [, slot = ''] = fault.target.split(' ');
    for (const { lease, state, next } of orphans(history.writes, slot, fault.fromMs)) {
      left += 1;
      const waiter = history.calls.find((call) => waits(call, slot, lease, history.faults));
      const tookMs = (next?.atMs ?? Infinity) - fault.fromMs;
      if (waiter !== undefined && next !== undefined) timesMs.push(tookMs);
      const bound =
        waiter === undefined
          ? recoveryBound(history, state, slot, fault.fromMs)
          : waiterBound(waiter, lease, fault.fromMs);
      if (bound === undefined || tookMs <= bound) continue;
      violations.push({
        promise: waiter === undefined ? 'P5' : 'P3',
        rule:
          waiter === undefined
            ? 'an abandoned actor was not recovered in time'
            : 'a dead lease was not taken over in time',
        what: `${lease.actor}, ${lease.kind} ${lease.workflowId} of ${lease.holder}: ${tookMs.toFixed(0)} ms, more than ${bound.toFixed(0)}`,
      });
    }
  }
  return { timesMs, left, violations };
}

interface Orphan {
  readonly lease: Granted;
  readonly state: string;
  /** The next lease on the actor. */
  readonly next: Granted | undefined;
}

/** The leases that a slot's replica held when it was killed, and which nobody broke or forgot before they were taken over. */
function orphans(writes: readonly Write[], slot: string, killedAtMs: number): readonly Orphan[] {
  const leases = new Map<string, Granted>();
  const states = new Map<string, string>();
  const end = writes.findIndex(({ atMs }) => atMs > killedAtMs);
  for (const write of end === -1 ? writes : writes.slice(0, end)) {
    if (write.type === 'granted') leases.set(write.actor, write);
    if (write.type === 'renewed') {
      const lease = leases.get(write.actor);
      if (lease !== undefined) leases.set(write.actor, { ...lease, expiresAtMs: write.expiresAtMs });
    }
    if (write.type === 'released' || write.type === 'deleted') leases.delete(write.actor);
    if (write.type === 'recorded') states.set(write.actor, write.state);
    if (write.type === 'wiped') leases.clear();
  }
  const found: Orphan[] = [];
  for (const lease of leases.values()) {
    // By name, and not the reconciler's, which is on no actor.
    if (!lease.holder.startsWith(`${slot}-`) || !lease.actor.includes('/') || lease.expiresAtMs < killedAtMs) continue;
    const after = end === -1 ? [] : writes.slice(end);
    const next = after.find(
      (write) =>
        write.type === 'wiped' ||
        (isAbout(write, lease.actor) && (write.type === 'granted' || write.type === 'broken')),
    );
    if (next?.type === 'wiped' || next?.type === 'broken') continue;
    found.push({ lease, state: states.get(lease.actor) ?? '', next: next?.type === 'granted' ? next : undefined });
  }
  return found;
}

function isAbout(write: Write, actor: string): boolean {
  return 'actor' in write && write.actor === actor;
}

/** Whether it queued at another replica, which was well, when the lease ran out. */
function waits(call: Call, slot: string, lease: Granted, faults: readonly Fault[]): boolean {
  if (call.actor !== lease.actor || call.leaseWaitMs === 0 || call.replica === slot) return false;
  const untilMs = lease.expiresAtMs + ALLOWANCE_MS;
  const { startedAtMs, endedAtMs = Infinity } = call;
  const { expiresAtMs } = lease;
  if (startedAtMs > expiresAtMs || endedAtMs < expiresAtMs || startedAtMs + call.leaseWaitMs < untilMs) return false;
  // Who gave up, or was told something else, waits no more.
  if (endedAtMs < untilMs && call.ending?.code !== 'OK') return false;
  return isWell(faults, ['redis', `replica ${call.replica}`, `link ${call.replica}`], startedAtMs, untilMs);
}

function waiterBound(waiter: Call, lease: Granted, killedAtMs: number): number {
  return Math.max(lease.expiresAtMs, waiter.startedAtMs) + ALLOWANCE_MS - killedAtMs;
}

/** Undefined where nothing is left to recover, or not all of those who might do it were well. */
function recoveryBound(
  { faults, ttlMs, rest }: History,
  state: string,
  slot: string,
  killedAtMs: number,
): number | undefined {
  const boundMs = 2 * ttlMs + ALLOWANCE_MS;
  const isWellEnough = faults.every(
    ({ target, fromMs, untilMs }) =>
      target === `replica ${slot}` ||
      /^(node|road) /.test(target) ||
      untilMs < killedAtMs - ttlMs ||
      fromMs > killedAtMs + boundMs,
  );
  const isOver = (rest?.endedAtMs ?? 0) < killedAtMs + boundMs;
  return TRANSITIONAL.includes(state) && isWellEnough && !isOver ? boundMs : undefined;
}

function isWell(faults: readonly Fault[], targets: readonly string[], fromMs: number, untilMs: number): boolean {
  return !faults.some((fault) => targets.includes(fault.target) && fault.fromMs <= untilMs && fault.untilMs >= fromMs);
}
