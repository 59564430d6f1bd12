// What a node runtime runs actors as: processes, or containers. A kind knows how
// to start, freeze, stop and pack one; when to do so, and what is written down
// before and after, place.ts knows for all kinds alike.

import type { WorkloadSpec } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../node-runtime.js';
import type { ReadyCheck } from './ready-options.js';

/** One actor's program: what it runs, or has run, in its place. */
export interface Program {
  /** What the place's record says of it, in JSON, so that the next runtime can find it. */
  readonly group: unknown;
  /** Where it serves, `host:port`. */
  readonly address: string;
  /** Whether something else accepts connections to the address for it. */
  readonly isBehindProxy: boolean;
  readonly alive: boolean;
  /** How it ended, for a message: `exit code 3`. Never rejects. */
  readonly exited: Promise<string>;
  /** Lets it start; before that it does nothing, whatever becomes of this process. */
  release(): Promise<void>;
  /** It stands still until it is thawed, memory and all. */
  freeze(): Promise<void>;
  /** Nothing happens to one that is not frozen. */
  thaw(): Promise<void>;
  /**
   * Asks it to save and exit, and ends it after `graceMs`, frozen or not. Resolves when it has ended, or is `stuck`;
   * with `crashed` where something else ended it meanwhile, perhaps before it had saved.
   */
  terminate(graceMs: number): Promise<'exited' | 'killed' | 'crashed' | 'stuck'>;
  kill(): Promise<unknown>;
  /** The end of what it wrote, for a message. Never rejects. */
  lastOutput(clock: Clock): Promise<string>;
  /** Watches it no more. It goes on if it can without us. */
  detach(): void;
}

/** A program of an earlier runtime that lives. */
export interface Leftover extends Pick<Program, 'terminate' | 'kill'> {
  /** The same for going on with; absent where programs do not go on. */
  readonly adopted?: Program;
}

/** What a program was started from: for starting it once more, and for telling whether a call asks for what runs. */
export interface Launch {
  readonly call: RestoreCall;
  readonly check: ReadyCheck;
}

export interface Kind {
  /** In manifests: a snapshot of one kind means nothing to another. */
  readonly name: string;
  /** Whether programs go on without a runtime: then they are not stopped with it, and the next one takes them over. */
  readonly outlives: boolean;
  /** @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming the field that this kind cannot accept */
  checkSpec(spec: WorkloadSpec): ReadyCheck;
  /** Puts what the call starts from into the place's directory. What a call that fails leaves there `clear` removes. */
  prepare(directory: string, call: RestoreCall, report: ReportProgress, signal: AbortSignal): Promise<void>;
  /**
   * Makes a program that does not run yet, or makes ready once more the one that has run in the place and ended, at
   * the address of that if it is still free.
   */
  hold(directory: string, launch: Launch, ended: Program | undefined, signal: AbortSignal): Promise<Program>;
  /** What lives of the program that a record tells of. */
  find(directory: string, group: unknown): Promise<Leftover | undefined>;
  /** Writes a snapshot of what has ended in the place. Resolves with its size. */
  pack(
    directory: string,
    group: unknown,
    call: CheckpointCall,
    report: ReportProgress,
    signal: AbortSignal,
  ): Promise<number>;
  /** Removes whatever the place has outside of its directory. Repeated: nothing. */
  clear(directory: string, group: unknown): Promise<void>;
}
