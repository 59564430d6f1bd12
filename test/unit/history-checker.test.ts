// The checker of the random chaos, on histories written by hand: one that is
// good, and for each thing that must never be, one in which it is.

import { describe, expect, it } from 'vitest';
import { check } from '../chaos/random/check/check.js';
import { checkTakeovers } from '../chaos/random/check/takeovers.js';
import type { ActorRecord, Call, CallEvent, Count, Effect, Fault, History, Write } from '../chaos/random/history.js';

const T0 = 1_700_000_000_000;
const TTL_MS = 1500;
const ACTOR = 'ns/a';
const WORKER = 'default/n0-0';
const OTHER_WORKER = 'default/n1-0';
const FIRST = 'file:///snapshots/ns/a/w2';
const SECOND = 'file:///snapshots/ns/a/w4';

/** The token of a lease that was granted then. */
const tokenAt = (ms: number): number => (T0 + ms) * 1000;

const granted = (ms: number, workflowId: string, more: Partial<Extract<Write, { type: 'granted' }>> = {}): Write => ({
  ...{ type: 'granted', atMs: T0 + ms, actor: ACTOR, token: tokenAt(ms), workflowId },
  ...{ holder: 'a-1', kind: 'RESUME', expiresAtMs: T0 + ms + TTL_MS, ...more },
});
const released = (ms: number): Write => ({ type: 'released', atMs: T0 + ms, actor: ACTOR });
const claimed = (ms: number, worker = WORKER, actor = ACTOR): Write => ({
  ...{ type: 'claimed', atMs: T0 + ms, worker, actor, token: tokenAt(ms) },
});
const freed = (ms: number, worker = WORKER): Write => ({ type: 'freed', atMs: T0 + ms, worker, actor: ACTOR });
const recorded = (ms: number, version: number, by: string, to: Partial<ActorRecord>): Write => {
  const [workflowId = '', transition = ''] = by.split(' ');
  return { type: 'recorded', atMs: T0 + ms, actor: ACTOR, state: 'SUSPENDED', version, workflowId, transition, ...to };
};

const admitted = (ms: number, workflowId: string, token: number, node = 'n0'): Effect => ({
  ...{ type: 'admitted', atMs: T0 + ms, node, actor: ACTOR, token, workflowId },
});
const did = (
  type: 'restored' | 'checkpointed',
  ms: number,
  workflowId: string,
  token: number,
  content: number,
  uri?: string,
  more: Partial<Effect> = {},
): Effect =>
  ({
    ...{ type, atMs: T0 + ms, node: 'n0', actor: ACTOR, worker: WORKER, token, workflowId, content },
    ...(uri !== undefined && { uri }),
    ...more,
  }) as Effect;

const event = (
  ms: number,
  sequence: number,
  type: string,
  workflowId: string,
  more: Partial<CallEvent> = {},
): CallEvent => ({
  ...{ type, workflowId, sequence, atMs: T0 + ms, step: '', attempt: type === 'step_started' ? 1 : 0, ...more },
});
const call = (id: number, op: Call['op'], from: number, to: number, more: Partial<Call> = {}): Call => ({
  ...{ id, op, actor: ACTOR, replica: 'a', startedAtMs: T0 + from, endedAtMs: T0 + to },
  ...{ leaseWaitMs: 0, joins: false, cancelled: false, isLast: false, events: [] },
  ...{ ending: { code: 'OK', reason: '', hasDetails: true, message: '' }, ...more },
});
const told = (workflowId: string, from: number, to: number): CallEvent[] => [
  event(from, 1, 'started', workflowId, { token: tokenAt(from) }),
  event(from + 1, 2, 'step_started', workflowId, { step: 'restore' }),
  event(to, 3, 'completed', workflowId),
];
const failedWith = (code: string, reason: string, hasDetails = true) => ({ code, reason, hasDetails, message: '' });
const fault = (kind: string, target: string, from: number, to: number): Fault => ({
  ...{ kind, target, fromMs: T0 + from, untilMs: T0 + to },
});

/** Created, resumed, suspended, resumed again, and at the end suspended. */
const good: History = {
  ...{ seed: 1, ttlMs: TTL_MS, recoveryAttempts: 3, faults: [], real: [], counts: [], deaths: [] },
  writes: [
    { type: 'registered', atMs: T0, worker: WORKER },
    recorded(0, 1, ' create', {}),
    granted(100, 'w1'),
    claimed(100),
    recorded(101, 2, 'w1 begin_resume', { state: 'RESUMING', worker: WORKER }),
    recorded(120, 3, 'w1 finish_resume', { state: 'RUNNING', worker: WORKER }),
    released(120),
    granted(200, 'w2', { kind: 'SUSPEND' }),
    { type: 'renewed', atMs: T0 + 700, actor: ACTOR, expiresAtMs: T0 + 700 + TTL_MS },
    recorded(801, 4, 'w2 begin_suspend', { state: 'SUSPENDING', worker: WORKER, pending: FIRST }),
    recorded(820, 5, 'w2 finish_suspend', { latest: FIRST }),
    released(820),
    freed(820),
    granted(1000, 'w3'),
    claimed(1000),
    recorded(1001, 6, 'w3 begin_resume', { state: 'RESUMING', worker: WORKER, latest: FIRST }),
    recorded(1020, 7, 'w3 finish_resume', { state: 'RUNNING', worker: WORKER, latest: FIRST }),
    released(1020),
    granted(1200, 'w4', { kind: 'SUSPEND' }),
    recorded(1201, 8, 'w4 begin_suspend', { state: 'SUSPENDING', worker: WORKER, latest: FIRST, pending: SECOND }),
    recorded(1220, 9, 'w4 finish_suspend', { latest: SECOND }),
    released(1220),
    freed(1220),
  ],
  effects: [
    admitted(102, 'w1', tokenAt(100)),
    did('restored', 110, 'w1', tokenAt(100), 0),
    admitted(802, 'w2', tokenAt(200)),
    did('checkpointed', 810, 'w2', tokenAt(200), 1, FIRST),
    admitted(1002, 'w3', tokenAt(1000)),
    did('restored', 1010, 'w3', tokenAt(1000), 1, FIRST),
    admitted(1202, 'w4', tokenAt(1200)),
    did('checkpointed', 1210, 'w4', tokenAt(1200), 2, SECOND),
  ],
  calls: [
    call(0, 'resume', 95, 125, { events: told('w1', 100, 121) }),
    call(1, 'suspend', 195, 825, { events: told('w2', 200, 821) }),
    call(2, 'resume', 995, 1025, { events: told('w3', 1000, 1021), isLast: true }),
    call(3, 'suspend', 1195, 1225, { events: told('w4', 1200, 1221), isLast: true }),
  ],
  rest: {
    ...{ beganAtMs: T0 + 900, endedAtMs: T0 + 905 },
    actors: [{ actor: ACTOR, state: 'SUSPENDED', leased: false, recoveryAttempts: 0 }],
  },
};

/** `good` with what was written from `from` on replaced. */
const writes = (from: number, ...instead: readonly Write[]): History => ({
  ...good,
  writes: [...good.writes.filter(({ atMs }) => atMs < T0 + from), ...instead],
});
const effects = (from: number, ...instead: readonly Effect[]): History => ({
  ...good,
  effects: [...good.effects.filter(({ atMs }) => atMs < T0 + from), ...instead],
});
const withCall = (changed: Call, more: Partial<History> = {}): History => ({
  ...{ ...good, calls: good.calls.map((made) => (made.id === changed.id ? changed : made)), ...more },
});
/** The write that made `version`, changed. */
const rewritten = (version: number, to: Partial<ActorRecord>): History => ({
  ...good,
  writes: good.writes.map((write) =>
    write.type === 'recorded' && write.version === version ? { ...write, ...to } : write,
  ),
});

const counted = (sent: number, answered: number, count: number): Count => ({
  ...{ actor: ACTOR, sentAtMs: T0 + sent, answeredAtMs: T0 + answered, count },
});

const rulesOf = (history: History): string[] => [...new Set(check(history).map(({ rule }) => rule))];

describe('a history in which nothing is wrong', () => {
  it('has no violations', () => {
    expect(check(good)).toEqual([]);
  });
});

const stuck = { actor: ACTOR, state: 'RESUMING', leased: false, recoveryAttempts: 0 } as const;
const resume = call(0, 'resume', 95, 125, { events: told('w1', 100, 121) });
const [started, working, completed] = resume.events as [CallEvent, CallEvent, CallEvent];

describe('the checker finds', () => {
  it.each<[rule: string, history: History]>([
    ['a fencing token did not rise', writes(1000, granted(1000, 'w3', { token: tokenAt(200) }))],
    ['a lease was granted while another was held', writes(300, granted(400, 'w9'))],
    ['a record was written without the lease', rewritten(5, { workflowId: 'w1' })],
    ['a record was deleted without the lease', writes(900, { type: 'deleted', atMs: T0 + 900, actor: ACTOR })],
    ['a transition that there is not', rewritten(3, { state: 'PAUSED' })],
    ['a version was left out', rewritten(3, { version: 30 })],
    ['a record names a worker that its actor does not hold', rewritten(2, { worker: OTHER_WORKER })],
    ['a worker was freed while a record named it', writes(150, freed(150))],
    ['a worker was claimed by two actors', writes(150, claimed(150, WORKER, 'ns/b'))],
    ['an actor claimed two workers', writes(150, claimed(150, OTHER_WORKER))],
    ['a runtime was called with a token of somebody else', effects(1200, admitted(1202, 'w9', tokenAt(1200)))],
    ['a stale call took effect at a runtime', effects(1210, did('checkpointed', 1210, 'w3', tokenAt(1000), 2, SECOND))],
    [
      'a worker was given away while an actor ran on it',
      effects(150, { type: 'displaced', atMs: T0 + 150, node: 'n0', actor: ACTOR, worker: WORKER }),
    ],
    [
      'an actor ran on two workers at once',
      effects(150, did('restored', 150, 'w1', tokenAt(100), 0, undefined, { node: 'n1', worker: OTHER_WORKER })),
    ],
    [
      'a runtime saw what must never be',
      effects(1300, { type: 'complaint', atMs: T0 + 1300, node: 'n0', message: 'two owners' }),
    ],
    [
      'a snapshot became the latest before it was complete',
      effects(1210, did('checkpointed', 1240, 'w4', tokenAt(1200), 2, SECOND)),
    ],
    ['a snapshot became the latest before it was complete', effects(1210)],
    ['a snapshot became the latest that was not the pending one', rewritten(8, { pending: 'file:///elsewhere' })],
    [
      'a snapshot became the latest that knows less than the one before',
      effects(1210, did('checkpointed', 1210, 'w4', tokenAt(1200), 1, SECOND)),
    ],
    ['the latest snapshot became one that was not the last durable one', rewritten(7, { latest: SECOND })],
    ['a restore on a worker that no record names', effects(1010, did('restored', 1010, 'w9', tokenAt(1000), 1, FIRST))],
    ['a restore of another snapshot than the latest', effects(1010, did('restored', 1010, 'w3', tokenAt(1000), 0))],
    ['a restore read back what was not written', effects(1010, did('restored', 1010, 'w3', tokenAt(1000), 0, FIRST))],
    ['a record says RUNNING of an actor that was not restored', effects(0)],
    ['an actor was given up as CRASHED while it ran', writes(500, recorded(500, 4, 'w2 crash', { state: 'CRASHED' }))],
    [
      'a restore asked for a snapshot that is not there',
      effects(1010, { type: 'missing', atMs: T0 + 1010, node: 'n0', actor: ACTOR, uri: FIRST }),
    ],
    ['a call never ended', withCall({ ...resume, endedAtMs: undefined, ending: undefined } as unknown as Call)],
    ['a status that is not in the table', withCall({ ...resume, ending: failedWith('INTERNAL', 'INTERNAL') })],
    ['a status that is not in the table', withCall({ ...resume, ending: failedWith('UNAVAILABLE', 'LEASE_LOST') })],
    [
      'a status that the coordinator did not give',
      withCall({ ...resume, ending: failedWith('UNAVAILABLE', 'DRAINING', false) }),
    ],
    ['events out of order', withCall({ ...resume, events: [started, { ...working, sequence: 1 }, completed] })],
    [
      'events of two workflows',
      withCall({ ...resume, events: [started, { ...working, workflowId: 'w9' }, completed] }),
    ],
    ['events after the last one', withCall({ ...resume, events: [started, { ...completed, sequence: 2 }, completed] })],
    [
      'a workflow that started twice',
      withCall({ ...resume, events: [started, { ...started, sequence: 2 }, completed] }),
    ],
    ['an ending that its events contradict', withCall({ ...resume, events: [started, working] })],
    [
      'an ending that its events contradict',
      withCall({
        ...resume,
        events: [started, event(121, 3, 'failed', 'w1', { reason: 'LEASE_LOST' })],
        ending: failedWith('UNAVAILABLE', 'STORE_UNAVAILABLE'),
      }),
    ],
    [
      'an ending that no event told',
      withCall({ ...resume, events: [started, working], ending: failedWith('ABORTED', 'LEASE_LOST') }),
    ],
    [
      'two workflows believed in the lease at once',
      withCall({ ...resume, events: [started, { ...working, atMs: T0 + 250 }, { ...completed, atMs: T0 + 260 }] }),
    ],
    [
      'a workflow believed in a lease that Redis had forgotten',
      withCall(
        { ...resume, events: [started, { ...working, atMs: T0 + 130 + TTL_MS + 10 }, completed] },
        {
          writes: [...writes(120).writes, { type: 'wiped', atMs: T0 + 120 }],
          faults: [fault('flush', 'redis', 125, 130)],
        },
      ),
    ],
    [
      'an abandoned actor was not recovered in time',
      {
        ...writes(120),
        faults: [fault('kill', 'replica a', 110, 200)],
        rest: { ...good.rest, beganAtMs: T0, endedAtMs: T0 + 60_000, actors: [] },
      },
    ],
    [
      'a dead lease was not taken over in time',
      {
        ...writes(120, granted(100 + TTL_MS + 1200, 'w5', { holder: 'b-1' })),
        faults: [fault('kill', 'replica a', 110, 200)],
        calls: [call(0, 'suspend', 120, 2900, { replica: 'b', leaseWaitMs: 3 * TTL_MS })],
      },
    ],
    [
      'a caller was told of an end that Redis does not know',
      writes(120, { type: 'released', atMs: T0 + 120, actor: ACTOR }),
    ],
    [
      'a workflow was refused as stale that was the newest',
      withCall({
        ...call(3, 'suspend', 1195, 1225),
        events: told('w4', 1200, 1221),
        ending: failedWith('FAILED_PRECONDITION', 'STALE_FENCING_TOKEN'),
      }),
    ],
    ['nobody looked whether it came to rest', { ...good, rest: undefined } as unknown as History],
    ['an actor is stuck', { ...good, rest: { beganAtMs: T0, endedAtMs: T0 + 900, actors: [stuck] } }],
    [
      'an actor is stuck',
      {
        ...good,
        rest: { beganAtMs: T0, endedAtMs: T0 + 900, actors: [{ ...stuck, state: 'SUSPENDED', claim: WORKER }] },
      },
    ],
    ['an actor does not lead a normal life', withCall({ ...resume, id: 3, isLast: false })],
    ['an actor forgot what it had counted', { ...good, counts: [counted(300, 310, 7), counted(320, 330, 7)] }],
    [
      'an actor runs where no record says so',
      { ...good, rest: { beganAtMs: T0, endedAtMs: T0 + 150, actors: [{ ...stuck, state: 'SUSPENDED' }] } },
    ],
  ])('%s', (rule, history) => {
    expect(rulesOf(history)).toContain(rule);
  });
});

describe('the checker accepts', () => {
  it('a broken connection, where its replica was killed', () => {
    const ending = failedWith('UNAVAILABLE', 'DRAINING', false);
    const history = withCall({ ...resume, ending }, { faults: [fault('kill', 'replica a', 110, 400)] });
    expect(rulesOf(history)).toEqual([]);
  });

  it("the caller's own deadline and cancellation", () => {
    const late = { ...resume, timeoutMs: 30, ending: failedWith('DEADLINE_EXCEEDED', 'WORKFLOW_DEADLINE', false) };
    expect(rulesOf(withCall(late))).toEqual([]);
    const gone = { ...resume, cancelled: true, ending: failedWith('CANCELLED', 'CANCELLED', false) };
    expect(rulesOf(withCall(gone))).toEqual([]);
  });

  it('that what runs is displaced, once its actor was deleted, forgotten, or its worker was taken out of service', () => {
    const displaced = { type: 'displaced', atMs: T0 + 1300, node: 'n0', actor: ACTOR, worker: WORKER } as const;
    const again = effects(1200, displaced).effects;
    const before = good.writes.filter(({ atMs }) => atMs < T0 + 1200);
    const rule = 'a worker was given away while an actor ran on it';
    expect(rulesOf({ ...good, effects: again })).toContain(rule);
    for (const end of [
      [granted(1250, 'w9', { kind: 'DELETE' }), { type: 'deleted', atMs: T0 + 1251, actor: ACTOR }],
      [{ type: 'wiped', atMs: T0 + 1250 }],
      [{ type: 'deregistered', atMs: T0 + 1250, worker: WORKER }],
    ] satisfies Write[][]) {
      expect(rulesOf({ ...good, writes: [...before, ...end], effects: again })).not.toContain(rule);
    }
  });

  it('that what runs is displaced by a restore that was on its way when its worker was taken out of service', () => {
    const displaced = { type: 'displaced', atMs: T0 + 1100, node: 'n0', actor: ACTOR, worker: WORKER } as const;
    const late = did('restored', 1100, 'w9', tokenAt(950), 1, FIRST, { actor: 'ns/b' });
    const history = effects(1100, displaced, late);
    const rule = 'a worker was given away while an actor ran on it';
    expect(rulesOf(history)).toContain(rule);
    const retired: Write = { type: 'deregistered', atMs: T0 + 960, worker: WORKER };
    const writes = good.writes.flatMap((write) => (write.atMs === T0 + 1000 ? [retired, write] : [write]));
    expect(rulesOf({ ...history, writes })).not.toContain(rule);
  });

  it('that the holder of a lease which was broken by force learns of it late', () => {
    const events = [started, { ...working, atMs: T0 + 250 }, { ...completed, atMs: T0 + 260 }];
    const broken: Write = { type: 'broken', atMs: T0 + 130, actor: ACTOR };
    const [head, tail] = [good.writes.slice(0, 7), good.writes.slice(7)];
    expect(rulesOf(withCall({ ...resume, events }, { writes: [...head, broken, ...tail] }))).toEqual([]);
  });

  it('that a frozen actor is gone after its node has died, or after a deletion that did not come to its end', () => {
    const uri = 'local:///ns/a/w2';
    const missing: Effect = { type: 'missing', atMs: T0 + 1010, node: 'n0', actor: ACTOR, uri };
    const frozen = did('checkpointed', 810, 'w2', tokenAt(200), 1, uri);
    const rule = 'a restore asked for a snapshot that is not there';
    expect(rulesOf(effects(803, frozen, missing))).toContain(rule);
    const rebooted: Effect = { type: 'rebooted', atMs: T0 + 900, node: 'n0' };
    expect(rulesOf(effects(803, frozen, rebooted, missing))).not.toContain(rule);
    const history = effects(803, frozen, missing);
    const deleting = granted(900, 'w6', { kind: 'DELETE' });
    expect(rulesOf({ ...history, writes: [...history.writes, deleting] })).not.toContain(rule);
  });

  it('that an actor stays in transition once as many recoveries have failed as are allowed', () => {
    const actors = [{ ...stuck, recoveryAttempts: 6 }];
    const rest = { beganAtMs: T0 + 900, endedAtMs: T0 + 905, actors };
    expect(rulesOf({ ...good, rest })).toEqual([]);
  });

  it('that an actor forgets what it counted before it was given up as CRASHED', () => {
    const counts = [counted(300, 310, 7), counted(900, 910, 3), counted(905, 920, 2)];
    const rule = 'an actor forgot what it had counted';
    expect(rulesOf({ ...good, counts })).toContain(rule);
    const crashed = writes(500, recorded(500, 4, 'w2 crash', { state: 'CRASHED' }));
    expect(rulesOf({ ...crashed, counts })).not.toContain(rule);
    expect(rulesOf({ ...good, counts, deaths: [{ actor: ACTOR, atMs: T0 + 500 }] })).not.toContain(rule);
    const forgotten: Write[] = [{ type: 'wiped', atMs: T0 + 250 }, recorded(500, 1, ' create', {})];
    expect(rulesOf({ ...writes(250, ...forgotten), counts })).not.toContain(rule);
  });

  it('that a Suspend which finds its actor PAUSING leaves it PAUSED, and no other one', () => {
    const rule = 'a caller was told of an end that Redis does not know';
    const before = good.writes.filter(({ atMs }) => atMs < T0 + 1200);
    const pausing = recorded(1101, 8, 'w5 begin_pause', { state: 'PAUSING' });
    const after = [granted(1200, 'w4', { kind: 'SUSPEND' }), recorded(1220, 9, 'w4 finish_pause', { state: 'PAUSED' })];
    const found = [...before, granted(1100, 'w5', { kind: 'PAUSE' }), pausing, released(1110)];
    expect(rulesOf({ ...good, writes: [...found, ...after] })).not.toContain(rule);
    expect(rulesOf({ ...good, writes: [...before, ...after] })).toContain(rule);
  });

  it('a late takeover while Redis was not well', () => {
    const history = {
      ...writes(120, granted(100 + TTL_MS + 1200, 'w5', { holder: 'b-1' })),
      faults: [fault('kill', 'replica a', 110, 200), fault('stop long', 'redis', 500, 2000)],
      calls: [call(0, 'suspend', 120, 2900, { replica: 'b', leaseWaitMs: 3 * TTL_MS })],
    };
    expect(checkTakeovers(history).violations).toEqual([]);
  });
});

describe('takeovers', () => {
  it('are timed from the kill to the next lease, where somebody waited for it', () => {
    const history = {
      ...writes(120, granted(100 + TTL_MS + 5, 'w5', { holder: 'b-1' })),
      faults: [fault('kill', 'replica a', 110, 200)],
      calls: [call(0, 'suspend', 120, 1700, { replica: 'b', leaseWaitMs: 3 * TTL_MS })],
    };
    expect(checkTakeovers(history)).toEqual({ timesMs: [TTL_MS - 5], left: 1, violations: [] });
  });
});
