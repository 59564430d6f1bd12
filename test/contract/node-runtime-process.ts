// A process runtime in a temporary directory, for tests of what its contract does
// not say.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pino } from 'pino';
import type { Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import type { PlacedRuntime, PlacedRuntimeOptions } from '../../src/runtime/places/placed-runtime.js';
import { openProcessRuntime } from '../../src/runtime/process/process-runtime.js';

export const workers: readonly [WorkerRef, WorkerRef] = [
  { pool: 'default', name: 'w-0' },
  { pool: 'default', name: 'w-1' },
];

export const logger = pino({ level: 'silent' });

export function example(name: 'counter' | 'slow-start', env: Readonly<Record<string, string>> = {}): WorkloadSpec {
  const path = fileURLToPath(new URL(`../../examples/${name}/${name}.mjs`, import.meta.url));
  return { command: [process.execPath, path], env, image: '' };
}

/** A program of one line that listens when it has run `body`; `fs`, `http` and `child_process` are there. */
export function program(body: string, answer = `'ok'`, runtimeOptions: Record<string, unknown> = {}): WorkloadSpec {
  const listen = `http.createServer((q, r) => r.end(String(${answer}))).listen(process.env.PORT, '127.0.0.1')`;
  return { command: [process.execPath, '-e', `${body};${listen}`], env: {}, image: '', runtimeOptions };
}

/** The directories of the actors that a process runtime has; empty: it has none. */
export async function places(directory: string): Promise<string[]> {
  const actors = join(directory, 'data', 'actors');
  return (await readdir(actors)).map((name) => join(actors, name));
}

/** The directory of the one actor that a process runtime has. */
export async function placeOf(directory: string): Promise<string> {
  const [place, second] = await places(directory);
  if (place === undefined || second !== undefined) throw new Error('expected exactly one actor');
  return place;
}

export interface TestRecord {
  readonly state: string;
  readonly group: { readonly pid: number };
}

export async function recordIn(place: string): Promise<TestRecord> {
  return JSON.parse(await readFile(join(place, 'record.json'), 'utf8')) as TestRecord;
}

/** As in proc(5): T for a process that is stopped. Linux only. */
export async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

type Changes = Partial<Pick<PlacedRuntimeOptions, 'maxParked'>>;

export class ProcessRuntimeUnderTest {
  readonly directory: string;
  /** POST /count adds one, GET /count reads. */
  readonly counter: WorkloadSpec = { ...example('counter'), runtimeOptions: { ready_path: '/healthz' } };
  /** Answers with a number that it chose when it started, and saves nothing. */
  readonly remembering = program('const number = Math.random()', 'number');
  runtime: PlacedRuntime;
  #snapshots = 0;

  private constructor(directory: string, runtime: PlacedRuntime) {
    this.directory = directory;
    this.runtime = runtime;
  }

  static async open(changes: Changes = {}): Promise<ProcessRuntimeUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'process-runtime-'));
    return new ProcessRuntimeUnderTest(directory, await ProcessRuntimeUnderTest.start(directory, changes));
  }

  static start(directory: string, changes: Changes = {}): Promise<PlacedRuntime> {
    return openProcessRuntime({
      dataDir: join(directory, 'data'),
      workers,
      logger,
      clock: systemClock,
      stopGraceMs: 2_000,
      ...changes,
    });
  }

  slow(seconds: number): WorkloadSpec {
    return example('slow-start', { SLOW_START_SECONDS: String(seconds) });
  }

  /** A place that no other call has returned. */
  newSnapshot(): Snapshot {
    this.#snapshots += 1;
    const uri = pathToFileURL(join(this.directory, 'snapshots', String(this.#snapshots))).href;
    return { uri, location: 'DURABLE', node: '', workflowId: 'w', sizeBytes: 0 };
  }

  newLocalSnapshot(): Snapshot {
    this.#snapshots += 1;
    const uri = `local:///tests/actor/${String(this.#snapshots)}`;
    return { uri, location: 'LOCAL', node: 'here', workflowId: 'w', sizeBytes: 0 };
  }

  /** Whether anything, complete or not, is in that place. */
  async exists(snapshot: Snapshot): Promise<boolean> {
    return readdir(fileURLToPath(snapshot.uri)).then(
      (names) => names.length > 0,
      () => false,
    );
  }

  async restart(): Promise<void> {
    await this.runtime.close();
    this.runtime = await ProcessRuntimeUnderTest.start(this.directory);
  }

  async close(): Promise<void> {
    await this.runtime.close();
    await rm(this.directory, { recursive: true });
  }
}
