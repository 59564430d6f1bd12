import { pino } from 'pino';
import { expect, test } from 'vitest';
import { keepRegistered } from '../../src/cli/registration.js';
import type { Clock } from '../../src/clock.js';
import { CoordinatorError } from '../../src/errors.js';

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** A coordinator that answers as told, and the waits between the attempts; after the last answer it all ends. */
async function run(answers: readonly (CoordinatorError | undefined)[]): Promise<{ log: LogLine[]; waits: number[] }> {
  const log: LogLine[] = [];
  const waits: number[] = [];
  const end = new AbortController();
  const left = [...answers];
  const clock: Clock = {
    nowMs: () => 0,
    wallMs: () => 0,
    setTimer: (delayMs, callback) => {
      waits.push(delayMs);
      const over = (): void => end.abort(new CoordinatorError('DRAINING', 'over'));
      queueMicrotask(left.length === 0 ? over : callback);
      return () => undefined;
    },
  };
  const registration = {
    workers: [{ pool: 'default', name: 'w-0' }],
    register: async () => {
      const answer = left.shift();
      if (answer !== undefined) throw answer;
    },
    clock,
    logger: pino({}, { write: (line: string) => log.push(JSON.parse(line) as LogLine) }),
    random: () => 1,
  };
  await keepRegistered(registration, end.signal);
  return { log, waits };
}

const unreachable = (n: number): CoordinatorError =>
  new CoordinatorError('DRAINING', `no connection from port ${String(n)}`);

test('workers are registered again every ten seconds, and the log tells of it once', async () => {
  const { log, waits } = await run([undefined, undefined, undefined]);
  expect(waits).toEqual([10_000, 10_000, 10_000]);
  expect(log.map(({ msg }) => msg)).toEqual(['workers registered']);
});

test('while the coordinator is away it is tried ever more seldom, and the log tells of each change once', async () => {
  const away = Array.from({ length: 8 }, (_, n) => unreachable(n));
  const { log, waits } = await run([undefined, ...away, undefined, unreachable(9)]);
  expect(waits).toEqual([10_000, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 250]);
  expect(log.map(({ msg }) => msg)).toEqual([
    'workers registered',
    'workers not registered: no connection from port 0',
    'workers registered',
    'workers not registered: no connection from port 9',
  ]);
});

test('a refusal is another condition than an unreachable coordinator', async () => {
  const refusal = new CoordinatorError('INVALID_ARGUMENT', 'worker.name: no');
  const { log } = await run([unreachable(1), refusal, refusal]);
  expect(log.map(({ msg }) => msg)).toEqual([
    'workers not registered: no connection from port 1',
    'workers not registered: worker.name: no',
  ]);
});
