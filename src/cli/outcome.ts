// How a command ends: its exit code, which scripts switch on, and what to do
// next, which people read. Guarantees: every reason has a code and an advice;
// the codes are those of docs/cli.md, and change no more.

import type { CallError, CallReason } from '../client/call-error.js';
import { asFlag, inWords, printable } from './in-words.js';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  held: 5,
  lost: 6,
  deadline: 7,
  noWorker: 8,
  unavailable: 9,
  interrupted: 130,
  /** As of a program that SIGPIPE ends. */
  brokenPipe: 141,
  terminated: 143,
} as const;

const BY_REASON: Readonly<Record<CallReason, number>> = {
  INVALID_ARGUMENT: EXIT.usage,
  ACTOR_NOT_FOUND: EXIT.notFound,
  WORKER_NOT_FOUND: EXIT.notFound,
  INVALID_STATE: EXIT.notAllowed,
  ACTOR_ALREADY_EXISTS: EXIT.notAllowed,
  LEASE_HELD: EXIT.held,
  LEASE_LOST: EXIT.lost,
  STALE_FENCING_TOKEN: EXIT.lost,
  WORKFLOW_DEADLINE: EXIT.deadline,
  NO_FREE_WORKER: EXIT.noWorker,
  NO_MATCHING_POOL: EXIT.noWorker,
  UNREACHABLE: EXIT.unavailable,
  DRAINING: EXIT.unavailable,
  OVERLOADED: EXIT.unavailable,
  RUNTIME_UNAVAILABLE: EXIT.unavailable,
  STORE_UNAVAILABLE: EXIT.unavailable,
  RUNTIME_FAILED: EXIT.failed,
  CANCELLED: EXIT.failed,
  INTERNAL: EXIT.failed,
};

export function exitCodeOf({ reason }: CallError): number {
  return BY_REASON[reason];
}

/** What was asked for. */
export interface Asked {
  /** The command, such as `resume`. */
  readonly command: string;
  /** `namespace/name` */
  readonly actor?: string;
  readonly pool?: string;
}

const WORKFLOWS = ['resume', 'suspend', 'pause'];

/** The error in a person's words. */
export function describeError(error: CallError): string {
  const { reason, holder, metadata, message } = error;
  const expiresInMs = Number(metadata['expires_in_ms'] ?? 0);
  if (reason !== 'LEASE_HELD' || holder === undefined || expiresInMs <= 0) return printable(message);
  const what = `${(metadata['kind'] ?? '').toLowerCase()} ${metadata['workflow_id'] ?? ''}`.trim();
  return printable(`held by ${holder} for ${inWords(expiresInMs)} more, longer if it renews (${what})`);
}

/** What to do about it; a line, or two. */
export function adviceFor(error: CallError, asked: Asked): string {
  const { command, actor = 'NAMESPACE/NAME', pool = error.metadata['pool'] ?? 'default' } = asked;
  const again = `run it again: it goes on where this one stopped, and so do the replicas if nobody does`;
  switch (error.reason) {
    case 'LEASE_HELD':
      return heldAdvice(error, asked);
    case 'LEASE_LOST':
      return error.metadata['broken_by_force'] === undefined
        ? again
        : `somebody broke the lease on purpose; 'get ${actor}' shows what is left`;
    case 'STALE_FENCING_TOKEN':
      return again;
    case 'WORKFLOW_DEADLINE':
      return `'get ${actor}' shows how far it came; run it again to go on, with --deadline for longer`;
    case 'NO_FREE_WORKER':
      return `--worker-wait 30s queues for one; 'workers ${pool}' shows who has them`;
    case 'NO_MATCHING_POOL':
      return `'actor-coordinator node --pool ${pool} …' brings workers; 'workers ${pool}' lists them`;
    case 'ACTOR_NOT_FOUND':
      return `'list ${actor.split('/')[0] ?? ''}' shows which there are; 'create ${actor} -- COMMAND…' creates it`;
    case 'WORKER_NOT_FOUND':
      return `'workers ${pool}' shows which there are`;
    case 'ACTOR_ALREADY_EXISTS':
      return `'get ${actor}' shows it; 'delete ${actor}' makes room`;
    case 'INVALID_STATE':
      return command === 'delete'
        ? `'suspend ${actor}' first, or --force`
        : `'get ${actor}' shows its state; the message says what to do first`;
    case 'RUNTIME_FAILED':
      return `the node runtime refused; what it said stays in 'get ${actor}'. Put that right and run it again`;
    case 'RUNTIME_UNAVAILABLE':
      return `the node runtime does not answer: is it running? --retry 1m tries again for a minute`;
    case 'STORE_UNAVAILABLE':
      return `the replica cannot reach Redis: its log says more. --retry 1m tries again for a minute`;
    case 'DRAINING':
      return `the replica is leaving: give --address of another one, or --retry 1m`;
    case 'OVERLOADED':
      return `the replica has too much to do: give --address of another one, or --retry 1m`;
    case 'UNREACHABLE':
      return `is it running there? --address or ACTOR_WORKFLOW_ADDRESS names another; 'actor-coordinator serve --dev' starts one`;
    case 'INVALID_ARGUMENT':
      return `'actor-coordinator ${command} --help' shows examples`;
    case 'CANCELLED':
      return `its caller went away; ${again}`;
    case 'INTERNAL':
      return error.code === 'UNIMPLEMENTED' || error.code === 'UNKNOWN'
        ? 'is that an actor-coordinator, and as new as this one? --address names another'
        : "the replica's log has the rest; please report it";
  }
}

function heldAdvice({ metadata }: CallError, { command, actor = 'NAMESPACE/NAME' }: Asked): string {
  const kind = (metadata['kind'] ?? '').toLowerCase();
  const watch = `'watch ${actor}' follows it`;
  if (command === 'delete') return `${watch}; --force deletes all the same`;
  if (!WORKFLOWS.includes(command)) return watch;
  const queue = `--lease-wait ${asFlag(Number(metadata['expires_in_ms'] ?? 0) + 2000)} queues for it`;
  return `${queue}; ${kind === command ? '--join' : watch.replace(' follows it', '')} follows it`;
}
