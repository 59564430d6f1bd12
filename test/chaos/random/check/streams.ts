// Rules about what callers saw: each stream one ending, the one that the table
// of statuses has, after events that belong together; and no workflow that went
// on after another one had the lease.

import type { Call, CallEvent, History, Violation } from '../history.js';

/** README, "What a call ends with". RUNTIME_FAILED has the runtime's own code. */
const CODES: Readonly<Record<string, string>> = {
  ACTOR_NOT_FOUND: 'NOT_FOUND',
  LEASE_HELD: 'ABORTED',
  LEASE_LOST: 'ABORTED',
  WORKFLOW_DEADLINE: 'DEADLINE_EXCEEDED',
  INVALID_STATE: 'FAILED_PRECONDITION',
  NO_MATCHING_POOL: 'FAILED_PRECONDITION',
  NO_FREE_WORKER: 'RESOURCE_EXHAUSTED',
  RUNTIME_UNAVAILABLE: 'UNAVAILABLE',
  STALE_FENCING_TOKEN: 'FAILED_PRECONDITION',
  STORE_UNAVAILABLE: 'UNAVAILABLE',
  OVERLOADED: 'RESOURCE_EXHAUSTED',
  DRAINING: 'UNAVAILABLE',
  CANCELLED: 'CANCELLED',
  ACTOR_ALREADY_EXISTS: 'ALREADY_EXISTS',
  WORKER_NOT_FOUND: 'NOT_FOUND',
};

/** What the stream itself ends with when nobody is left to tell an event to. */
const WITHOUT_FAILED_EVENT = ['CANCELLED', 'WORKFLOW_DEADLINE', 'DRAINING', 'OVERLOADED'];

/** A broken connection is noticed at once, but not at the same time by everybody. */
const SLACK_MS = 500;

/** Clocks are read at different times. */
const SKEW_MS = 2;

export function checkStreams(history: History): readonly Violation[] {
  const violations: Violation[] = [];
  const add = (rule: string, what: string): void => {
    violations.push({ promise: 'P4', rule, what });
  };
  for (const call of history.calls) {
    checkEnding(call, history, add);
    if (call.events.length > 0) checkEvents(call, add);
  }
  return [...violations, ...checkBelievers(history)];
}

type Add = (rule: string, what: string) => void;

function checkEnding(call: Call, { faults }: History, add: Add): void {
  const { ending, endedAtMs, startedAtMs, replica, timeoutMs, cancelled } = call;
  if (ending === undefined || endedAtMs === undefined) {
    add('a call never ended', describe(call));
    return;
  }
  const { code, reason, hasDetails } = ending;
  if (code === 'OK') return;
  if (hasDetails) {
    const isListed = reason === 'RUNTIME_FAILED' ? code !== 'OK' : CODES[reason] === code;
    if (!isListed) add('a status that is not in the table', describe(call));
    return;
  }
  const isOurs =
    (cancelled && code === 'CANCELLED') ||
    (timeoutMs !== undefined && code === 'DEADLINE_EXCEEDED' && endedAtMs - startedAtMs >= timeoutMs - SLACK_MS);
  const wasKilled = faults.some(
    ({ target, kind, fromMs, untilMs }) =>
      target === `replica ${replica}` &&
      /kill|terminate/.test(kind) &&
      fromMs <= endedAtMs + SLACK_MS &&
      untilMs >= startedAtMs - SLACK_MS,
  );
  if (!isOurs && !(wasKilled && code === 'UNAVAILABLE'))
    add('a status that the coordinator did not give', describe(call));
}

function checkEvents(call: Call, add: Add): void {
  const { events, ending, op, joins } = call;
  const last = events.at(-1);
  for (const [i, event] of events.entries()) {
    const previous = events[i - 1];
    if (previous !== undefined && event.sequence <= previous.sequence) add('events out of order', describe(call));
    if (previous !== undefined && event.workflowId !== previous.workflowId)
      add('events of two workflows', describe(call));
    if (isLast(event) && event !== last) add('events after the last one', describe(call));
    if (event.type === 'started' && i > 0) add('a workflow that started twice', describe(call));
  }
  if (ending === undefined || last === undefined || !ending.hasDetails) return;
  if ((ending.code === 'OK') !== (last.type === 'completed'))
    add('an ending that its events contradict', describe(call));
  if (last.type === 'failed' && last.reason !== ending.reason)
    add('an ending that its events contradict', describe(call));
  const mustTell = ending.code !== 'OK' && op !== 'watch' && !joins && !WITHOUT_FAILED_EVENT.includes(ending.reason);
  if (mustTell && last.type !== 'failed') add('an ending that no event told', describe(call));
}

/** What a workflow told is a proof that it believed in its lease at that time. */
function checkBelievers({ writes, calls, faults, ttlMs }: History): readonly Violation[] {
  const violations: Violation[] = [];
  const believedUntilMs = proofs(calls);
  /** Who had the lease on each actor last, released or not. */
  const holders = new Map<string, string>();
  for (const write of writes) {
    // Broken by force, its holder learns of it a round trip later: docs/decisions/0014.
    if (write.type === 'broken') holders.delete(write.actor);
    if (write.type === 'wiped') {
      // Nobody else can have it by right; but each holder must find out before its own lease would have run out.
      const wipe = faults.find(({ kind, untilMs }) => isWipe(kind) && untilMs >= write.atMs);
      for (const [actor, workflowId] of holders) {
        const lateMs = (believedUntilMs.get(workflowId) ?? 0) - (wipe?.untilMs ?? Infinity) - ttlMs;
        if (lateMs <= SKEW_MS) continue;
        const what = `${actor}: ${workflowId} for ${lateMs.toFixed(0)} ms beyond one TTL`;
        violations.push({ promise: 'P1', rule: 'a workflow believed in a lease that Redis had forgotten', what });
      }
      holders.clear();
    }
    if (write.type !== 'granted') continue;
    const before = holders.get(write.actor) ?? '';
    const besideMs = (believedUntilMs.get(before) ?? 0) - write.atMs;
    if (besideMs > SKEW_MS) {
      const what = `${write.actor}: ${before} for ${besideMs.toFixed(0)} ms beside ${write.workflowId}`;
      violations.push({ promise: 'P1', rule: 'two workflows believed in the lease at once', what });
    }
    holders.set(write.actor, write.workflowId);
  }
  return violations;
}

function isWipe(kind: string): boolean {
  return kind === 'flush' || kind === 'lose data';
}

/** Until when each workflow believed that it held its lease. */
function proofs(calls: readonly Call[]): ReadonlyMap<string, number> {
  const untilMs = new Map<string, number>();
  for (const event of calls.flatMap(({ events }) => events)) {
    if (isProof(event)) untilMs.set(event.workflowId, Math.max(event.atMs, untilMs.get(event.workflowId) ?? 0));
  }
  return untilMs;
}

/**
 * The last write releases the lease, and after it only a step's end, a repetition and the ending are told. Progress is
 * what a runtime has said: to a process that was stopped, it may be read before the lease is looked at.
 */
function isProof({ type, attempt }: CallEvent): boolean {
  return (type === 'step_started' && attempt === 1) || type === 'lease_renewed';
}

function isLast({ type }: CallEvent): boolean {
  return type === 'completed' || type === 'failed';
}

function describe({ id, op, actor, replica, events, ending }: Call): string {
  const workflow = events[0]?.workflowId ?? 'no workflow';
  const how = ending === undefined ? 'nothing' : `${ending.code} ${ending.reason} ${ending.message}`;
  return `call ${id}: ${op} ${actor} at ${replica}, ${workflow}, last ${events.at(-1)?.type ?? 'no event'}, ended with ${how}`;
}
