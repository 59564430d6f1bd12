// A process that owns a runtime, for tests that kill it. Reads one JSON
// array per line, `["restore" | "checkpoint", call]`, and writes one object per
// line: progress as `{ phase }`, a result as `{ result }`, an error as `{ error }`.

import { createInterface } from 'node:readline';
import type { CheckpointCall, RestoreCall, RuntimeProgress } from '../../src/runtime/node-runtime.js';

const [directory, kind] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: node-runtime-owner.ts DIRECTORY process|docker');
const Runtime =
  kind === 'docker'
    ? (await import('./docker-runtime.js')).DockerRuntimeUnderTest
    : (await import('./node-runtime-process.js')).ProcessRuntimeUnderTest;
const runtime = await Runtime.start(directory);
const signal = new AbortController().signal;

const write = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};
const report = ({ phase }: RuntimeProgress): void => {
  write({ phase });
};

write({ result: 'open' });
for await (const line of createInterface({ input: process.stdin })) {
  const [method, call] = JSON.parse(line) as ['restore', RestoreCall] | ['checkpoint', CheckpointCall];
  const result =
    method === 'restore' ? runtime.restore(call, report, signal) : runtime.checkpoint(call, report, signal);
  result.then(
    (value) => {
      write({ result: value });
    },
    (error: unknown) => {
      write({ error: String(error) });
    },
  );
}
