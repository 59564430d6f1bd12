// A Docker runtime on the engine that the tests have, with a directory of its
// own; and whether there is one.

import Docker from 'dockerode';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Snapshot, WorkerRef, WorkloadSpec } from '../../src/actor/actor.js';
import { systemClock } from '../../src/clock.js';
import { openDockerRuntime, type DockerRuntimeOptions } from '../../src/runtime/docker/docker-runtime.js';
import type { PlacedRuntime } from '../../src/runtime/places/placed-runtime.js';
import { findEngine } from '../docker-engine.js';
import { logger } from './node-runtime-process.js';

/** That of the Dockerfile, so that an engine which builds has it. */
export const IMAGE = 'node:24-bookworm-slim';
export const DOCKER_HOST = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';

export const workers: readonly [WorkerRef, WorkerRef] = [
  { pool: 'default', name: 'w-0' },
  { pool: 'default', name: 'w-1' },
];

const engine = await findEngine(IMAGE);
/** Why tests of containers are skipped; undefined where they are not. */
export const missing = engine.usable ? undefined : engine.why;
if (missing !== undefined) console.warn(`containers are not tried: ${missing}`);

/** Keeps state in a volume, which takes a tenth of the time that a file system takes. */
export const VOLUME_ONLY = { volumes: ['/state'], working_dir: '/state', state: 'volumes' };

/** A program of one line that listens when it has run `body`. */
export function containerProgram(
  body: string,
  answer = `'ok'`,
  runtimeOptions: Record<string, unknown> = VOLUME_ONLY,
): WorkloadSpec {
  const listen = `http.createServer((q, r) => r.end(String(${answer}))).listen(process.env.PORT)`;
  return { command: ['node', '-e', `${body};${listen}`], env: {}, image: IMAGE, runtimeOptions };
}

export class DockerRuntimeUnderTest {
  readonly directory: string;
  readonly docker: Docker;
  runtime: PlacedRuntime;
  #snapshots = 0;

  private constructor(directory: string, docker: Docker, runtime: PlacedRuntime) {
    this.directory = directory;
    this.docker = docker;
    this.runtime = runtime;
  }

  static async open(changes: Partial<DockerRuntimeOptions> = {}): Promise<DockerRuntimeUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'docker-runtime-'));
    try {
      const runtime = await DockerRuntimeUnderTest.start(directory, changes);
      return new DockerRuntimeUnderTest(directory, new Docker(), runtime);
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  static start(directory: string, changes: Partial<DockerRuntimeOptions> = {}): Promise<PlacedRuntime> {
    return openDockerRuntime({
      dataDir: join(directory, 'data'),
      workers,
      logger,
      clock: systemClock,
      stopGraceMs: 2_000,
      host: DOCKER_HOST,
      publishIp: '127.0.0.1',
      ...changes,
    });
  }

  newSnapshot(): Snapshot {
    this.#snapshots += 1;
    const uri = pathToFileURL(join(this.directory, 'snapshots', String(this.#snapshots))).href;
    return { uri, location: 'DURABLE', node: '', workflowId: 'w', sizeBytes: 0 };
  }

  newLocalSnapshot(): Snapshot {
    this.#snapshots += 1;
    return { uri: `local:///x/${this.#snapshots}`, location: 'LOCAL', node: 'here', workflowId: 'w', sizeBytes: 0 };
  }

  /** The containers of this runtime's places, whatever their state. */
  async containers(): Promise<Docker.ContainerInfo[]> {
    const places = await readdir(join(this.directory, 'data', 'actors'));
    const all = await this.docker.listContainers({ all: true, filters: { label: ['actor-coordinator.place'] } });
    return all.filter(({ Labels: labels }) => places.includes(labels['actor-coordinator.place'] ?? ''));
  }

  /** The images that were made of snapshots. */
  async images(): Promise<string[]> {
    const found = await this.docker.listImages({ filters: { reference: ['actor-coordinator-snapshot'] } });
    return found.flatMap(({ RepoTags: tags }) => tags ?? []);
  }

  /** In order; the containers go on. `between` is done while there is no runtime. */
  async restart(between: () => Promise<void> = async () => undefined): Promise<void> {
    await this.runtime.close();
    await between();
    this.runtime = await DockerRuntimeUnderTest.start(this.directory);
  }

  async close(): Promise<void> {
    for (const { Id: id } of await this.containers()) {
      await this.docker.getContainer(id).remove({ force: true, v: true });
    }
    await this.runtime.close();
    await rm(this.directory, { recursive: true });
  }
}
