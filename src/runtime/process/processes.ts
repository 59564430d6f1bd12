// Actors as process groups: each in a directory of its own, root/, which is its
// working directory and what a snapshot holds, with what it writes in output.log
// beside it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.js';
import type { Kind } from '../places/kind.js';
import { pack } from '../places/pack.js';
import { isSame, type GroupIdentity } from '../places/process-identity.js';
import { choosePort } from '../places/ready.js';
import { openSnapshot, snapshotDirectory } from '../places/snapshot.js';
import { unpack } from '../places/unpack.js';
import { ActorProcess } from './actor-process.js';
import { OutputLog } from './output-log.js';
import { kill, terminate } from './process-group.js';
import { checkSpec } from './runtime-options.js';

const NAME = 'process';

export function processes(clock: Clock): Kind {
  return {
    name: NAME,
    outlives: false,
    checkSpec,
    async prepare(directory, { snapshot }, report, signal) {
      const root = rootOf(directory);
      await mkdir(root, { mode: 0o700 });
      if (snapshot === undefined) return;
      const opened = await openSnapshot(snapshotDirectory(snapshot.uri), NAME, report, signal);
      try {
        await unpack(opened, root, report, signal);
      } finally {
        await opened.archive.close();
      }
    },
    async hold(directory, { call: { actor, spec } }, ended) {
      const port = await choosePort(ended === undefined ? undefined : Number(ended.address.split(':')[1]));
      const env = { ...spec.env, PORT: String(port), ACTOR_NAMESPACE: actor.namespace, ACTOR_NAME: actor.name };
      const output = new OutputLog(join(directory, 'output.log'));
      const address = `127.0.0.1:${String(port)}`;
      return await ActorProcess.hold(spec.command, env, rootOf(directory), address, output, clock);
    },
    async find(_directory, group) {
      const identity = group as GroupIdentity;
      if (!(await isSame(identity))) return undefined;
      return {
        terminate: (graceMs) => terminate(identity.pid, graceMs, clock),
        kill: () => kill(identity.pid, clock),
      };
    },
    pack: (directory, _group, call, report, signal) =>
      pack(rootOf(directory), snapshotDirectory(call.snapshot.uri), NAME, call, clock, report, signal),
    // All of it is in the place's directory.
    clear: () => Promise.resolve(),
  };
}

function rootOf(directory: string): string {
  return join(directory, 'root');
}
