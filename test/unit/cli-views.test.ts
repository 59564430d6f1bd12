import { describe, expect, it } from 'vitest';
import { canDraw } from '../../src/cli/choose-view.js';
import { describeActor } from '../../src/cli/describe-actor.js';
import { Lines } from '../../src/cli/lines.js';
import { toProtoJson } from '../../src/cli/proto-json.js';
import { decodeActor } from '../../src/client/actor.js';
import type { Actor } from '../../src/generated/actorworkflow/v1/Actor.js';
import type { WorkflowEvent } from '../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import { actorRegistryDefinition, actorWorkflowDefinition } from '../../src/rpc/proto.js';
import { toStruct } from '../../src/rpc/struct.js';

/** As they come over the wire. */
const toEvent = (fact: Partial<WorkflowEvent>) => {
  const { responseSerialize, responseDeserialize } = actorWorkflowDefinition.Resume;
  return responseDeserialize(responseSerialize({ workflow_id: 'w1', sequence: 7, time: { seconds: 1 }, ...fact }));
};
const toActor = (actor: Actor) => {
  const { responseSerialize, responseDeserialize } = actorRegistryDefinition.GetActor;
  return responseDeserialize(responseSerialize(actor));
};

const ref = { namespace: 'demo', name: 'a' };

describe('the lines of a pipe', () => {
  function setUp() {
    let nowMs = 0;
    const lines: string[] = [];
    const view = new Lines(
      (line) => lines.push(line),
      () => nowMs,
    );
    return {
      /** What it writes of an event, some time later. */
      show: (afterMs: number, fact: Partial<WorkflowEvent>): string[] => {
        nowMs += afterMs;
        lines.length = 0;
        view.show({ event: toEvent(fact) });
        return [...lines];
      },
    };
  }
  const progress = (done: number, total = 100, phase = 'unpack') => ({
    step_progress: { step: 'restore', phase, done, total, unit: 'bytes' },
  });

  it('say what happens, once', () => {
    const { show } = setUp();
    const started = {
      kind: 'WORKFLOW_KIND_RESUME' as const,
      actor: ref,
      steps: ['restore'],
      lease: { holder: 'replica-a' },
    };
    expect(show(0, { started })).toEqual(['resume demo/a on replica-a, workflow w1']);
    expect(show(0, { step_started: { step: 'restore', attempt: 1 } })).toEqual([]);
    expect(
      show(0, { step_retrying: { step: 'restore', attempt: 1, delay: { seconds: 1 }, error: 'reset\nby peer' } }),
    ).toEqual(['  restore             again in 1.0 s: reset by peer']);
    expect(show(0, { step_completed: { step: 'restore', duration: { seconds: 4, nanos: 200_000_000 } } })).toEqual([
      '  restore             4.2 s',
    ]);
    expect(show(0, { step_completed: { step: 'restore', skipped: true } })).toEqual([
      '  restore             done already',
    ]);
    const actor = { ref, state: 'ACTOR_STATE_RUNNING' as const, worker: { pool: 'p', name: 'w' }, address: 'h:1' };
    expect(show(0, { completed: { actor, duration: { seconds: 5 } } })).toEqual([
      'demo/a is RUNNING on worker p/w at h:1, after 5.0 s',
    ]);
  });

  it('say that a step goes on at each quarter of it, but not those that pass in no time', () => {
    const { show } = setUp();
    show(0, { step_started: { step: 'restore', attempt: 1 } });
    expect(show(0, progress(0))).toEqual(['  restore             unpack, 0 B of 100 B']);
    expect(show(100, progress(60))).toEqual([]);
    expect(show(1000, progress(61))).toEqual(['  restore             unpack, 61 B of 100 B']);
    expect(show(1000, progress(70))).toEqual([]);
    expect(show(1000, progress(80))).toEqual(['  restore             unpack, 80 B of 100 B']);
    expect(show(0, progress(0, 0, 'start'))).toEqual(['  restore             start']);
    expect(show(4900, progress(0, 0, 'start'))).toEqual([]);
    expect(show(100, progress(0, 0, 'start'))).toEqual(['  restore             start (8.1 s)']);
  });
});

describe('a terminal', () => {
  const screen = (isTTY: boolean, env: NodeJS.ProcessEnv) => canDraw({ out: { isTTY }, env });
  it('gets bars if it can draw them', () => {
    expect(screen(true, { TERM: 'xterm-256color' })).toBe(true);
    expect(screen(true, { TERM: 'dumb' })).toBe(false);
    expect(screen(true, {})).toBe(false);
    expect(screen(false, { TERM: 'xterm' })).toBe(false);
  });
});

describe("protobuf's JSON", () => {
  it('of an event has its names, its times and its durations', () => {
    const event = toEvent({ step_completed: { step: 'restore', duration: { seconds: 5, nanos: 92_000_000 } } });
    expect(toProtoJson('WorkflowEvent', event)).toEqual({
      workflowId: 'w1',
      sequence: '7',
      time: '1970-01-01T00:00:01Z',
      stepCompleted: { step: 'restore', duration: '5.092s' },
    });
  });

  it('of an actor has everything that is set, and nothing that is not', () => {
    const actor = toActor({
      ref,
      state: 'ACTOR_STATE_PAUSED',
      version: 3,
      spec: {
        command: ['node', 'x.mjs'],
        env: { snake_case: '1', EMPTY: '' },
        runtime_options: toStruct({ ready_path: '/', list: [0, null, false] }),
      },
      pool: 'default',
      fencing_token: 1_795_524_344_786_016,
      latest_snapshot: {
        uri: 'file:///s',
        location: 'SNAPSHOT_LOCATION_LOCAL',
        size_bytes: 0,
        create_time: { seconds: 1, nanos: 1000 },
      },
    });
    expect(toProtoJson('Actor', actor)).toEqual({
      ref,
      state: 'ACTOR_STATE_PAUSED',
      version: '3',
      spec: {
        command: ['node', 'x.mjs'],
        env: { snake_case: '1', EMPTY: '' },
        runtimeOptions: { ready_path: '/', list: [0, null, false] },
      },
      pool: 'default',
      fencingToken: '1795524344786016',
      latestSnapshot: {
        uri: 'file:///s',
        location: 'SNAPSHOT_LOCATION_LOCAL',
        createTime: '1970-01-01T00:00:01.000001Z',
      },
    });
  });
});

describe('an actor in words', () => {
  const nowMs = 100_000;
  const text = (actor: Actor) => describeActor(decodeActor(toActor({ ref, pool: 'default', ...actor })), nowMs);

  it('says who works on it, on which step, for how long', () => {
    const lease = {
      holder: 'replica-b',
      workflow_id: 'w1',
      kind: 'RESUME',
      step: 'restore',
      acquire_time: { seconds: 88 },
      expire_time: { seconds: 118 },
    };
    expect(
      text({ state: 'ACTOR_STATE_RESUMING', worker: { pool: 'default', name: 'w' }, lease })
        .split('\n')
        .slice(0, 4),
    ).toEqual([
      'demo/a is RESUMING on worker default/w',
      '  work        resume, step restore, for 12 s now',
      '  held by     replica-b, for 18 s more unless it renews',
      '  workflow    w1',
    ]);
  });

  it.each([
    ['RESUMING', "'resume demo/a' does at once"],
    ['SUSPENDING', "'suspend demo/a' does at once"],
    ['CRASHED', "'resume demo/a' restores its latest snapshot"],
  ] as const)('says what leads out of %s when nobody works on it', (state, advice) => {
    expect(text({ state: `ACTOR_STATE_${state}` })).toContain(advice);
  });

  it('shows why it failed and what it starts from, but no value of its environment', () => {
    const shown = text({
      state: 'ACTOR_STATE_SUSPENDED',
      spec: { command: ['node', 'x.mjs'], env: { TOKEN: 'secret' }, image: 'i:1' },
      latest_snapshot: { uri: 'file:///s', size_bytes: 2600, create_time: { seconds: 40 } },
      pending_snapshot: { uri: 'file:///t' },
      last_failure: { reason: 'RUNTIME_FAILED', step: 'restore', message: 'no\u001b[2J image', time: { seconds: 90 } },
    });
    expect(shown).toContain('env         TOKEN');
    expect(shown).not.toContain('secret');
    expect(shown).toContain('snapshot    2.6 kB, 1 min ago: file:///s');
    expect(shown).toContain('unfinished  file:///t');
    expect(shown).toContain('failure     RUNTIME_FAILED in restore, 10 s ago: no [2J image');
  });
});
