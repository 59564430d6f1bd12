// Images: those that specs name, pulled where the engine does not have them, and
// those that a snapshot's file system becomes, one for each place. A private
// registry's credentials are the engine's business: such images are pulled ahead.

import type Docker from 'dockerode';
import { createReadStream } from 'node:fs';
import type { ReportProgress } from '../node-runtime.js';
import { runtimeFailed } from '../places/failure.js';
import { statusOf, type Engine } from './engine.js';

/** What of an image's configuration a container is made with. */
export interface ImageConfig {
  readonly Entrypoint?: string[] | string | undefined;
  readonly Cmd?: string[] | undefined;
  readonly Env?: string[] | undefined;
  readonly WorkingDir?: string | undefined;
  readonly User?: string | undefined;
  readonly StopSignal?: string | undefined;
  readonly Volumes?: Readonly<Record<string, object>> | undefined;
}

/** What the engine tells of an import or a pull, a line each. */
interface Told {
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** Pulls the image unless the engine has it. @throws RUNTIME_FAILED, FAILED_PRECONDITION, where there is none */
export async function ensureImage(
  engine: Engine,
  image: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<void> {
  if ((await findImage(engine, image)) !== undefined) return;
  const doing = `pulling ${image}`;
  report({ phase: 'pull', done: 0, total: 0, unit: 'bytes', message: doing });
  const sizes = new Map<string, { current: number; total: number }>();
  try {
    const stream = await engine.docker.pull(image, { abortSignal: signal });
    await followTold(stream, ({ status, id = '', progressDetail }) => {
      const { current = 0, total = 0 } = progressDetail ?? {};
      if (status !== 'Downloading' || total === 0) return;
      sizes.set(id, { current: Math.max(current, sizes.get(id)?.current ?? 0), total });
      const sum = (of: 'current' | 'total'): number => [...sizes.values()].reduce((all, size) => all + size[of], 0);
      report({
        phase: 'pull',
        done: Math.min(sum('current'), sum('total')),
        total: sum('total'),
        unit: 'bytes',
        message: doing,
      });
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    // Who names an image that is not there, or may not be read, must change the spec: no repetition helps.
    if (statusOf(error) !== undefined)
      throw runtimeFailed('FAILED_PRECONDITION', `${doing}: ${(error as Error).message}`);
    throw engine.toError(doing, error);
  }
}

/** @throws RUNTIME_FAILED, FAILED_PRECONDITION, where the engine does not have it */
export async function configOf(engine: Engine, image: string): Promise<ImageConfig> {
  const found = await findImage(engine, image);
  if (found !== undefined) return found.Config;
  throw runtimeFailed('FAILED_PRECONDITION', `image ${image} was removed from the engine while an actor was starting`);
}

/** Makes an image of one layer from the file system in a tar file. */
export async function importImage(engine: Engine, path: string, name: string, signal: AbortSignal): Promise<void> {
  const doing = 'importing the file system';
  const file = createReadStream(path);
  const [repo, tag] = name.split(':');
  try {
    const options = { repo, tag, abortSignal: signal };
    const stream = await engine.docker.importImage(file, options);
    await followTold(stream, () => undefined);
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error;
    throw engine.toError(doing, error);
  } finally {
    file.destroy();
  }
}

/** Also where containers that have ended were made of it. Where there is none: nothing. */
export async function removeImage(engine: Engine, name: string): Promise<void> {
  await engine.call(`removing image ${name}`, (docker) => docker.getImage(name).remove({ force: true }), [404]);
}

function findImage(engine: Engine, image: string): Promise<Docker.ImageInspectInfo | undefined> {
  return engine.call(`looking for image ${image}`, (docker) => docker.getImage(image).inspect(), [404]);
}

/** @throws what the engine tells as an error, once its answer has begun */
async function followTold(stream: NodeJS.ReadableStream, each: (told: Told) => void): Promise<void> {
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((text) => text.trim() !== '')) {
      const told = JSON.parse(line) as Told;
      if (told.error !== undefined) throw Object.assign(new Error(told.error), { statusCode: 500 });
      each(told);
    }
  }
}
