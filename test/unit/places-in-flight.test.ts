import { expect, test } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import { InFlight, type Exclusive } from '../../src/runtime/places/in-flight.js';

type Work = Parameters<InFlight['run']>[4];

function call(changes: Partial<Exclusive> = {}): Exclusive {
  return {
    actor: 'a/one',
    worker: 'default/w-0',
    fencingToken: 1,
    identity: 'restore',
    takesWorker: true,
    usesWorker: () => true,
    ...changes,
  };
}

/** Work that waits to be told, and that takes a moment of its own to be undone. */
class Scripted {
  started = 0;
  undone = false;
  finish: (value: string) => void = () => undefined;
  undo: () => void = () => undefined;

  readonly work: Work = (_report, signal) =>
    new Promise((resolve, reject) => {
      this.started += 1;
      this.finish = resolve;
      signal.addEventListener('abort', () => {
        this.undo = (): void => {
          this.undone = true;
          reject(signal.reason as Error);
        };
      });
    });
}

const none = new AbortController().signal;
const nothing = (): void => undefined;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function run(flights: InFlight, exclusive: Exclusive, { work }: Scripted, signal = none): Promise<unknown> {
  return flights.run(exclusive, nothing, nothing, signal, work);
}

test('a greater token starts only when the call before it has been undone', async () => {
  const flights = new InFlight();
  const [old, young] = [new Scripted(), new Scripted()];
  const first = run(flights, call(), old);
  const second = run(flights, call({ fencingToken: 2 }), young);
  await turns();
  expect([old.undone, young.started]).toEqual([false, 0]);
  old.undo();
  await expect(first).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  await turns();
  expect(young.started).toBe(1);
  young.finish('done');
  expect(await second).toBe('done');
});

test('a call that has waited does not start if a greater token has come meanwhile', async () => {
  const flights = new InFlight();
  const [first, second] = [new Scripted(), new Scripted()];
  const running = run(flights, call(), first);
  let asked = 0;
  const refuseStale = (): void => {
    asked += 1;
    if (asked === 2) throw new CoordinatorError('STALE_FENCING_TOKEN', 'a greater one has come');
  };
  const waiting = flights.run(call({ fencingToken: 2 }), refuseStale, nothing, none, second.work);
  await turns();
  first.undo();
  await expect(waiting).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  await expect(running).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  expect(second.started).toBe(0);
});

test('a repetition that comes while the first call is being undone starts anew', async () => {
  const flights = new InFlight();
  const [first, second] = [new Scripted(), new Scripted()];
  const caller = new AbortController();
  const gone = run(flights, call(), first, caller.signal);
  caller.abort(new CoordinatorError('CANCELLED', 'gone'));
  const again = run(flights, call(), second);
  await turns();
  expect(second.started).toBe(0);
  first.undo();
  await expect(gone).rejects.toMatchObject({ reason: 'CANCELLED' });
  await turns();
  second.finish('again');
  expect(await again).toBe('again');
});

test('the work is cancelled when the last of those who wait for it has gone', async () => {
  const flights = new InFlight();
  const shared = new Scripted();
  const callers = [new AbortController(), new AbortController()];
  const results = callers.map(({ signal }) => run(flights, call(), shared, signal));
  callers[0]?.abort(new CoordinatorError('CANCELLED', 'the first'));
  await expect(results[0]).rejects.toThrow('the first');
  shared.undo();
  expect(shared.undone).toBe(false);
  callers[1]?.abort(new CoordinatorError('CANCELLED', 'the second'));
  shared.undo();
  await expect(results[1]).rejects.toThrow('the second');
  expect(shared.started).toBe(1);
});

test('what the work reports at once reaches its caller', async () => {
  const seen: string[] = [];
  const progress = { phase: 'freeze', done: 0, total: 0, unit: '', message: '' };
  const note = ({ phase }: { phase: string }): void => void seen.push(phase);
  await new InFlight().run(call(), nothing, note, none, async (report) => report(progress));
  expect(seen).toEqual(['freeze']);
});

test('a caller that gives up at the first thing that the work reports cancels it', async () => {
  const caller = new AbortController();
  const progress = { phase: 'freeze', done: 0, total: 0, unit: '', message: '' };
  const giveUp = (): void => caller.abort(new CoordinatorError('CANCELLED', 'gave up'));
  const work: Work = async (report, signal) => {
    report(progress);
    await turns();
    signal.throwIfAborted();
  };
  await expect(new InFlight().run(call(), nothing, giveUp, caller.signal, work)).rejects.toThrow('gave up');
});

test('calls on other actors at other workers do not wait for each other', async () => {
  const flights = new InFlight();
  const [one, two] = [new Scripted(), new Scripted()];
  const first = run(flights, call(), one);
  const second = run(flights, call({ actor: 'a/two', worker: 'default/w-1' }), two);
  two.finish('two');
  expect(await second).toBe('two');
  one.finish('one');
  await first;
});

test('a restore drives out the call of another actor on its worker only with a greater token', async () => {
  const flights = new InFlight();
  const [occupant, taker] = [new Scripted(), new Scripted()];
  const first = run(flights, call({ fencingToken: 5 }), occupant);
  const refused = run(flights, call({ actor: 'a/two', fencingToken: 5 }), taker);
  await expect(refused).rejects.toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
  const second = run(flights, call({ actor: 'a/two', fencingToken: 6 }), taker);
  occupant.undo();
  await expect(first).rejects.toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'ABORTED' });
  await turns();
  taker.finish('taken');
  expect(await second).toBe('taken');
});

test('a call that has nothing to do with what the worker holds does not wait for it', async () => {
  const flights = new InFlight();
  const [occupant, stop] = [new Scripted(), new Scripted()];
  const first = run(flights, call(), occupant);
  const other = call({
    actor: 'a/two',
    fencingToken: 9,
    identity: 'stop',
    takesWorker: false,
    usesWorker: () => false,
  });
  const second = run(flights, other, stop);
  stop.finish('nothing to stop');
  expect(await second).toBe('nothing to stop');
  occupant.finish('done');
  expect(await first).toBe('done');
});

test('a caller that gives up while it waits for its turn is let go at once', async () => {
  const flights = new InFlight();
  const [stuck, waiting] = [new Scripted(), new Scripted()];
  const first = run(flights, call(), stuck);
  const caller = new AbortController();
  const second = run(flights, call({ fencingToken: 2 }), waiting, caller.signal);
  caller.abort(new CoordinatorError('CANCELLED', 'gave up'));
  await expect(second).rejects.toThrow('gave up');
  stuck.undo();
  await expect(first).rejects.toThrow();
});
