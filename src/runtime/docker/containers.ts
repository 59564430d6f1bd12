// Actors as containers of a Docker engine. Guarantees: every container and every
// imported image belongs to one place, by its label or its name, so that what a
// crash leaves between making one and writing that down is found and removed;
// containers go on while no runtime is there, and the next one takes them over.

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../clock.js';
import type { RestoreCall } from '../node-runtime.js';
import type { Kind, Launch } from '../places/kind.js';
import { pack } from '../places/pack.js';
import { choosePort } from '../places/ready.js';
import { openSnapshot, snapshotDirectory } from '../places/snapshot.js';
import { unpack } from '../places/unpack.js';
import { containerOptions } from './container-options.js';
import { containerGone, ContainerProgram, type ContainerGroup } from './container-program.js';
import { FILESYSTEM, fillVolumes, readContents, removeContents, writeContents, type Contents } from './contents.js';
import type { Engine } from './engine.js';
import { configOf, ensureImage, importImage, removeImage, type ImageConfig } from './image.js';

const NAME = 'container';
const LABEL = 'actor-coordinator';
const IMAGE = 'actor-coordinator-snapshot';
/** As the process runtime keeps of what an actor writes. */
const LOG = { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } };

/** @param publishIp where the actors' ports are published, and what is told as their address */
export function containers(engine: Engine, publishIp: string, clock: Clock): Kind {
  return {
    name: NAME,
    outlives: true,
    checkSpec: (spec) => containerOptions(spec).check,

    async prepare(directory, { snapshot, spec }, report, signal) {
      if (snapshot === undefined) {
        await ensureImage(engine, spec.image, report, signal);
        return;
      }
      const contents = contentsOf(directory);
      await mkdir(contents, { mode: 0o700 });
      const opened = await openSnapshot(snapshotDirectory(snapshot.uri), NAME, report, signal);
      try {
        await unpack(opened, contents, report, signal);
      } finally {
        await opened.archive.close();
      }
      const { keepsFilesystem, image } = await readContents(contents);
      if (keepsFilesystem) {
        report({ phase: 'import', done: 0, total: 0, unit: '', message: 'making an image of the file system' });
        await importImage(engine, join(contents, FILESYSTEM), imageOf(directory), signal);
      } else await ensureImage(engine, image, report, signal);
    },

    async hold(directory, launch, ended, signal) {
      if (ended !== undefined) return new ContainerProgram(engine, ended.group as ContainerGroup, clock);
      const { snapshot, spec } = launch.call;
      const contents = snapshot === undefined ? undefined : await readContents(contentsOf(directory));
      const image = contents?.keepsFilesystem === true ? imageOf(directory) : (contents?.image ?? spec.image);
      const config = contents?.config ?? (await configOf(engine, image));
      const port = await choosePort();
      const options = toCreate(directory, launch, image, config, publishIp, port);
      const created = await engine.call('making the container', (docker) => docker.createContainer(options));
      const container = created?.id ?? containerGone();
      if (contents !== undefined) {
        await fillVolumes(engine, container, contents, contentsOf(directory), signal);
        await removeContents(contentsOf(directory));
      }
      return new ContainerProgram(engine, { container, address: `${publishIp}:${String(port)}` }, clock);
    },

    async find(_directory, group) {
      const program = new ContainerProgram(engine, group as ContainerGroup, clock);
      if ((await program.inspect())?.State.Running !== true) return undefined;
      program.watch();
      return { terminate: (graceMs) => program.terminate(graceMs), kill: () => program.kill(), adopted: program };
    },

    async pack(directory, group, call, report, signal) {
      const { container } = group as ContainerGroup;
      const contents = contentsOf(directory);
      try {
        await removeContents(contents);
        const made = await madeOf(engine, container);
        await writeContents(engine, container, made, contents, report, signal);
        return await pack(contents, snapshotDirectory(call.snapshot.uri), NAME, call, clock, report, signal);
      } finally {
        await removeContents(contents);
      }
    },

    async clear(directory) {
      const filters = { label: [`${LABEL}.place=${basename(directory)}`] };
      const doing = 'looking for containers';
      const found = await engine.call(doing, (docker) => docker.listContainers({ all: true, filters }));
      for (const { Id: id } of found ?? []) {
        // 409: its removal is under way.
        await engine.call(
          'removing the container',
          (docker) => docker.getContainer(id).remove({ force: true, v: true }),
          [404, 409],
        );
      }
      await removeImage(engine, imageOf(directory));
    },
  };
}

function contentsOf(directory: string): string {
  return join(directory, 'contents');
}

/** The end of a place's directory is a random UUID. */
function imageOf(directory: string): string {
  return `${IMAGE}:${directory.slice(-36)}`;
}

/** What is written down of a container in its labels: for people, and for its snapshots. */
const MADE = `${LABEL}.made`;

function toCreate(
  directory: string,
  { call }: Launch,
  image: string,
  config: ImageConfig,
  publishIp: string,
  port: number,
): object {
  const { spec, actor, worker, fencingToken } = call;
  const options = containerOptions(spec);
  const inside = `${String(options.port)}/tcp`;
  const made: Omit<Contents, 'volumes'> = { image: spec.image, config, keepsFilesystem: options.keepsFilesystem };
  return {
    name: basename(directory),
    Image: image,
    Entrypoint: spec.command.length > 0 ? spec.command : config.Entrypoint,
    Cmd: spec.command.length > 0 ? [] : config.Cmd,
    // The last of two with one name counts.
    Env: [...(config.Env ?? []), ...variables(call, options.port)],
    WorkingDir: options.workingDir ?? config.WorkingDir,
    User: config.User,
    StopSignal: config.StopSignal,
    Volumes: Object.fromEntries([...Object.keys(config.Volumes ?? {}), ...options.volumes].map((path) => [path, {}])),
    ExposedPorts: { [inside]: {} },
    Labels: {
      [`${LABEL}.place`]: basename(directory),
      [`${LABEL}.actor`]: `${actor.namespace}/${actor.name}`,
      [`${LABEL}.worker`]: `${worker.pool}/${worker.name}`,
      [`${LABEL}.fencing-token`]: String(fencingToken),
      [MADE]: JSON.stringify(made),
    },
    HostConfig: {
      PortBindings: { [inside]: [{ HostIp: publishIp, HostPort: String(port) }] },
      LogConfig: LOG,
      Memory: options.memoryBytes,
      NanoCpus: options.nanoCpus,
      PidsLimit: options.maxPids,
      SecurityOpt: ['no-new-privileges'],
    },
  };
}

function variables({ spec, actor }: RestoreCall, port: number): string[] {
  const all = { ...spec.env, PORT: String(port), ACTOR_NAMESPACE: actor.namespace, ACTOR_NAME: actor.name };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

async function madeOf(engine: Engine, container: string): Promise<Omit<Contents, 'volumes'>> {
  const inspect = engine.call('looking at the container', (docker) => docker.getContainer(container).inspect(), [404]);
  const label = (await inspect)?.Config.Labels[MADE] ?? containerGone();
  return JSON.parse(label) as Omit<Contents, 'volumes'>;
}
