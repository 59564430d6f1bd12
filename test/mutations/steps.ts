// The steps of a workflow: their order, what is repeated, what is rolled back,
// and what is left for the next one.

import type { Mutation } from './mutation.js';

const run = 'workflow/workflow-run.ts';
const runner = 'workflow/run-steps.ts';
const suspend = 'workflow/suspend.ts';
const resume = 'workflow/resume.ts';
const settle = 'workflow/settle.ts';
const transition = 'actor/transition.ts';
const plan = 'workflow/plan.ts';
const workflows = 'integration/workflows';
const faults = 'integration/workflow-faults';

const onlyGuarded = 'writes, claims and calls nothing once its lease has expired by the clock';

export const stepMutations: readonly Mutation[] = [
  {
    name: 'begin-from-what-was-read',
    mechanism: 'a Resume does not take back an actor that was given up meanwhile',
    promises: 'P6',
    replace: {
      [transition]: [
        [
          "from: [actor.state],\n    to: 'RESUMING',",
          "from: ['SUSPENDED', 'PAUSED', 'CRASHED', 'RESUMING'],\n    to: 'RESUMING',",
        ],
      ],
    },
    noticedBy: { 'integration/workflow-store': 'ends a Resume that goes on where another was cut off' },
  },
  {
    name: 'guard-before-step',
    mechanism: 'no attempt of a step begins without a look at the lease',
    promises: 'P1',
    replace: { [runner]: [['      guard();\n', '']] },
    noticedBy: { 'unit/run-steps': 'starts no step once the guard throws' },
  },
  {
    name: 'guard-before-write',
    mechanism: 'no write of the record is sent without a look at the lease',
    promises: 'P1',
    replace: {
      [run]: [
        [
          'async write(transition: Transition): Promise<void> {\n    this.guard();',
          'async write(transition: Transition): Promise<void> {',
        ],
      ],
    },
    noticedBy: { 'unit/workflow-run': onlyGuarded },
  },
  {
    name: 'guard-before-last-write',
    mechanism: 'the last write of the record is not sent without a look at the lease',
    promises: 'P1',
    replace: { [run]: [['await this.lease.stopRenewing();\n    this.guard();', 'await this.lease.stopRenewing();']] },
    noticedBy: { 'unit/workflow-run': onlyGuarded },
  },
  {
    name: 'guard-before-claim',
    mechanism: 'no worker is claimed without a look at the lease',
    promises: 'P1',
    replace: { [run]: [['this.guard();\n        const { fencingToken }', 'const { fencingToken }']] },
    noticedBy: { 'unit/workflow-run': onlyGuarded },
  },
  {
    name: 'guard-before-call',
    mechanism: 'no runtime is called without a look at the lease',
    promises: 'P1',
    replace: {
      [run]: [['    this.guard();\n    try {\n      return await call', '    try {\n      return await call']],
    },
    noticedBy: { 'unit/workflow-run': onlyGuarded },
  },
  {
    name: 'guard-after-release',
    mechanism: 'what is left to do after the lease was released needs none',
    promises: 'P5',
    replace: { [run]: [['if (!this.#released) this.lease.ensureHeld();', 'this.lease.ensureHeld();']] },
    noticedBy: { 'unit/workflow-run': 'renews and watches its lease no more once that was released' },
  },
  {
    name: 'last-write-after-renewal',
    mechanism: 'the write that releases the lease is sent when no renewal is in flight',
    promises: 'P3 P4',
    replace: { [run]: [['await this.lease.stopRenewing();\n', '']] },
    noticedBy: { 'unit/workflow-run': 'waits for a renewal in flight before the write that releases its lease' },
  },
  {
    name: 'last-write-ends-lease',
    mechanism: 'a lease that was released is not watched, and so not found to be lost',
    promises: 'P4',
    replace: { [run]: [['this.#released = true;\n    this.lease.end();', 'this.#released = true;']] },
    noticedBy: { 'unit/workflow-run': 'renews and watches its lease no more once that was released' },
  },
  {
    name: 'step-skipped',
    mechanism: 'a step that is done is not done again',
    promises: 'P5',
    replace: { [runner]: [['if (step.isComplete(state)) {', 'if (false) {']] },
    noticedBy: { 'unit/run-steps': 'runs steps in order and skips what is complete' },
  },
  {
    name: 'abort-before-step',
    mechanism: 'a workflow that is over begins no further step',
    promises: 'P1 P4',
    replace: { [runner]: [['signal.throwIfAborted();', '']] },
    noticedBy: { 'unit/run-steps': 'starts no step once it is aborted' },
  },
  {
    name: 'abort-reason',
    mechanism: 'a step that was cut off is told as what cut it off',
    promises: 'P4',
    replace: {
      [runner]: [['toCoordinatorError(signal.aborted ? signal.reason : error)', 'toCoordinatorError(error)']],
    },
    noticedBy: { 'unit/run-steps': 'waits for an aborted step to come back and ends with the reason of the abort' },
  },
  {
    name: 'unwind-awaited',
    mechanism: 'a step that was cut off is waited for',
    promises: 'P1',
    replace: { [runner]: [['this.#cancelTimer = clock.setTimer(unwindGraceMs, pass);', 'pass();']] },
    noticedBy: { 'unit/run-steps': 'says so when an aborted step does not come back within the grace' },
  },
  {
    name: 'unwind-bounded',
    mechanism: 'a step that was cut off and does not come back is not waited for without end',
    promises: 'P5',
    replace: { [runner]: [['await Promise.race([execution, grace.passed])', 'await execution']] },
    noticedBy: { 'unit/run-steps': 'says so when an aborted step does not come back within the grace' },
  },
  {
    name: 'late-progress',
    mechanism: 'progress of an attempt that is over is not told as that of the next',
    promises: 'P4',
    replace: { [runner]: [['if (!over) tell', 'tell']] },
    noticedBy: { 'unit/run-steps': 'passes on no progress that an attempt reports after its end' },
  },
  {
    name: 'retry',
    mechanism: 'what passes by itself is tried again',
    promises: 'P5',
    replace: { 'workflow/retry.ts': [['maxRetries: 4,', 'maxRetries: 0,']] },
    noticedBy: { 'unit/run-steps': 'retries what the step calls retryable' },
  },
  {
    name: 'retry-only-retryable',
    mechanism: 'what will not pass by itself is not tried again',
    promises: 'P4',
    replace: { 'workflow/retry.ts': [[' || !policy.isRetryable(error)) return', ') return']] },
    noticedBy: { 'unit/run-steps': 'ends at once with what a step calls final' },
  },
  {
    name: 'retry-bounded',
    mechanism: 'no retry begins later than five seconds after the first failure',
    promises: 'P5',
    replace: {
      'workflow/retry.ts': [['sinceFirstFailureMs + delayMs <= policy.withinMs ? delayMs : undefined', 'delayMs']],
    },
    noticedBy: { 'unit/run-steps': 'doubles, with jitter down to half, and ends with the retries or with the time' },
  },
  {
    name: 'retry-jitter',
    mechanism: 'workflows that failed together do not return together',
    promises: 'P7',
    replace: { 'workflow/retry.ts': [['(0.5 + random() / 2)', '1']] },
    noticedBy: { 'unit/run-steps': 'doubles, with jitter down to half' },
  },
  {
    name: 'retry-only-in-doubt',
    mechanism: 'a restore that surely did not happen because its worker is gone is not tried there again',
    promises: 'P5',
    replace: {
      [resume]: [['isRetryable: (error) => error.maybeDone && TRANSIENT', 'isRetryable: (error) => TRANSIENT']],
    },
    noticedBy: { [faults]: 'on a worker that is gone does not try again there' },
  },
  {
    name: 'no-claim-for-one-node',
    mechanism: 'whoever can use the workers of one node alone holds up nobody in the queue',
    promises: 'P5',
    replace: {
      [run]: [['waitMs: preferredNode === undefined ? this.#workerWaitMs : 0', 'waitMs: this.#workerWaitMs']],
    },
    noticedBy: { 'unit/workflow-run': 'does not wait in line for a worker of one node' },
  },
  {
    name: 'worker-looked-up',
    mechanism: 'a worker that moved is called at its new address',
    promises: 'P5',
    replace: { [run]: [['this.claimed = registered;', '']] },
    noticedBy: {
      [workflows]: 'is retried while the runtime cannot be reached, at the address where its worker is by then',
    },
  },
  {
    name: 'worker-gone',
    mechanism: 'an actor whose worker is gone is CRASHED',
    promises: 'P5',
    replace: { [run]: [['this.workerGone = true;', '']] },
    noticedBy: { [workflows]: 'on a worker that is gone leaves the actor CRASHED' },
  },
  {
    name: 'worker-not-gone-by-failure',
    mechanism: 'a look-up that fails is not taken for a worker that is gone',
    promises: 'P6',
    replace: { [run]: [['.catch(() => worker);', '.catch(() => undefined);']] },
    noticedBy: { 'unit/workflow-run': 'cannot be looked up says nothing about the actor' },
  },
  {
    name: 'free-after-suspend',
    mechanism: 'a worker is freed only after the record of a suspended actor has stopped naming it',
    promises: 'P6',
    replace: {
      [suspend]: [['      // On a retry only freeing may be left to do.\n', '      await run.freeWorker();\n']],
    },
    noticedBy: { [faults]: 'is freed by a Suspend only after the record has stopped naming it' },
  },
  {
    name: 'free-after-pause',
    mechanism: 'a worker is freed only after the record of a paused actor has stopped naming it',
    promises: 'P6',
    replace: {
      'workflow/pause.ts': [
        ['      // On a retry only freeing may be left to do.\n', '      await run.freeWorker();\n'],
      ],
    },
    noticedBy: { [faults]: 'is freed by a Pause only after the record has stopped naming it' },
  },
  {
    name: 'free-after-roll-back',
    mechanism: 'a worker is freed only after the roll-back of a Resume has stopped naming it',
    promises: 'P6',
    replace: {
      [settle]: [
        ['    await run.writeAndRelease(', '    if (rollBack) await run.freeWorker();\n    await run.writeAndRelease('],
      ],
    },
    noticedBy: { [faults]: 'is freed by a Resume that is rolled back only after the record has stopped naming it' },
  },
  {
    name: 'free-at-all',
    mechanism: 'a suspended actor keeps no worker',
    promises: 'P6',
    replace: { [suspend]: [['      if (last) await run.freeWorker();\n', '']] },
    noticedBy: { [workflows]: 'RUNNING to SUSPENDED: the snapshot is the latest only then, and the worker is free' },
  },
  {
    name: 'free-only-last',
    mechanism: 'a Resume that finishes a suspend keeps the worker, so that no late free of its own takes it away',
    promises: 'P6',
    replace: { [suspend]: [['if (last) await run.freeWorker();', 'await run.freeWorker();']] },
    noticedBy: { [workflows]: 'SUSPENDING to RUNNING: it finishes the suspend first' },
  },
  {
    name: 'free-rolled-back',
    mechanism: 'an actor whose Resume was rolled back keeps no worker',
    promises: 'P6',
    replace: { [settle]: [['if (hadWorker && run.actor.worker === undefined) await run.freeWorker();', '']] },
    noticedBy: { [workflows]: 'in a restore: the worker is free' },
  },
  {
    name: 'finish-once',
    mechanism: 'a finish that only has to free writes nothing again',
    promises: 'P5',
    replace: { [suspend]: [["if (run.actor.state !== 'SUSPENDED') await (last", 'await (last']] },
    noticedBy: { [faults]: 'that could not be freed at first is freed by the retry, which writes nothing again' },
  },
  {
    name: 'settle-unwound',
    mechanism: 'a lease is not released while its last step may be going on',
    promises: 'P1',
    replace: { [settle]: [['!outcome.unwound || ', '']] },
    noticedBy: { [workflows]: 'without releasing its lease when the step in flight does not come back' },
  },
  {
    name: 'settle-not-lost',
    mechanism: 'a workflow that was told that it has lost its lease writes nothing about it',
    promises: 'P1',
    replace: { [settle]: [[" || error.reason === 'LEASE_LOST'", '']] },
    noticedBy: { [faults]: 'because a newer one has claimed a worker ends with LEASE_LOST, and writes nothing' },
  },
  {
    name: 'settle-released',
    mechanism: 'a workflow that has released its lease writes nothing more',
    promises: 'P1 P4',
    replace: { [settle]: [[' || run.released || ', ' || ']] },
    noticedBy: { [faults]: 'that cannot be freed fails the workflow with what Redis said' },
  },
  {
    name: 'roll-back',
    mechanism: 'what surely did not happen is rolled back',
    promises: 'P5',
    replace: { [settle]: [['const surelyNotDone = !signal.aborted &&', 'const surelyNotDone = false &&']] },
    noticedBy: { [workflows]: 'in a restore: the worker is free, the state the one before' },
  },
  {
    name: 'roll-back-not-in-doubt',
    mechanism: 'what may have happened is not rolled back',
    promises: 'P6',
    replace: { [settle]: [[' && !error.maybeDone && ', ' && ']] },
    noticedBy: { [workflows]: 'is left for the next workflow when the retries are used up' },
  },
  {
    name: 'roll-back-not-aborted',
    mechanism: 'what was cut off is not rolled back',
    promises: 'P6',
    replace: { [settle]: [['= !signal.aborted && ', '= ']] },
    noticedBy: { [workflows]: 'RESUMING on, on the same worker, with a greater token' },
  },
  {
    name: 'roll-back-not-stale',
    mechanism: 'what a newer workflow may be working on is not rolled back',
    promises: 'P1',
    replace: { [settle]: [[" && error.reason !== 'STALE_FENCING_TOKEN'", '']] },
    noticedBy: { [faults]: 'because the runtime has seen a newer one rolls nothing back' },
  },
  {
    name: 'settle-releases',
    mechanism: 'a lease is released also where the record cannot be put right',
    promises: 'P3',
    replace: { [settle]: [['await run.lease.release();', '']] },
    noticedBy: { [workflows]: 'does not overwrite that its worker was taken out of service meanwhile' },
  },
  {
    name: 'failure-bound',
    mechanism: 'the text of a failure in the record is bounded',
    promises: 'P7',
    replace: { [settle]: [['error.message.slice(0, MAX_FAILURE_MESSAGE)', 'error.message']] },
    noticedBy: { [faults]: 'that fails with a long text keeps as much of it in the record as helps anybody' },
  },
  {
    name: 'failure-recorded',
    mechanism: 'the record says why the last workflow failed',
    promises: 'P4',
    replace: {
      [transition]: [
        [
          'from: [actor.state], to: actor.state, changes: { lastFailure } }',
          'from: [actor.state], to: actor.state, changes: {} }',
        ],
      ],
    },
    noticedBy: { [workflows]: 'is left for the next workflow when the retries are used up' },
  },
  {
    name: 'promoted-when-complete',
    mechanism: 'a snapshot becomes the latest only after the runtime has said that it is complete',
    promises: 'P6',
    replace: {
      [transition]: [
        [
          "to: 'SUSPENDING', changes: { pendingSnapshot } }",
          "to: 'SUSPENDING', changes: { pendingSnapshot, latestSnapshot: pendingSnapshot } }",
        ],
      ],
    },
    noticedBy: { 'integration/workflow-store': 'moves a snapshot from pending to latest and lets go of the worker' },
  },
  {
    name: 'pending-reused',
    mechanism: 'a Suspend that continues another writes to the place that is reserved',
    promises: 'P6',
    replace: {
      [suspend]: [
        [
          "isComplete: (run) => run.actor.state !== 'RUNNING'",
          "isComplete: (run) => run.actor.state !== 'RUNNING' && run.actor.state !== 'SUSPENDING'",
        ],
      ],
      [transition]: [
        ["name: 'begin_suspend', from: ['RUNNING'],", "name: 'begin_suspend', from: ['RUNNING', 'SUSPENDING'],"],
      ],
    },
    noticedBy: { [workflows]: 'SUSPENDING on, with the same pending snapshot' },
  },
  {
    name: 'pending-dropped',
    mechanism: 'a checkpoint that surely did not happen leaves no pending snapshot',
    promises: 'P6',
    replace: {
      [transition]: [
        [
          'changes: { pendingSnapshot: null, recoveryAttempts: null, lastFailure },',
          'changes: { recoveryAttempts: null, lastFailure },',
        ],
      ],
    },
    noticedBy: { [workflows]: 'in a checkpoint: the actor still runs, and the pending snapshot is dropped' },
  },
  {
    name: 'not-running-is-crashed',
    mechanism: 'an actor that its runtime does not run is CRASHED, not RUNNING',
    promises: 'P5',
    replace: {
      [suspend]: [
        ["if (error instanceof CoordinatorError && error.runtimeCode === 'NOT_FOUND') run.workerGone = true;", ''],
      ],
    },
    noticedBy: { [workflows]: 'because the runtime does not run the actor any more: CRASHED' },
  },
  {
    name: 'frozen-lost-is-crashed',
    mechanism: 'an actor whose frozen process is lost goes back to its latest durable snapshot',
    promises: 'P5 P6',
    replace: {
      [resume]: [['if (isFrozen && isLost(error)) run.workerGone = true;', '']],
    },
    noticedBy: { [workflows]: 'PAUSED to the latest durable snapshot when the node is gone' },
  },
  {
    name: 'boot-gives-up-frozen',
    mechanism: 'a boot gives the frozen process up before anything can go wrong',
    promises: 'P5',
    replace: { [transition]: [['...(boot && forgetLocal(actor)),', '']] },
    noticedBy: { [workflows]: 'PAUSED to a boot on whichever node' },
  },
  {
    name: 'boot-stops-frozen',
    mechanism: 'what is frozen on another node is stopped by a boot',
    promises: 'P6',
    replace: { [resume]: [['await run.stopForgotten(signal);', '']] },
    noticedBy: { [workflows]: 'PAUSED to a boot on whichever node' },
  },
  {
    name: 'stop-before-roll-back',
    mechanism: 'what may run is stopped before a refused restore gives its worker back',
    promises: 'P6',
    replace: { [resume]: [['await stopBefore(run, error, signal);', '{ /* nothing */ }']] },
    noticedBy: { [workflows]: 'in a restore that goes on where another was cut off' },
  },
  {
    name: 'frozen-only-there',
    mechanism: 'a frozen actor is resumed only on the node that has it',
    promises: 'P6',
    replace: { [resume]: [['if (node !== undefined && worker.node !== node) {', 'if (false) {']] },
    noticedBy: { [workflows]: 'PAUSED only to a worker on its node' },
  },
  {
    name: 'durable-kept',
    mechanism: 'the durable snapshot from before a pause is kept',
    promises: 'P6',
    replace: { [transition]: [['durableSnapshot: actor.latestSnapshot ?? null,', '']] },
    noticedBy: { [workflows]: 'PAUSED only to a worker on its node' },
  },
  {
    name: 'local-used-up',
    mechanism: 'a frozen process that was resumed is not the latest snapshot any more',
    promises: 'P6',
    replace: {
      [transition]: [
        ["if (actor.latestSnapshot?.location !== 'LOCAL') return thawed;", 'if (actor.latestSnapshot) return thawed;'],
      ],
    },
    noticedBy: { [workflows]: 'PAUSED only to a worker on its node' },
  },
  {
    name: 'previous-state-kept',
    mechanism: 'a Resume that continues another keeps the way back of that one',
    promises: 'P5',
    replace: {
      [transition]: [
        ["actor.state === 'RESUMING' ? (actor.previousState ?? 'SUSPENDED') : actor.state", 'actor.state'],
      ],
    },
    noticedBy: {
      [faults]: 'of an actor that was being resumed from its frozen process finishes that first, however often',
    },
  },
  {
    name: 'finish-suspend-first',
    mechanism: 'a Resume finishes the Suspend that was left: its snapshot is the newest',
    promises: 'P6',
    replace: { [plan]: [["state === 'SUSPENDING' ? suspend(false)", "state === 'SUSPENDING' ? []"]] },
    noticedBy: { [workflows]: 'SUSPENDING to RUNNING: it finishes the suspend first' },
  },
  {
    name: 'finish-pause-first',
    mechanism: 'a Resume finishes the Pause that was left',
    promises: 'P6',
    replace: { [plan]: [["state === 'PAUSING' ? pause(false)", "state === 'PAUSING' ? []"]] },
    noticedBy: { [workflows]: 'PAUSING to RUNNING: it finishes the pause first' },
  },
  {
    name: 'frozen-not-given-up',
    mechanism: 'a Suspend does not give up a Resume from a frozen process, which alone remembers',
    promises: 'P6',
    replace: { [plan]: [["if (state === 'RESUMING' && previousState === 'PAUSED')", 'if (false)']] },
    noticedBy: { [faults]: 'of an actor that was being resumed from its frozen process finishes that first' },
  },
  {
    name: 'give-up-stops',
    mechanism: 'a Suspend that gives a Resume up stops what may run',
    promises: 'P6',
    replace: { [plan]: [['return [load, stop, finalizeSuspended(true)];', 'return [load, finalizeSuspended(true)];']] },
    noticedBy: { [workflows]: 'RESUMING to SUSPENDED: it stops what may run and frees the worker' },
  },
  {
    name: 'stop-on-gone-worker',
    mechanism: 'a Suspend does not wait for a worker that is out of service to stop anything',
    promises: 'P5',
    replace: { [suspend]: [['if (!run.workerGone) throw error;', 'throw error;']] },
    noticedBy: { [faults]: 'has nothing to stop' },
  },
  {
    name: 'suspend-of-paused',
    mechanism: 'what a state does not allow is refused, and says why',
    promises: 'P4 P6',
    replace: { [plan]: [["if (kind === 'SUSPEND' && state === 'PAUSED') {", 'if (false) {']] },
    noticedBy: { [workflows]: 'PAUSED nowhere, and says why' },
  },
  {
    name: 'pause-of-running-only',
    mechanism: 'an actor that does not run is not paused',
    promises: 'P4 P6',
    replace: { [plan]: [["if (kind === 'PAUSE' && state !== 'RUNNING' && state !== 'PAUSING') {", 'if (false) {']] },
    noticedBy: { [faults]: 'of an actor that does not run is refused, and changes nothing' },
  },
  {
    name: 'recovery-counted-first',
    mechanism: 'a recovery is counted before its work begins',
    promises: 'P5',
    replace: {
      'workflow/execute.ts': [
        ['isRecovery ? [countRecovery, ...planned] : planned', 'isRecovery ? [...planned, countRecovery] : planned'],
      ],
    },
    noticedBy: { [faults]: 'is counted before its work begins' },
  },
  {
    name: 'recovery-count-cleared',
    mechanism: 'a success clears the count of recoveries',
    promises: 'P5',
    replace: {
      [transition]: [
        ['const SUCCEEDED = { lastFailure: null, recoveryAttempts: null }', 'const SUCCEEDED = { lastFailure: null }'],
      ],
    },
    noticedBy: { [faults]: 'is counted before its work begins' },
  },
];
