import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import type { Waiting } from '../../src/store/workflow-store.js';
import { queueFor, type Answer } from '../../src/workflow/queue-for.js';
import { FakeClock, settle } from '../fake-clock.js';

const held = new CoordinatorError('LEASE_HELD', 'held');

function setUp(waitMs: number, askAgainInMs = Infinity) {
  const clock = new FakeClock();
  const caller = new AbortController();
  const asked: (Waiting | undefined)[] = [];
  let left = 0;
  let listening = 0;
  let wake = (): void => undefined;
  let answer: (() => Promise<Answer<string>>) | undefined;
  const refused: Answer<string> = { type: 'refused', error: held, askAgainInMs };
  const outcome = queueFor<string>({
    id: 'me',
    waitMs,
    clock,
    signal: caller.signal,
    wakeups: {
      channel: 'wake',
      onTurn: (_id, callback) => {
        listening += 1;
        wake = callback;
        return () => (listening -= 1);
      },
      onEvents: () => () => undefined,
    },
    ask: (wait) => {
      asked.push(wait);
      return answer?.() ?? Promise.resolve(refused);
    },
    leave: async () => {
      left += 1;
    },
  });
  outcome.catch(() => undefined);
  return {
    ...{ clock, caller, asked, outcome },
    left: () => left,
    listening: () => listening,
    wake: () => {
      wake();
    },
    answer: (how: () => Promise<Answer<string>>) => (answer = how),
    grant: () => (answer = () => Promise.resolve({ type: 'granted', value: 'mine' })),
  };
}

describe('waiting in a queue', () => {
  it('takes no place for a caller that does not want to wait', async () => {
    const { outcome, asked, left } = setUp(0);
    await expect(outcome).rejects.toBe(held);
    expect(asked).toEqual([undefined]);
    expect(left()).toBe(0);
  });

  it('asks at once when it is woken, and has nothing to leave once it is granted', async () => {
    const { outcome, asked, left, listening, wake, grant, clock } = setUp(60_000);
    await settle();
    expect(asked).toEqual([{ channel: 'wake', lifetimeMs: 1500 }]);
    grant();
    wake();
    expect(await outcome).toBe('mine');
    expect(asked.length).toBe(2);
    expect([left(), listening(), clock.timers]).toEqual([0, 0, 0]);
  });

  it('loses no wake-up that comes before the answer to the question that took its place', async () => {
    const { outcome, asked, wake, grant } = setUp(60_000);
    // The question is on its way.
    expect(asked.length).toBe(1);
    wake();
    grant();
    expect(await outcome).toBe('mine');
    expect(asked.length).toBe(2);
  });

  it('asks again by itself, three times within the lifetime of its place, since wake-ups may be lost', async () => {
    const { asked, clock, caller } = setUp(60_000);
    await clock.advance(1499);
    expect(asked.length).toBe(3);
    caller.abort(held);
  });

  it('asks when what it waits for would be free by itself', async () => {
    const { asked, clock, caller } = setUp(60_000, 120);
    await clock.advance(119);
    expect(asked.length).toBe(1);
    await clock.advance(1);
    expect(asked.length).toBe(2);
    caller.abort(held);
  });

  it('gives up with the last refusal when the wait is over, and leaves the queue', async () => {
    const { outcome, clock, left, listening } = setUp(700);
    let over = false;
    void outcome.catch(() => (over = true));
    await clock.advance(699);
    expect(over).toBe(false);
    await clock.advance(1);
    await expect(outcome).rejects.toBe(held);
    expect([left(), listening(), clock.timers]).toEqual([1, 0, 0]);
  });

  it('ends with the reason of its signal at once, and leaves the queue', async () => {
    const { outcome, clock, caller, left, listening } = setUp(60_000);
    await settle();
    const gone = new CoordinatorError('CANCELLED', 'gone');
    caller.abort(gone);
    await expect(outcome).rejects.toBe(gone);
    expect([left(), listening(), clock.timers]).toEqual([1, 0, 0]);
  });

  it('leaves the queue also when a question fails: its place may have been taken', async () => {
    const { outcome, answer, wake, left } = setUp(60_000);
    await settle();
    const away = new CoordinatorError('STORE_UNAVAILABLE', 'no answer', { maybeDone: true });
    answer(() => Promise.reject(away));
    wake();
    await expect(outcome).rejects.toBe(away);
    expect(left()).toBe(1);
  });
});
