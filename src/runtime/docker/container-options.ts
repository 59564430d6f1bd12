// What of a workload spec can be a container: its image, and options that are
// checked to the letter.

import type { WorkloadSpec } from '../../actor/actor.js';
import { unfit } from '../places/failure.js';
import { readyCheck, type ReadyCheck } from '../places/ready-options.js';

export interface ContainerOptions {
  readonly check: ReadyCheck;
  /** Where the program listens inside; it is told as PORT. */
  readonly port: number;
  /** Where the program starts; absent: as the image says. */
  readonly workingDir: string | undefined;
  /** Directories that are volumes: kept out of the image, and in every snapshot. */
  readonly volumes: readonly string[];
  /** Whether what the program changes elsewhere is in a snapshot too, or only its volumes are. */
  readonly keepsFilesystem: boolean;
  readonly memoryBytes: number | undefined;
  readonly nanoCpus: number | undefined;
  readonly maxPids: number;
}

const NAMES = ['port', 'working_dir', 'volumes', 'state', 'memory_mb', 'cpus', 'max_pids'];
const DEFAULT_PORT = 8080;
/** Far more than a program needs, far fewer than a machine has: a fork bomb is to be its own problem. */
const DEFAULT_MAX_PIDS = 4096;
const MAX_VOLUMES = 16;
/** The least that the engine takes. */
const MIN_MEMORY_MB = 6;

/** @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming the field */
export function containerOptions({ image, env, runtimeOptions = {} }: WorkloadSpec): ContainerOptions {
  if (image === '') throw unfit('spec.image', undefined, 'an image: this runtime runs containers');
  for (const name of Object.keys(env)) {
    if (name.includes('=')) throw unfit('spec.env', name, 'names without "="');
  }
  const check = readyCheck(runtimeOptions, NAMES);
  const number = (name: string, least: number, most: number, whole = true): number | undefined => {
    const value = runtimeOptions[name];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)))
      return value;
    const kind = whole ? 'a whole number' : 'a number';
    throw unfit(`spec.runtime_options.${name}`, value, `${kind} from ${String(least)} to ${String(most)}`);
  };
  const memoryMb = number('memory_mb', MIN_MEMORY_MB, 1024 * 1024);
  const cpus = number('cpus', 0.01, 1024, false);
  return {
    check,
    port: number('port', 1, 65_535) ?? DEFAULT_PORT,
    workingDir: workingDir(runtimeOptions['working_dir']),
    volumes: volumes(runtimeOptions['volumes']),
    keepsFilesystem: keepsFilesystem(runtimeOptions['state']),
    memoryBytes: memoryMb === undefined ? undefined : memoryMb * 1024 * 1024,
    nanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    maxPids: number('max_pids', 1, 1_000_000) ?? DEFAULT_MAX_PIDS,
  };
}

function isPath(path: unknown): path is string {
  return typeof path === 'string' && /^\/[^\0:]+$/.test(path) && !path.split('/').includes('..') && !path.endsWith('/');
}

function workingDir(value: unknown): string | undefined {
  if (value === undefined || isPath(value)) return value;
  throw unfit('spec.runtime_options.working_dir', value, 'an absolute directory without "..", other than "/"');
}

function volumes(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length <= MAX_VOLUMES && value.every(isPath)) return value;
  const expected = `a list of at most ${String(MAX_VOLUMES)} absolute directories without "..", other than "/"`;
  throw unfit('spec.runtime_options.volumes', value, expected);
}

function keepsFilesystem(value: unknown): boolean {
  if (value === undefined || value === 'filesystem') return true;
  if (value === 'volumes') return false;
  throw unfit('spec.runtime_options.state', value, '"filesystem" or "volumes"');
}
