// The legal transitions of an actor's record: from which states, to which, and
// what changes with them. Pure values: the store writes one only if the record
// still is in one of `from`, so that no writer overwrites what came meanwhile.

import type { Actor, ActorState, ClaimedWorker, Snapshot, WorkflowFailure } from './actor.js';

/** The fields of a record that transitions change. */
export type Changes = {
  readonly [
    Field in
      | 'worker'
      | 'latestSnapshot'
      | 'pendingSnapshot'
      | 'durableSnapshot'
      | 'pausedOn'
      | 'lastFailure'
      | 'previousState'
      | 'recoveryAttempts'
      | 'address'
  ]?: Actor[Field] | null;
};

export interface Transition {
  /** Marks the write in the record, so that its repetition is recognized; unique within a workflow. */
  readonly name: string;
  readonly from: readonly ActorState[];
  readonly to: ActorState;
  /** What is set; `null` unsets, absent stays. */
  readonly changes: Changes;
}

/**
 * A worker was claimed, and nothing called yet: from here on a restore may run on it.
 * @param boot the frozen process is given up with it, so that whoever goes on after a crash needs not its node
 */
export function beginResume(actor: Actor, worker: ClaimedWorker, boot = false): Transition {
  // A Resume that continues another's keeps the way back of that one.
  const previousState = actor.state === 'RESUMING' ? (actor.previousState ?? 'SUSPENDED') : actor.state;
  return {
    name: 'begin_resume',
    // As it was read: one that was given up as CRASHED since has lost the worker that was claimed for it.
    from: [actor.state],
    to: 'RESUMING',
    changes: {
      worker,
      previousState: boot && previousState === 'PAUSED' ? 'SUSPENDED' : previousState,
      ...(boot && forgetLocal(actor)),
      // It may still have to be stopped there.
      ...(boot && actor.pausedOn !== undefined && { pausedOn: actor.pausedOn }),
    },
  };
}

/** The runtime has said that the actor is ready. */
export function finishResume(actor: Actor, address: string): Transition {
  return {
    name: 'finish_resume',
    from: ['RESUMING'],
    to: 'RUNNING',
    changes: { address, previousState: null, ...forgetLocal(actor), ...SUCCEEDED },
  };
}

/** What every workflow that succeeds clears. */
const SUCCEEDED = { lastFailure: null, recoveryAttempts: null } as const;

/** A LOCAL snapshot is used up by the resume from it, and lost with its node: the durable one before it is the latest again. */
function forgetLocal(actor: Actor): Changes {
  const thawed = actor.pausedOn === undefined ? {} : { pausedOn: null };
  if (actor.latestSnapshot?.location !== 'LOCAL') return thawed;
  return { latestSnapshot: actor.durableSnapshot ?? null, durableSnapshot: null, ...thawed };
}

/** The restore surely did not happen: back to where the actor was. */
export function rollBackResume(actor: Actor, lastFailure: WorkflowFailure): Transition {
  const to = actor.previousState ?? 'SUSPENDED';
  return {
    name: 'roll_back_resume',
    from: ['RESUMING'],
    to,
    changes: {
      worker: null,
      previousState: null,
      recoveryAttempts: null,
      lastFailure,
      ...(to !== 'PAUSED' && forgetLocal(actor)),
    },
  };
}

/** Reserves the snapshot before anything is written there: a crash after this leaves a name, not garbage that looks complete. */
export function beginSuspend(pendingSnapshot: Snapshot): Transition {
  return { name: 'begin_suspend', from: ['RUNNING'], to: 'SUSPENDING', changes: { pendingSnapshot } };
}

/** The runtime has said that the snapshot is complete: only now it becomes the latest. */
export function finishSuspend(snapshot: Snapshot): Transition {
  return {
    name: 'finish_suspend',
    from: ['SUSPENDING'],
    to: 'SUSPENDED',
    changes: { latestSnapshot: snapshot, pendingSnapshot: null, worker: null, address: null, ...SUCCEEDED },
  };
}

/** As beginSuspend, for a snapshot that stays on the worker's node. */
export function beginPause(pendingSnapshot: Snapshot): Transition {
  return { name: 'begin_pause', from: ['RUNNING'], to: 'PAUSING', changes: { pendingSnapshot } };
}

/** The runtime has said that the actor is frozen; its worker is free for another one. */
export function finishPause(actor: Actor, snapshot: Snapshot): Transition {
  return {
    name: 'finish_pause',
    from: ['PAUSING'],
    to: 'PAUSED',
    changes: {
      latestSnapshot: snapshot,
      durableSnapshot: actor.latestSnapshot ?? null,
      pausedOn: actor.worker ?? null,
      pendingSnapshot: null,
      worker: null,
      address: null,
      ...SUCCEEDED,
    },
  };
}

/** The checkpoint surely did not happen: the actor still runs. */
export function rollBackCheckpoint(lastFailure: WorkflowFailure): Transition {
  return {
    name: 'roll_back_checkpoint',
    from: ['SUSPENDING', 'PAUSING'],
    to: 'RUNNING',
    changes: { pendingSnapshot: null, recoveryAttempts: null, lastFailure },
  };
}

/** A Suspend gives up what a Resume has left, or cleans up after a crash: nothing runs, the latest durable snapshot stays. */
export function abandonResume(actor: Actor): Transition {
  return {
    name: 'abandon_resume',
    from: ['RESUMING', 'CRASHED'],
    to: 'SUSPENDED',
    changes: { worker: null, pendingSnapshot: null, previousState: null, ...forgetLocal(actor), ...SUCCEEDED },
  };
}

/** What the actor did since its latest durable snapshot is lost, with its worker, on it, or with its node. */
export function crash(actor: Actor, lastFailure: WorkflowFailure): Transition {
  return {
    name: 'crash',
    from: ['RESUMING', 'RUNNING', 'SUSPENDING', 'PAUSING', 'PAUSED'],
    to: 'CRASHED',
    changes: {
      worker: null,
      address: null,
      pendingSnapshot: null,
      previousState: null,
      recoveryAttempts: null,
      lastFailure,
      ...forgetLocal(actor),
    },
  };
}

/** Why a workflow failed that leaves the record as it is. */
export function recordFailure(actor: Actor, lastFailure: WorkflowFailure): Transition {
  return { name: 'record_failure', from: [actor.state], to: actor.state, changes: { lastFailure } };
}

/** Counted before the work, so that one which kills its replica is counted too. */
export function beginRecovery(actor: Actor): Transition {
  const recoveryAttempts = (actor.recoveryAttempts ?? 0) + 1;
  return { name: 'begin_recovery', from: [actor.state], to: actor.state, changes: { recoveryAttempts } };
}
