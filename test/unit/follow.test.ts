import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import type { EventRead } from '../../src/store/event-log.js';
import type { WorkflowEvent, WorkflowFact } from '../../src/workflow/event.js';
import { follow } from '../../src/workflow/follow.js';
import { FakeClock, settle } from '../fake-clock.js';

const actor = { namespace: 'ns', name: 'a' };
const renewed: WorkflowFact = { type: 'lease_renewed', renewals: 1, expireTimeMs: 0 };
const failed: WorkflowFact = { type: 'failed', reason: 'RUNTIME_FAILED', message: 'no', step: 'restore' };

/** A log that a test writes: of one workflow at a time, and who has the lease. */
class Log {
  of = '';
  leasedTo = '';
  #events: WorkflowEvent[] = [];
  reads = 0;
  /** Called at each read, before it is answered. */
  onRead: () => void = () => undefined;

  tell(workflowId: string, ...facts: WorkflowFact[]): void {
    if (this.of !== workflowId) this.#events = [];
    this.of = workflowId;
    for (const fact of facts) {
      this.#events.push({ workflowId, sequence: this.#events.length + 1, timeMs: 0, fact });
    }
  }

  async read(_actor: unknown, afterSequence: number): Promise<EventRead> {
    this.reads += 1;
    const texts = this.#events.filter(({ sequence }) => sequence > afterSequence).map((event) => JSON.stringify(event));
    const last = this.#events.at(-1);
    const found = {
      workflowId: this.of,
      leasedTo: this.leasedTo,
      texts,
      lastText: texts.length > 0 || last === undefined ? '' : JSON.stringify(last),
    };
    this.onRead();
    return found;
  }
}

function setUp(afterSequence = 0) {
  const clock = new FakeClock();
  const log = new Log();
  const caller = new AbortController();
  let wake = (): void => undefined;
  let listening = 0;
  const seen: string[] = [];
  let error: unknown;
  const run = async (): Promise<void> => {
    const events = follow({
      actor,
      afterSequence,
      clock,
      signal: caller.signal,
      log: { read: (ref, after) => log.read(ref, after), append: async () => undefined },
      wakeups: {
        channel: '',
        onTurn: () => () => undefined,
        onEvents: (_actor, callback) => {
          listening += 1;
          wake = callback;
          return () => (listening -= 1);
        },
      },
    });
    for await (const { workflowId, sequence } of events) seen.push(`${workflowId}.${String(sequence)}`);
  };
  let isOver = false;
  return {
    ...{ clock, log, caller, seen },
    wake: () => {
      wake();
    },
    start: () =>
      void run().then(
        () => (isOver = true),
        (thrown: unknown) => {
          isOver = true;
          error = thrown;
        },
      ),
    isOver: () => isOver,
    error: () => error,
    left: () => [listening, clock.timers],
  };
}

describe('following a workflow', () => {
  it('tells its events as they come, when it is woken, and ends as it does', async () => {
    const { clock, log, start, wake, seen, isOver, error, left } = setUp();
    log.leasedTo = 'w1';
    log.tell('w1', renewed);
    start();
    await settle();
    log.tell('w1', renewed);
    wake();
    await settle();
    expect(seen).toEqual(['w1.1', 'w1.2']);
    log.tell('w1', failed);
    wake();
    await settle();
    expect(seen).toEqual(['w1.1', 'w1.2', 'w1.3']);
    expect(isOver()).toBe(true);
    expect(error()).toMatchObject({ reason: 'RUNTIME_FAILED', message: 'no' });
    await clock.advance(500);
    expect(left()).toEqual([0, 0]);
  });

  it('looks by itself twice a second, since wake-ups may be lost', async () => {
    const { clock, log, start, seen, caller } = setUp();
    log.leasedTo = 'w1';
    start();
    await settle();
    log.tell('w1', renewed);
    await clock.advance(499);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['w1.1']);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
  });

  it('loses no wake-up that comes while it reads', async () => {
    const { log, start, wake, seen, caller } = setUp();
    log.leasedTo = 'w1';
    log.onRead = () => {
      log.onRead = () => undefined;
      log.tell('w1', renewed);
      wake();
    };
    start();
    await settle();
    expect(seen).toEqual(['w1.1']);
    expect(log.reads).toBe(2);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
  });

  it('is about the one that runs, though that has told nothing yet, and not about the one before', async () => {
    const { log, start, wake, seen, caller } = setUp();
    log.tell('w1', renewed, failed);
    log.leasedTo = 'w2';
    start();
    await settle();
    expect(seen).toEqual([]);
    log.tell('w2', renewed);
    wake();
    await settle();
    expect(seen).toEqual(['w2.1']);
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
  });

  it('tells nothing of another one, and ends three seconds after it could have told its end', async () => {
    const { clock, log, start, seen, isOver, error, left } = setUp();
    log.leasedTo = 'w1';
    log.tell('w1', renewed);
    start();
    await settle();
    log.leasedTo = 'w3';
    log.tell('w3', renewed, renewed);
    await clock.advance(3000);
    expect(isOver()).toBe(false);
    await clock.advance(1000);
    expect(seen).toEqual(['w1.1']);
    expect(error()).toMatchObject({ reason: 'LEASE_LOST', maybeDone: true });
    expect(left()).toEqual([0, 0]);
  });

  it('takes its last events when they come after its lease was released', async () => {
    const { clock, log, start, isOver, error } = setUp();
    log.leasedTo = 'w1';
    log.tell('w1', renewed);
    start();
    await settle();
    log.leasedTo = '';
    await clock.advance(2900);
    log.tell('w1', failed);
    await clock.advance(500);
    expect(isOver()).toBe(true);
    expect(error()).toMatchObject({ reason: 'RUNTIME_FAILED' });
  });

  it('tells whoever has read everything how it ended', async () => {
    const { log, start, seen, isOver, error } = setUp(2);
    log.tell('w1', renewed, failed);
    start();
    await settle();
    expect(seen).toEqual([]);
    expect(isOver()).toBe(true);
    expect(error()).toMatchObject({ reason: 'RUNTIME_FAILED' });
  });

  it('ends with the reason of its signal at once', async () => {
    const { start, caller, error, left } = setUp();
    start();
    await settle();
    caller.abort(new CoordinatorError('CANCELLED', 'gone'));
    await settle();
    expect(error()).toMatchObject({ reason: 'CANCELLED' });
    expect(left()).toEqual([0, 0]);
  });
});
