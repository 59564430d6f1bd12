// Which runtime a node has, by its flags. Only the one that is asked for is
// loaded.

import type { ActorRef, WorkerRef } from '../actor/actor.js';
import { ConfigError } from '../config.js';
import { quote } from '../errors.js';
import { isRuntimeAddress } from '../rpc/validate-worker.js';
import type { NodeRuntime } from '../runtime/node-runtime.js';
import type { PlacedRuntimeOptions } from '../runtime/places/placed-runtime.js';

/** A runtime as a node serves it. */
export interface ServedRuntime extends NodeRuntime {
  /** The actor that the worker has, for its registration. */
  runningOn(worker: WorkerRef): ActorRef | undefined;
  /** Cancels what is under way, and keeps what the next start needs. */
  close(): Promise<void>;
}

export type OpenRuntime = (options: PlacedRuntimeOptions) => Promise<ServedRuntime>;

export interface RuntimeFlags {
  readonly runtime: string;
  readonly dockerHost?: string;
  readonly publishIp: string;
  readonly atelet?: string;
  readonly ateom?: readonly string[];
}

const DEFAULT_DOCKER_HOST = 'unix:///var/run/docker.sock';

export const openProcesses: OpenRuntime = async (options) => {
  const { openProcessRuntime } = await import('../runtime/process/process-runtime.js');
  return await openProcessRuntime(options);
};

/** @throws ConfigError */
export function chooseRuntime({ runtime, dockerHost, publishIp, atelet, ateom }: RuntimeFlags): OpenRuntime {
  if ((atelet !== undefined || ateom !== undefined) && runtime !== 'atelet') {
    throw new ConfigError(`--atelet and --ateom: got ${quote(runtime)} for --runtime; expected atelet`);
  }
  switch (runtime) {
    case 'process':
      return openProcesses;
    case 'docker':
      return async (options) => {
        const { openDockerRuntime } = await import('../runtime/docker/docker-runtime.js');
        const host = dockerHost ?? process.env['DOCKER_HOST'] ?? DEFAULT_DOCKER_HOST;
        return await openDockerRuntime({ ...options, host, publishIp });
      };
    case 'atelet':
      if (atelet === undefined || !isRuntimeAddress(atelet)) {
        throw new ConfigError(
          `--atelet: got ${quote(atelet)}; expected the agent's gRPC target, such as 10.0.0.7:8085`,
        );
      }
      if (ateom === undefined) {
        throw new ConfigError('--ateom: got nothing; expected the uid of an ateom, once for each worker');
      }
      return async (options) => {
        const { AteletRuntime } = await import('../runtime/atelet/atelet-runtime.js');
        return await AteletRuntime.open({ ...options, address: atelet });
      };
    default:
      throw new ConfigError(`--runtime: got ${quote(runtime)}; expected process, docker or atelet`);
  }
}
