import { describe, expect, it } from 'vitest';
import { Telling, type Told } from '../../src/client/telling.js';
import { toDate } from '../../src/client/actor.js';
import { decodeEvent } from '../../src/client/event.js';
import { actorWorkflowDefinition } from '../../src/rpc/proto.js';
import type { WorkflowEvent } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import type { WorkflowEvent__Output } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';

/** As it comes over the wire. */
function event(workflowId: string, sequence: number, fact: Partial<WorkflowEvent>): WorkflowEvent__Output {
  const { responseSerialize, responseDeserialize } = actorWorkflowDefinition.Resume;
  return responseDeserialize(
    responseSerialize({ workflow_id: workflowId, sequence, time: { seconds: 1_800_000_000 }, ...fact }),
  );
}

const started = (workflowId: string, token: number, kind: 'RESUME' | 'SUSPEND' = 'RESUME') =>
  event(workflowId, 1, {
    started: {
      kind: `WORKFLOW_KIND_${kind}`,
      steps: ['x', 'y'],
      ...(token > 0 && { lease: { fencing_token: token } }),
    },
  });
const begun = (workflowId: string, sequence: number, step: string) =>
  event(workflowId, sequence, { step_started: { step, attempt: 1 } });
const done = (workflowId: string, sequence: number, step: string) =>
  event(workflowId, sequence, { step_completed: { step } });
const failed = (workflowId: string, sequence: number) =>
  event(workflowId, sequence, { failed: { code: 14, reason: 'ERROR_REASON_DRAINING', message: 'bye', step: 'y' } });
const completed = (workflowId: string, sequence: number) =>
  event(workflowId, sequence, { completed: { actor: { state: 'ACTOR_STATE_RUNNING' } } });

/** `workflow sequence type step` of what is told. */
function tell(telling: Telling, ...events: WorkflowEvent__Output[]): string[] {
  return events
    .map((each) => telling.hear(each))
    .filter((told): told is Told => told !== undefined)
    .map((told) => {
      const decoded = decodeEvent(told);
      if (decoded === undefined) throw new Error('an event that cannot be decoded');
      const { workflowId, sequence, type } = decoded;
      return [workflowId, sequence, type, 'step' in decoded ? decoded.step : ''].join(' ').trim();
    });
}

describe('what a caller is told', () => {
  it('is each event once, whatever is heard again', () => {
    const telling = new Telling();
    const first = [started('w1', 10), begun('w1', 2, 'x'), done('w1', 3, 'x')];
    expect(tell(telling, ...first)).toEqual(['w1 1 started', 'w1 2 step_started x', 'w1 3 step_completed x']);
    expect(tell(telling, ...first, begun('w1', 5, 'y'))).toEqual(['w1 5 step_started y']);
  });

  it('is no step twice, though another run goes through it again', () => {
    const telling = new Telling();
    tell(telling, started('w1', 10), begun('w1', 2, 'x'), done('w1', 3, 'x'), begun('w1', 4, 'y'));
    const second = [
      started('w2', 11),
      begun('w2', 2, 'x'),
      done('w2', 3, 'x'),
      begun('w2', 4, 'y'),
      done('w2', 5, 'y'),
    ];
    expect(tell(telling, ...second, completed('w2', 6))).toEqual([
      'w2 1 restarted',
      'w2 4 step_started y',
      'w2 5 step_completed y',
      'w2 6 completed',
    ]);
    expect(telling.takeovers).toBe(1);
    expect(telling.isComplete).toBe(true);
  });

  it('says which run another one follows', () => {
    const telling = new Telling();
    tell(telling, started('w1', 10));
    const told = telling.hear(started('w2', 11));
    expect(told && decodeEvent(told)).toMatchObject({ type: 'restarted', previousWorkflowId: 'w1', workflowId: 'w2' });
  });

  it('is not how a run failed that another one follows, and is that of the last one', () => {
    const telling = new Telling();
    expect(tell(telling, started('w1', 10), failed('w1', 2))).toEqual(['w1 1 started']);
    expect(telling.failed?.event.failed?.message).toBe('bye');
    expect(tell(telling, started('w2', 11))).toEqual(['w2 1 restarted']);
    expect(telling.failed).toBeUndefined();
    // Heard, lost with the connection, and heard again.
    tell(telling, failed('w2', 2));
    telling.forgetFailure();
    tell(telling, started('w2', 11), failed('w2', 2));
    expect(telling.failed?.event.workflow_id).toBe('w2');
  });

  it('begins with the first run that tells anything', () => {
    const telling = new Telling();
    expect(tell(telling, failed('w1', 1), started('w2', 11))).toEqual(['w2 1 started']);
    expect(telling.takeovers).toBe(0);
  });

  it.each([
    ['the same work, under a later lease', started('w2', 11), true],
    ['the same work, under an earlier lease: it is what was before', started('w2', 9), false],
    ['other work', started('w2', 11, 'SUSPEND'), false],
    ['the same work, without a lease', started('w2', 0), false],
    ['work whose beginning is not known', begun('w2', 7, 'x'), false],
  ])('may go on with %s: %#', (_, next, may) => {
    const telling = new Telling();
    tell(telling, started('w1', 10));
    expect(telling.mayTakeOver(next)).toBe(may);
  });
});

describe('an event', () => {
  it('of a kind that this version does not know is passed over', () => {
    expect(decodeEvent({ event: event('w1', 1, {}) })).toBeUndefined();
  });

  it('with values that this version does not know is told all the same', () => {
    const unknown = { ...completed('w1', 1) };
    if (unknown.completed?.actor) Object.assign(unknown.completed.actor, { state: 99 });
    expect(decodeEvent({ event: unknown })).toMatchObject({ type: 'completed', actor: { state: '99' } });
    const reason = { ...failed('w1', 1) };
    if (reason.failed) Object.assign(reason.failed, { reason: 99 });
    expect(decodeEvent({ event: reason })).toMatchObject({ type: 'failed', reason: 'INTERNAL', code: 'UNAVAILABLE' });
  });

  it('has its time', () => {
    expect(decodeEvent({ event: started('w1', 1) })?.time).toEqual(toDate({ seconds: '1800000000', nanos: 0 }));
  });
});
