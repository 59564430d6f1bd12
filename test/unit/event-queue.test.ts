import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import type { WorkflowEvent, WorkflowFact } from '../../src/workflow/event.js';
import { EventQueue, MAX_WAITING_EVENTS } from '../../src/workflow/event-queue.js';

const progress = (done: number, step = 'restore'): WorkflowFact => ({
  type: 'step_progress',
  step,
  progress: { phase: 'pull', done, total: 0, unit: 'bytes', message: '' },
});
const completed = { type: 'completed', durationMs: 0 } as WorkflowFact;
const gone = new CoordinatorError('WORKFLOW_DEADLINE', 'gone');
const renewed: WorkflowFact = { type: 'lease_renewed', renewals: 1, expireTimeMs: 0 };

function setUp() {
  let overflows = 0;
  const queue = new EventQueue(() => (overflows += 1));
  let sequence = 0;
  const push = (fact: WorkflowFact): void => {
    queue.push({ workflowId: 'w', sequence: (sequence += 1), timeMs: 0, fact });
  };
  return { queue, push, overflows: () => overflows };
}

async function drain(queue: EventQueue): Promise<WorkflowEvent[]> {
  const events: WorkflowEvent[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

describe('an event queue', () => {
  it('passes events on in order, also those that come while somebody waits for them', async () => {
    const { queue, push } = setUp();
    push(progress(1));
    const read = drain(queue);
    await Promise.resolve();
    push(progress(2));
    push(renewed);
    queue.end();
    expect((await read).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it('throws the error that it ended with after the last event', async () => {
    const { queue, push } = setUp();
    push(renewed);
    queue.end(new CoordinatorError('LEASE_LOST', 'lost'));
    const iterator = queue[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ sequence: 1 });
    await expect(iterator.next()).rejects.toMatchObject({ reason: 'LEASE_LOST' });
  });

  it('keeps the latest progress of each step of a reader that lags, in order with the rest', async () => {
    const { queue, push, overflows } = setUp();
    for (let i = 1; i <= 1000; i += 1) push(progress(i));
    push(renewed);
    for (let i = 1; i <= 1000; i += 1) push(progress(i, 'checkpoint'));
    queue.end();
    const events = await drain(queue);
    expect(overflows()).toBe(0);
    expect(events.length).toBeLessThan(25);
    expect(events.slice(-3).map(({ fact }) => fact)).toEqual([progress(1000), renewed, progress(1000, 'checkpoint')]);
  });

  it('keeps nothing for a reader that has gone', async () => {
    const { queue, push, overflows } = setUp();
    push(renewed);
    queue.abandon(gone);
    for (let i = 0; i < 2 * MAX_WAITING_EVENTS; i += 1) push(renewed);
    queue.end();
    await expect(drain(queue)).rejects.toBe(gone);
    expect(overflows()).toBe(0);
  });

  it.each(['before', 'after'])(
    'ends as its workflow did for a reader that has read all, and goes %s its end',
    async (when) => {
      const { queue, push } = setUp();
      push(completed);
      const iterator = queue[Symbol.asyncIterator]();
      expect((await iterator.next()).value).toMatchObject({ fact: completed });
      if (when === 'after') queue.end();
      queue.abandon(gone);
      if (when === 'before') queue.end();
      expect(await iterator.next()).toMatchObject({ done: true });
    },
  );

  it('says once that too much waits', () => {
    const { push, overflows } = setUp();
    for (let i = 1; i < MAX_WAITING_EVENTS; i += 1) push(renewed);
    expect(overflows()).toBe(0);
    for (let i = 0; i < 10; i += 1) push(renewed);
    expect(overflows()).toBe(1);
  });
});
