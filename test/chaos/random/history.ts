// What is known of one run of the random chaos when it is over: all that Redis
// wrote, all that node runtimes did, all that callers saw, and every fault. The
// checker reads nothing else, so a history written by hand is as good as one of
// real processes. All times are milliseconds since 1970: one clock for all
// processes of a machine.

import type { ActorState } from '../../../src/actor/actor.js';

export interface History {
  readonly seed: number;
  readonly ttlMs: number;
  /** --recovery-attempts of the replicas. */
  readonly recoveryAttempts: number;
  /** In the order in which Redis carried them out, over all its lives. */
  readonly writes: readonly Write[];
  /** Of each node in its own order; over all nodes by time. */
  readonly effects: readonly Effect[];
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  /** Actors whose node runtime is a real one, and so puts down no effects. */
  readonly real: readonly string[];
  /** What those answered, each a count of how often it was asked. */
  readonly counts: readonly Count[];
  /** When one of them was told to die at once: in the middle of a Suspend it saves nothing, and nobody is told. */
  readonly deaths: readonly { readonly actor: Name; readonly atMs: number }[];
  /** Once all faults were healed and nobody called any more; absent: it did not get that far. */
  readonly rest?: Rest;
}

/** `namespace/name` of an actor, `pool/name` of a worker. */
type Name = string;

/** `atMs` is the time of Redis where the write says it, else that of one before. */
export type Write = { readonly atMs: number } & (
  | {
      readonly type: 'granted';
      readonly actor: Name;
      readonly token: number;
      readonly workflowId: string;
      readonly holder: string;
      readonly kind: string;
      readonly expiresAtMs: number;
    }
  | { readonly type: 'renewed'; readonly actor: Name; readonly expiresAtMs: number }
  /** By its holder, by expiry or by force. */
  | { readonly type: 'released'; readonly actor: Name }
  /** Somebody is about to release it by force. */
  | { readonly type: 'broken'; readonly actor: Name }
  | ({ readonly type: 'recorded' } & ActorRecord)
  | { readonly type: 'deleted'; readonly actor: Name }
  | { readonly type: 'registered'; readonly worker: Name }
  | { readonly type: 'deregistered'; readonly worker: Name }
  | { readonly type: 'claimed'; readonly worker: Name; readonly actor: Name; readonly token: number }
  | { readonly type: 'freed'; readonly worker: Name; readonly actor: Name }
  /** Redis forgot everything. */
  | { readonly type: 'wiped' }
);

/** An actor's record as a write has left it. */
export interface ActorRecord {
  readonly actor: Name;
  readonly state: ActorState;
  readonly version: number;
  /** The workflow that wrote it; '' where none did. */
  readonly workflowId: string;
  /** The transition's name, `create` or `deregister`. */
  readonly transition: string;
  readonly worker?: Name;
  readonly latest?: string;
  readonly pending?: string;
}

/** Put down by the node before it answers. */
export type Effect = { readonly atMs: number; readonly node: string } &
  /** A call was let in, with a token that is the greatest so far. */
  (
    | { readonly type: 'admitted'; readonly actor: Name; readonly token: number; readonly workflowId: string }
    /** A call was refused for its token. */
    | { readonly type: 'refused'; readonly actor: Name; readonly token: number; readonly workflowId: string }
    /** `content` counts the actor's checkpoints: what was restored, and what is written. */
    | ({ readonly type: 'restored' | 'checkpointed'; readonly content: number; readonly uri?: string } & Done)
    | ({ readonly type: 'stopped' } & Done)
    /** What ran there made way for a restore of another actor, or of itself elsewhere on the node. */
    | { readonly type: 'displaced'; readonly actor: Name; readonly worker: Name }
    /** A restore asked for a snapshot that is not there. */
    | { readonly type: 'missing'; readonly actor: Name; readonly uri: string }
    /** The machine died: all that ran or was frozen on it is gone. */
    | { readonly type: 'rebooted' }
    /** What the fake runtime saw that must never be. */
    | { readonly type: 'complaint'; readonly message: string }
  );

interface Done {
  readonly actor: Name;
  readonly worker: Name;
  readonly token: number;
  readonly workflowId: string;
}

export type Op = 'resume' | 'suspend' | 'pause' | 'watch' | 'get' | 'list' | 'create' | 'delete' | 'break' | 'retire';

export interface Call {
  readonly id: number;
  readonly op: Op;
  /** '' where it is about no actor. */
  readonly actor: Name;
  /** The slot of the replica that was called: see `Fault.target`. */
  readonly replica: string;
  readonly startedAtMs: number;
  /** Absent: it never ended. */
  readonly endedAtMs?: number;
  readonly leaseWaitMs: number;
  /** It may follow another workflow in place of its own. */
  readonly joins: boolean;
  /** The caller's own deadline, and whether it gave up. */
  readonly timeoutMs?: number;
  readonly cancelled: boolean;
  /** Made after the faults, to see whether the actor still leads a normal life. */
  readonly isLast: boolean;
  readonly events: readonly CallEvent[];
  readonly ending?: Ending;
}

export interface CallEvent {
  readonly type: string;
  readonly workflowId: string;
  readonly sequence: number;
  /** When the replica told it, by its own clock. */
  readonly atMs: number;
  readonly step: string;
  readonly attempt: number;
  /** Of `started`, where it took a lease. */
  readonly token?: number;
  /** Of `failed`. */
  readonly reason?: string;
}

export interface Ending {
  /** The canonical name of the status code; `OK`. */
  readonly code: string;
  /** '' with OK. */
  readonly reason: string;
  /** Whether the coordinator said it: a broken connection or a local deadline has none. */
  readonly hasDetails: boolean;
  readonly message: string;
}

export interface Count {
  readonly actor: Name;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly count: number;
}

export interface Fault {
  readonly kind: string;
  /** `redis`, `replica a`, `link a` (from that replica to Redis), `node n0` or `road n0` (from replicas to that node). */
  readonly target: string;
  readonly fromMs: number;
  /** When it was healed: a killed process serves again. */
  readonly untilMs: number;
}

export interface Rest {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly actors: readonly RestingActor[];
}

export interface RestingActor {
  readonly actor: Name;
  readonly state: ActorState;
  readonly worker?: Name;
  /** The worker that is claimed for it. */
  readonly claim?: Name;
  readonly leased: boolean;
  readonly recoveryAttempts: number;
}

export interface Violation {
  /** P1 … P7 of the design. */
  readonly promise: string;
  /** What must never be, as a phrase: the same for all of its kind. */
  readonly rule: string;
  /** What was. */
  readonly what: string;
}
