import { describe, expect, it } from 'vitest';
import type { EventAppend, EventLogStore, EventRead } from '../../src/store/event-log.js';
import type { WorkflowEvent, WorkflowFact } from '../../src/workflow/event.js';
import { EventWriter } from '../../src/workflow/event-writer.js';
import { FakeClock } from '../fake-clock.js';

class ScriptedLog implements EventLogStore {
  readonly appends: EventAppend[] = [];
  answer: 'accept' | 'fail' | 'hang' = 'accept';

  async append(append: EventAppend): Promise<void> {
    this.appends.push(append);
    if (this.answer === 'hang') await new Promise(() => undefined);
    if (this.answer === 'fail') throw new Error('Redis is away');
  }

  read(): Promise<EventRead> {
    throw new Error('not asked for here');
  }

  get sequences(): number[] {
    return this.appends.flatMap(({ events }) => events.map(({ sequence }) => sequence));
  }
}

function setUp() {
  const clock = new FakeClock();
  const log = new ScriptedLog();
  const of = { actor: { namespace: 'ns', name: 'a' }, workflowId: 'w', fencingToken: 7 };
  const writer = new EventWriter(log, clock, of);
  let sequence = 0;
  const push = (fact: WorkflowFact): void => {
    const event: WorkflowEvent = { workflowId: 'w', sequence: (sequence += 1), timeMs: clock.wallMs(), fact };
    writer.push(event);
  };
  return { clock, log, writer, push };
}

const stepStarted: WorkflowFact = { type: 'step_started', step: 'restore', attempt: 1 };
const stepCompleted: WorkflowFact = { type: 'step_completed', step: 'restore', skipped: false, durationMs: 1 };
const progress: WorkflowFact = {
  type: 'step_progress',
  step: 'restore',
  progress: { phase: 'pull', done: 1, total: 0, unit: 'bytes', message: '' },
};

describe('an event writer', () => {
  it('writes together what is told about the same time, with the step that runs', async () => {
    const { clock, log, push } = setUp();
    push(stepStarted);
    push(progress);
    await clock.advance(50);
    push(stepCompleted);
    await clock.advance(50);
    expect(log.appends.map(({ step, events }) => [step, events.length])).toEqual([
      ['restore', 2],
      ['', 1],
    ]);
    expect(log.appends[0]).toMatchObject({ workflowId: 'w', fencingToken: 7 });
  });

  it('thins progress to five a second, and keeps the latest before whatever comes next', async () => {
    const { clock, log, push } = setUp();
    for (let i = 1; i <= 200; i += 1) {
      push(progress);
      await clock.advance(5);
    }
    expect(log.sequences.length).toBe(5);
    push(stepCompleted);
    await clock.advance(50);
    expect(log.sequences.slice(-2)).toEqual([200, 201]);
  });

  it('keeps one write under way at a time, and a bounded number of events waiting', async () => {
    const { clock, log, push } = setUp();
    log.answer = 'hang';
    for (let i = 0; i < 5000; i += 1) push(stepStarted);
    await clock.advance(1000);
    expect(log.appends.length).toBe(1);
    expect(log.appends[0]?.events.length).toBe(512);
    expect(log.appends[0]?.events.at(-1)?.sequence).toBe(5000);
    push(stepCompleted);
    await clock.advance(1000);
    expect(log.appends.length).toBe(1);
  });

  it('tries again what was not taken, in order', async () => {
    const { clock, log, push, writer } = setUp();
    log.answer = 'fail';
    push(stepStarted);
    await clock.advance(50);
    push(stepCompleted);
    log.answer = 'accept';
    await clock.advance(500);
    writer.end();
    await writer.written;
    expect(log.sequences).toEqual([1, 1, 2]);
  });

  it('gives up a second after its end, and leaves no timer', async () => {
    const { clock, log, push, writer } = setUp();
    log.answer = 'fail';
    push(stepStarted);
    writer.end();
    let isOver = false;
    void writer.written.then(() => (isOver = true));
    await clock.advance(999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
    expect(clock.timers).toBe(0);
  });
});
