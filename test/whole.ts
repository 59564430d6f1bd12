// What docs/client.md promises of every iterable of the client that ends well.

import { expect } from 'vitest';
import type { WorkflowEvent } from '../src/client/actor-coordinator.js';

export const RESUME_STEPS = ['load_actor', 'assign_worker', 'restore', 'finalize_running'];
export const SUSPEND_STEPS = ['load_actor', 'mark_suspending', 'checkpoint', 'finalize_suspended'];

/** @param runs how many workflows it took */
export function expectTheWholeOnce(
  events: readonly WorkflowEvent[],
  runs: number,
  steps: readonly string[] = RESUME_STEPS,
): void {
  const endings = ['started', 'completed', 'failed'];
  const outer = events.filter(({ type }) => endings.includes(type)).map(({ type }) => type);
  expect(outer).toEqual(['started', 'completed']);
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(outer);
  const completed = events.flatMap((event) => (event.type === 'step_completed' ? [event.step] : []));
  // What the reconciler does besides.
  expect(completed.filter((step) => step !== 'count_recovery')).toEqual(steps);

  // No event twice, each run's in their order, and no run is gone back to.
  const ids = [...new Set(events.map(({ workflowId }) => workflowId))];
  expect(ids.length).toBe(runs);
  const told = ids.map((id) => events.filter(({ workflowId }) => workflowId === id));
  expect(told.flat()).toEqual(events);
  for (const [index, run] of told.entries()) {
    const sequences = run.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((x, y) => x - y));
    if (index > 0) expect(run[0]).toMatchObject({ type: 'restarted', previousWorkflowId: ids[index - 1] });
  }
}

/** Reads an iterable to its end; `seen` sees each event as it comes. */
export async function collect(
  events: AsyncIterable<WorkflowEvent>,
  seen: (event: WorkflowEvent) => void = () => undefined,
): Promise<WorkflowEvent[]> {
  const all: WorkflowEvent[] = [];
  for await (const event of events) {
    all.push(event);
    seen(event);
  }
  return all;
}

/** Acts once, at the first progress that is past `done`. */
export function atProgress(done: number, act: () => void): (event: WorkflowEvent) => void {
  let acted = false;
  return (event) => {
    if (acted || event.type !== 'step_progress' || event.done < done) return;
    acted = true;
    act();
  };
}
