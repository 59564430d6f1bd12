// Resume, Suspend, Pause and Watch as lasting calls: from the options in a
// caller's words to the requests of proto/.

import type { WorkflowOptions as OptionsMessage } from '../generated/actorworkflow/v1/WorkflowOptions.js';
import { toDuration } from '../rpc/time.js';
import { toActorRef, type ActorRef } from './actor.js';
import type { LastingCall, LastingOptions } from './lasting-call.js';

export interface WorkflowOptions extends LastingOptions {
  /** The longest that the workflow may take, from its lease to its last step, in milliseconds. Default, and most: the coordinator's --actor-workflow-deadline. */
  readonly deadlineMs?: number;
  /** How long to queue for a lease that another workflow holds, in milliseconds. Default: not at all. */
  readonly leaseWaitMs?: number;
  /** Follow a workflow of the same kind that runs already, in place of LEASE_HELD. */
  readonly join?: boolean;
  /** What becomes of the workflow when its caller cancels or its connection breaks. Default: cancel. */
  readonly onDisconnect?: 'cancel' | 'continue';
  /** Also tell of every renewal of the lease. */
  readonly leaseEvents?: boolean;
}

export interface ResumeOptions extends WorkflowOptions {
  /** How long to queue for a free worker, in milliseconds. Default: not at all. */
  readonly workerWaitMs?: number;
  /** Boot from the workload spec and ignore every snapshot. */
  readonly boot?: boolean;
}

export interface WatchOptions extends Omit<LastingOptions, 'retry'> {
  /** Only events whose sequence is greater. */
  readonly afterSequence?: number;
}

export function resumeCall(actor: ActorRef | string, options: ResumeOptions): LastingCall {
  const { workerWaitMs, boot = false } = options;
  const ref = toActorRef(actor);
  return {
    ...options,
    actor: ref,
    // Whoever has taken over may have restored a snapshot.
    ownRunOnly: boot,
    start: (client, againForMs, call) =>
      client.resume(
        {
          actor: ref,
          boot,
          options: toMessage(options, againForMs, !boot),
          ...(workerWaitMs !== undefined && { worker_wait: toDuration(workerWaitMs) }),
        },
        call,
      ),
  };
}

export function suspendCall(actor: ActorRef | string, options: WorkflowOptions): LastingCall {
  const ref = toActorRef(actor);
  return {
    ...options,
    actor: ref,
    start: (client, againForMs, call) =>
      client.suspend({ actor: ref, options: toMessage(options, againForMs, true) }, call),
  };
}

export function pauseCall(actor: ActorRef | string, options: WorkflowOptions): LastingCall {
  const ref = toActorRef(actor);
  return {
    ...options,
    actor: ref,
    start: (client, againForMs, call) =>
      client.pause({ actor: ref, options: toMessage(options, againForMs, true) }, call),
  };
}

export function watchCall(actor: ActorRef | string, options: WatchOptions): LastingCall {
  const ref = toActorRef(actor);
  return {
    ...options,
    actor: ref,
    follows: true,
    start: (client, _againForMs, call) =>
      client.watch({ actor: ref, after_sequence: options.afterSequence ?? 0 }, call),
  };
}

/** @param againForMs above 0: what an earlier attempt has left behind is joined, or else waited for */
function toMessage(options: WorkflowOptions, againForMs: number, mayJoin: boolean): OptionsMessage {
  const { deadlineMs, leaseWaitMs = 0, join = false, onDisconnect, leaseEvents } = options;
  return {
    join: join || (againForMs > 0 && mayJoin),
    lease_wait: toDuration(Math.max(leaseWaitMs, againForMs)),
    lease_events: leaseEvents ?? false,
    on_disconnect: onDisconnect === 'continue' ? 'DISCONNECT_POLICY_CONTINUE' : 'DISCONNECT_POLICY_CANCEL',
    ...(deadlineMs !== undefined && { deadline: toDuration(deadlineMs) }),
  };
}
