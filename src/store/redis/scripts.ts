// The Lua scripts beside this file, and how one is run: by its digest, and
// whole only when Redis says that it does not know it, which is certain not to
// have run it. Guarantees: an answer is what that one run said; nothing is
// ever sent twice otherwise.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';
import { answered, unavailable } from './unavailable.js';

export type RedisClient = Redis | Cluster;

export interface Script {
  readonly source: string;
  readonly sha1: string;
}

const read = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');

/** The functions that scripts which wait or wake share, since Redis has no way to include. */
const QUEUE = read('queue');

function load(name: string): Script {
  const source = QUEUE + read(name);
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

export const scripts = {
  acquire: load('acquire'),
  acquirePlain: load('acquire_plain'),
  renew: load('renew'),
  release: load('release'),
  forceRelease: load('force_release'),
  transition: load('transition'),
  appendEvents: load('append_events'),
  readEvents: load('read_events'),
  lookActor: load('look_actor'),
  createActor: load('create_actor'),
  deleteActor: load('delete_actor'),
  crashActor: load('crash_actor'),
  indexActor: load('index_actor'),
  unindexActor: load('unindex_actor'),
  listIndex: load('list_index'),
  registerWorker: load('register_worker'),
  deregisterWorker: load('deregister_worker'),
  claimWorker: load('claim_worker'),
  leaveWorkerQueue: load('leave_worker_queue'),
  freeWorker: load('free_worker'),
  expiredWorkers: load('expired_workers'),
} as const;

type Argument = string | number;

/** What the scripts return: named results, then strings, nulls or a flat record. */
export type Reply = readonly (string | null | readonly string[])[];

/** Runs a script. @throws STORE_UNAVAILABLE: see unavailable.ts */
export async function run(
  client: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<Reply> {
  try {
    return (await client.evalsha(script.sha1, keys.length, ...keys, ...args)) as Reply;
  } catch (error) {
    if (!isNoScript(error)) throw unavailable(error);
    return (await answered(client.eval(script.source, keys.length, ...keys, ...args))) as Reply;
  }
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** The reply's string at `index`; a reply of another shape is a bug, and says so. */
export function text(reply: Reply, index: number): string {
  const value = reply[index];
  if (typeof value !== 'string')
    throw new TypeError(`reply ${JSON.stringify(reply)} has no string at ${String(index)}`);
  return value;
}

/** The reply's flat record at `index` as a map. */
export function record(reply: Reply, index: number): ReadonlyMap<string, string> {
  const flat = reply[index];
  if (!Array.isArray(flat)) throw new TypeError(`reply ${JSON.stringify(reply)} has no record at ${String(index)}`);
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(String(flat[i]), String(flat[i + 1]));
  return fields;
}
