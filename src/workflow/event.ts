// The facts that a workflow tells about itself, in the order in which they
// happened. rpc/encode.ts gives them their form on the wire.

import type { Actor, ActorRef, WorkflowKind } from '../actor/actor.js';
import type { Reason } from '../errors.js';
import type { RuntimeProgress } from '../runtime/node-runtime.js';

/** A lease as it is shown to callers. */
export interface LeaseFacts {
  readonly holder: string;
  readonly fencingToken: number;
  readonly ttlMs: number;
  readonly acquireTimeMs: number;
}

export type WorkflowFact =
  | {
      readonly type: 'started';
      readonly kind: WorkflowKind;
      readonly actor: ActorRef;
      readonly steps: readonly string[];
      /** Absent where the workflow had nothing to do and so took no lease. */
      readonly lease?: LeaseFacts;
      readonly deadlineMs: number;
    }
  | { readonly type: 'step_started'; readonly step: string; readonly attempt: number }
  | { readonly type: 'step_progress'; readonly step: string; readonly progress: RuntimeProgress }
  | {
      readonly type: 'step_retrying';
      readonly step: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: string;
    }
  | { readonly type: 'step_completed'; readonly step: string; readonly skipped: boolean; readonly durationMs: number }
  | { readonly type: 'lease_renewed'; readonly renewals: number; readonly expireTimeMs: number }
  | { readonly type: 'completed'; readonly actor: Actor; readonly durationMs: number }
  | {
      readonly type: 'failed';
      readonly reason: Reason;
      readonly message: string;
      readonly step: string;
      /** As of the error that the stream ends with, so that whoever follows ends the same. */
      readonly runtimeCode?: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly retryAfterMs?: number;
    };

export interface WorkflowEvent {
  readonly workflowId: string;
  /** 1 for the first; a gap is progress that a slow reader missed. */
  readonly sequence: number;
  readonly timeMs: number;
  readonly fact: WorkflowFact;
}
