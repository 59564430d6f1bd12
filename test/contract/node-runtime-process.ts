// A process runtime in a temporary directory, as the contract suite wants it.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pino } from 'pino';
import type { Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import { ProcessRuntime } from '../../src/runtime/process/process-runtime.js';
import type { RuntimeUnderTest } from './node-runtime.suite.js';

export const workers: readonly [WorkerRef, WorkerRef] = [
  { pool: 'default', name: 'w-0' },
  { pool: 'default', name: 'w-1' },
];

export const logger = pino({ level: 'silent' });

export function example(name: 'counter' | 'slow-start', env: Readonly<Record<string, string>> = {}): WorkloadSpec {
  const path = fileURLToPath(new URL(`../../examples/${name}/${name}.mjs`, import.meta.url));
  return { command: [process.execPath, path], env, image: '' };
}

export class ProcessRuntimeUnderTest implements RuntimeUnderTest {
  readonly directory: string;
  readonly workers = workers;
  readonly counter: WorkloadSpec = { ...example('counter'), runtimeOptions: { ready_path: '/healthz' } };
  runtime: ProcessRuntime;
  #snapshots = 0;

  private constructor(directory: string, runtime: ProcessRuntime) {
    this.directory = directory;
    this.runtime = runtime;
  }

  static async open(): Promise<ProcessRuntimeUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'process-runtime-'));
    return new ProcessRuntimeUnderTest(directory, await ProcessRuntimeUnderTest.start(directory));
  }

  static start(directory: string): Promise<ProcessRuntime> {
    return ProcessRuntime.open({
      dataDir: join(directory, 'data'),
      workers,
      logger,
      clock: systemClock,
      stopGraceMs: 2_000,
    });
  }

  slow(seconds: number): WorkloadSpec {
    return example('slow-start', { SLOW_START_SECONDS: String(seconds) });
  }

  newSnapshot(): Snapshot {
    this.#snapshots += 1;
    const uri = pathToFileURL(join(this.directory, 'snapshots', String(this.#snapshots))).href;
    return { uri, location: 'DURABLE', node: '', workflowId: 'w', sizeBytes: 0 };
  }

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
