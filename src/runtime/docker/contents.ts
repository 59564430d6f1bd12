// What a snapshot of a container holds: its file system as one tar, each of its
// volumes as another, and what it was made of. They are put into a directory,
// which is packed like any other. One tar of everything rather than a commit: an
// image grows by a layer at each commit, and the engine takes 127. Sockets and
// the like are left out, as the engine does.

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ReportProgress } from '../node-runtime.js';
import { runtimeFailed } from '../places/failure.js';
import { containerGone } from './container-program.js';
import type { Engine } from './engine.js';
import type { ImageConfig } from './image.js';

export interface Contents {
  /** The spec's image, which the container is made of again where the file system is not kept. */
  readonly image: string;
  /** Of that image: an imported file system has none of its own. */
  readonly config: ImageConfig;
  readonly keepsFilesystem: boolean;
  /** Where the volumes are mounted, in the order of their files. */
  readonly volumes: readonly string[];
}

const CONTENTS = 'container.json';
export const FILESYSTEM = 'filesystem.tar';

/** Fills `directory` with what the container, which has ended, holds. */
export async function writeContents(
  engine: Engine,
  container: string,
  made: Omit<Contents, 'volumes'>,
  directory: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<void> {
  const of = engine.docker.getContainer(container);
  const inspected = await engine.call('looking at the container', () => of.inspect(), [404]);
  if (inspected === undefined) return containerGone();
  await mkdir(directory, { mode: 0o700 });
  const save = async (name: string, start: () => Promise<NodeJS.ReadableStream>): Promise<void> => {
    const doing = `exporting ${name}`;
    let done = 0;
    const stream = (await engine.call(doing, start)) ?? containerGone();
    try {
      const counted = async function* (source: AsyncIterable<string | Buffer>): AsyncGenerator<string | Buffer> {
        for await (const chunk of source) {
          done += chunk.length;
          report({ phase: `export ${name}`, done, total: 0, unit: 'bytes', message: '' });
          yield chunk;
        }
      };
      await pipeline(stream, counted, createWriteStream(join(directory, name), { mode: 0o600 }), { signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason as Error;
      // A disk that is full here is no silence of the engine.
      throw (error as NodeJS.ErrnoException).syscall === 'write' ? error : engine.toError(doing, error);
    }
  };
  if (made.keepsFilesystem) await save(FILESYSTEM, () => of.export());
  const volumes = inspected.Mounts.filter(({ Type: type }) => type === 'volume').map(({ Destination: path }) => path);
  for (const [index, path] of volumes.entries()) await save(volumeFile(index), () => of.getArchive({ path }));
  await writeFile(join(directory, CONTENTS), JSON.stringify({ ...made, volumes } satisfies Contents));
}

/** @throws RUNTIME_FAILED, DATA_LOSS, where the directory has no contents of a container */
export async function readContents(directory: string): Promise<Contents> {
  const text = await readFile(join(directory, CONTENTS), 'utf8').catch((error: unknown) => {
    throw runtimeFailed('DATA_LOSS', `the snapshot has no ${CONTENTS}`, error);
  });
  return JSON.parse(text) as Contents;
}

/** Puts the volumes into a container that has not started. */
export async function fillVolumes(
  engine: Engine,
  container: string,
  { volumes }: Contents,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, path] of volumes.entries()) {
    const file = createReadStream(join(directory, volumeFile(index)));
    const of = engine.docker.getContainer(container);
    try {
      // The tar begins with the directory's own name.
      const options = { path: dirname(path), abortSignal: signal };
      await engine.call(`filling the volume ${path}`, () => of.putArchive(file, options), [], signal);
    } finally {
      file.destroy();
    }
  }
}

export async function removeContents(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

function volumeFile(index: number): string {
  return `volume-${String(index)}.tar`;
}
