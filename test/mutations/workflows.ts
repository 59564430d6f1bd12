// A workflow as a whole: what ends it, who waits for it, who hears of it, and how
// many of them there are.

import type { Mutation } from './mutation.js';

const execute = 'workflow/execute.ts';
const all = 'workflow/workflows.ts';
const queue = 'workflow/queue-for.ts';
const follow = 'workflow/follow.ts';
const eventQueue = 'workflow/event-queue.ts';
const writer = 'workflow/event-writer.ts';
const app = 'app.ts';
const workflows = 'integration/workflows';
const faults = 'integration/workflow-faults';
const waiting = 'unit/queue-for';
const following = 'e2e/following';
const follower = 'unit/follow';
const draining = 'integration/draining';

export const workflowMutations: readonly Mutation[] = [
  {
    name: 'lost-lease-ends',
    mechanism: 'a workflow whose lease is lost is ended, and its call with it',
    promises: 'P1 P4',
    replace: { [execute]: [['controller.abort(lease.signal.reason);', '']] },
    noticedBy: { [workflows]: 'with LEASE_LOST when the lease is deleted, the call cancelled and nothing written' },
  },
  {
    name: 'workflow-deadline',
    mechanism: 'a workflow ends at its deadline',
    promises: 'P5',
    replace: { [execute]: [['controller.abort(deadline.error());', '']] },
    noticedBy: { [workflows]: 'with WORKFLOW_DEADLINE at its deadline, its lease free and its claim left' },
  },
  {
    name: 'caller-deadline-margin',
    mechanism: 'a workflow ends some time before its caller hangs up, so that the reason still gets there',
    promises: 'P4',
    replace: { [execute]: [['const CALLER_DEADLINE_MARGIN_MS = 50;', 'const CALLER_DEADLINE_MARGIN_MS = 0;']] },
    noticedBy: { [faults]: 'whose own deadline comes first hears why its workflow ended before it hangs up' },
  },
  {
    name: 'outlives-deadline-of-caller',
    mechanism: 'a workflow that outlives its caller outlives its deadline, too',
    promises: 'P4',
    replace: {
      [execute]: [
        [
          'execution.outlivesCaller ? Infinity : (execution.callerDeadlineAtMs ?? Infinity)',
          'execution.callerDeadlineAtMs ?? Infinity',
        ],
      ],
    },
    noticedBy: { [following]: 'passes its deadline leaves a CONTINUE workflow running to its end' },
  },
  {
    name: 'broken-lease-looked-at',
    mechanism: 'a workflow that is told that its lease was broken looks at once',
    promises: 'P4',
    replace: { [execute]: [['parts.heartbeat.renewSoon(lease);', '']] },
    noticedBy: { 'e2e/ways-out': 'ends the stream of the holder with its reason within 200 ms' },
  },
  {
    name: 'released-without-a-write',
    mechanism: 'a workflow that had nothing to write releases its lease',
    promises: 'P3',
    replace: { [execute]: [['if (!run.released) await lease.release();', '']] },
    noticedBy: { [workflows]: 'SUSPENDED to SUSPENDED: every step skipped' },
  },
  {
    name: 'not-watched-after-end',
    mechanism: 'nothing is watched of a workflow that is over',
    promises: 'P7',
    replace: { [execute]: [['    stopListening();\n    lease.end();', '    stopListening();']] },
    noticedBy: { [workflows]: 'without releasing its lease when the step in flight does not come back' },
  },
  {
    name: 'join-same-kind',
    mechanism: 'nobody joins a workflow of another kind',
    promises: 'P4',
    replace: { [execute]: [['if (join && result.by.kind === kind) {', 'if (join) {']] },
    noticedBy: { [following]: 'does not follow a workflow of another kind' },
  },
  {
    name: 'join-keeps-no-place',
    mechanism: 'whoever joins a workflow keeps no place in the queue',
    promises: 'P5',
    replace: {
      [execute]: [
        ['if (wait !== undefined) await store.leaveLeaseQueue(actor, workflowId).catch(() => undefined);', ''],
      ],
    },
    noticedBy: { 'e2e/waiting': 'keeps no place for one that joins' },
  },
  {
    name: 'wait-ends-with-caller',
    mechanism: 'nobody waits in a queue for longer than its caller',
    promises: 'P5',
    replace: {
      [execute]: [
        ['execution.deadlineMs ?? workflowDeadlineMs, callerLeftMs)', 'execution.deadlineMs ?? workflowDeadlineMs)'],
      ],
    },
    noticedBy: { 'e2e/waiting': 'gives up as LEASE_HELD when its caller would, and leaves the line' },
  },
  {
    name: 'max-workflows',
    mechanism: 'a replica refuses what it cannot carry',
    promises: 'P7',
    replace: { [all]: [['if (this.#running.size >= this.#settings.maxWorkflows) return this.#full;', '']] },
    noticedBy: { [workflows]: 'as OVERLOADED at once when the replica runs --max-workflows already' },
  },
  {
    name: 'blocked-loop',
    mechanism: 'a replica whose event loop is late takes on nothing more',
    promises: 'P2 P7',
    replace: { [all]: [['return this.#isBlocked() ? BLOCKED : undefined;', 'return undefined;']] },
    noticedBy: { [faults]: 'is refused by a replica that has no time for more' },
  },
  {
    name: 'blocked-loop-measured',
    mechanism: 'an event loop that stays late counts as blocked',
    promises: 'P2 P7',
    replace: { 'telemetry/loop-delay.ts': [['return this.delayMs > this.#limitMs;', 'return false;']] },
    noticedBy: { 'unit/loop-delay': 'that stays late by more than a tenth of the renewal interval is blocked' },
  },
  {
    name: 'drain-refuses',
    mechanism: 'a replica that is leaving takes on nothing more',
    promises: 'P3',
    replace: { [all]: [['if (this.#draining) return DRAINING;', '']] },
    noticedBy: { [workflows]: 'as DRAINING when the replica shuts down: new ones at once' },
  },
  {
    name: 'drain-bounded',
    mechanism: 'a replica that is leaving ends what does not end in time, and releases its leases',
    promises: 'P3',
    replace: {
      [all]: [
        [
          "for (const controller of this.#running) controller.abort(draining('this replica was shut down under way'));",
          '',
        ],
      ],
    },
    noticedBy: { [workflows]: 'as DRAINING when the replica shuts down: new ones at once' },
  },
  {
    name: 'drain-waits',
    mechanism: 'a replica that is leaving waits for what runs',
    promises: 'P3',
    replace: { [all]: [['    await idle;\n', '']] },
    noticedBy: { [draining]: 'lets what runs finish' },
  },
  {
    name: 'drain-writes-events',
    mechanism: 'a replica that is leaving writes the last events of its workflows first',
    promises: 'P4',
    replace: { [all]: [['    await Promise.race([written, sleep(', '    void Promise.race([written, sleep(']] },
    noticedBy: { 'integration/event-log': 'has its last events written before its replica is gone' },
  },
  {
    name: 'drain-events-bounded',
    mechanism: 'a Redis that does not take events keeps no replica from leaving',
    promises: 'P7',
    replace: {
      [all]: [
        [
          'await Promise.race([written, sleep(this.#parts.clock, LAST_EVENTS_MS, done.signal).catch(() => undefined)]);',
          'await written;',
        ],
      ],
    },
    noticedBy: {
      'integration/event-log': 'does not answer a write of its log, and its replica leaves within a second',
    },
  },
  {
    name: 'drain-not-ready',
    mechanism: 'a replica that is leaving is not ready, before anything else',
    promises: 'P3',
    replace: { [app]: [['draining = true;\n    health.setReady(false);', 'draining = true;']] },
    noticedBy: { [draining]: 'is not ready any more' },
  },
  {
    name: 'drain-not-ready-http',
    mechanism: 'a replica that is leaving tells HTTP probes that it is not ready',
    promises: 'P3',
    replace: { [app]: [['() => storeReady && !draining', '() => storeReady']] },
    noticedBy: { [draining]: 'is not ready any more' },
  },
  {
    name: 'drain-hands-over',
    mechanism: 'a replica that is leaving lets another one reconcile at once',
    promises: 'P5',
    replace: {
      [app]: [
        [
          "'draining');\n    reconciling.abort(new CoordinatorError('DRAINING', 'this replica is shutting down; another one will recover'));",
          "'draining');",
        ],
      ],
    },
    noticedBy: { [draining]: 'lets another one reconcile' },
  },
  {
    name: 'drain-before-disconnect',
    mechanism: 'a replica that is leaving keeps its connections until its workflows have ended',
    promises: 'P3',
    replace: {
      [app]: [
        [
          'await workflows.drain(config.drainTimeoutMs);',
          'stores.close();\n    await workflows.drain(config.drainTimeoutMs);',
        ],
      ],
    },
    noticedBy: { [draining]: 'lets what runs finish' },
  },
  {
    name: 'drain-ends-streams',
    mechanism: 'streams that only follow are ended with DRAINING, not cut off',
    promises: 'P4',
    replace: {
      [app]: [
        [
          "closing.abort(new CoordinatorError('DRAINING', 'this replica is shutting down; another one will serve'));",
          '',
        ],
      ],
    },
    noticedBy: { [draining]: 'tells those that follow a workflow elsewhere' },
  },
  {
    name: 'caller-gone-ends',
    mechanism: 'a workflow ends when its caller has gone, if that is what it wanted',
    promises: 'P3 P4',
    replace: { [all]: [['else controller.abort(signal.reason);', '']] },
    noticedBy: { 'integration/workflows': 'RESUMING on, on the same worker, with a greater token' },
  },
  {
    name: 'caller-left-ends',
    mechanism: 'a workflow ends when its caller leaves the stream',
    promises: 'P3 P4',
    replace: {
      [all]: [
        ["controller.abort(new CoordinatorError('CANCELLED', 'the caller went away', { maybeDone: true }));", ''],
      ],
    },
    noticedBy: { [workflows]: 'for a caller that leaves the iteration' },
  },
  {
    name: 'outlives-caller',
    mechanism: 'a workflow runs on when its caller has gone, if that is what it wanted',
    promises: 'P4',
    replace: {
      [all]: [
        [
          'const onCallerGone = (): void => {\n      if (outlivesCaller) queue.abandon(signal.reason);\n      else controller',
          'const onCallerGone = (): void => {\n      controller',
        ],
      ],
    },
    noticedBy: { [following]: 'cancels leaves a CONTINUE workflow running to its end' },
  },
  {
    name: 'abandoned-is-told',
    mechanism: 'a caller that still reads when it is given up is told why, not OK',
    promises: 'P4',
    replace: { 'workflow/event-queue.ts': [['this.#failure = { error: why };', '']] },
    noticedBy: { [faults]: 'whose own deadline passes is told so, by a workflow that goes on' },
  },
  {
    name: 'stalled-reader-ends',
    mechanism: 'a workflow ends when too many events wait for its caller',
    promises: 'P7',
    replace: { [all]: [['else controller.abort(doesNotRead());', '']] },
    noticedBy: { [faults]: 'that does not read ends its workflow when too many events wait for it' },
  },
  {
    name: 'stalled-reader-outlived',
    mechanism: 'a workflow that outlives its caller does not end because nobody reads',
    promises: 'P4',
    replace: {
      [all]: [
        [
          'const queue = new EventQueue(() => {\n      if (outlivesCaller) queue.abandon(doesNotRead());\n      else controller',
          'const queue = new EventQueue(() => {\n      controller',
        ],
      ],
    },
    noticedBy: { [faults]: 'that does not read does not end a workflow that outlives it' },
  },
  {
    name: 'queue-asks-again',
    mechanism: 'whoever waits asks again by itself: wake-ups may be lost',
    promises: 'P5',
    replace: {
      [queue]: [['Math.min(leftMs, answer.askAgainInMs, ASK_EVERY_MS)', 'Math.min(leftMs, answer.askAgainInMs)']],
    },
    noticedBy: { [waiting]: 'asks again by itself, three times within the lifetime of its place' },
  },
  {
    name: 'queue-asks-at-expiry',
    mechanism: 'whoever waits for a lease asks when it expires',
    promises: 'P3',
    replace: { [queue]: [['Math.min(leftMs, answer.askAgainInMs, ASK_EVERY_MS)', 'Math.min(leftMs, ASK_EVERY_MS)']] },
    noticedBy: { [waiting]: 'asks when what it waits for would be free by itself' },
  },
  {
    name: 'queue-early-wake-up',
    mechanism: 'a wake-up that comes before the answer which took the place is not lost',
    promises: 'P5',
    replace: { [queue]: [['if (signal.aborted || woken) end();', 'if (signal.aborted) end();']] },
    noticedBy: { [waiting]: 'loses no wake-up that comes before the answer' },
  },
  {
    name: 'queue-woken',
    mechanism: 'whoever waits asks at once when it is woken',
    promises: 'P5',
    replace: { [queue]: [['wake = end;', '']] },
    noticedBy: { [waiting]: 'asks at once when it is woken' },
  },
  {
    name: 'queue-left',
    mechanism: 'whoever gives up waiting leaves the queue',
    promises: 'P5',
    replace: { [queue]: [['if (!granted) await leave().catch(() => undefined);', '']] },
    noticedBy: { [waiting]: 'gives up with the last refusal when the wait is over, and leaves the queue' },
  },
  {
    name: 'queue-wait-bounded',
    mechanism: 'nobody waits for longer than it wanted',
    promises: 'P5',
    replace: { [queue]: [['if (leftMs <= 0) throw answer.error;', '']] },
    noticedBy: { [waiting]: 'gives up with the last refusal when the wait is over' },
  },
  {
    name: 'queue-abort',
    mechanism: 'whoever waits and is not wanted any more waits no longer',
    promises: 'P5',
    replace: { [queue]: [["else signal.addEventListener('abort', end, { once: true });", '']] },
    noticedBy: { [waiting]: 'ends with the reason of its signal at once, and leaves the queue' },
  },
  {
    name: 'queue-place-outlives-questions',
    mechanism: 'a place in a queue outlives two questions that were lost',
    promises: 'P5',
    replace: { [queue]: [['const LIFETIME_MS = 1500;', 'const LIFETIME_MS = 500;']] },
    noticedBy: { [waiting]: 'asks at once when it is woken' },
  },
  {
    name: 'follow-looks',
    mechanism: 'whoever follows a workflow looks by itself: wake-ups may be lost',
    promises: 'P4',
    replace: { [follow]: [['await sleep(clock, LOOK_EVERY_MS,', 'await sleep(clock, 1e9,']] },
    noticedBy: { [follower]: 'looks by itself twice a second' },
  },
  {
    name: 'follow-ends-with-replica',
    mechanism: 'whoever follows a workflow hears that its replica is gone',
    promises: 'P4',
    replace: { [follow]: [['if (unleasedSinceMs !== undefined && clock', 'if (false && clock']] },
    noticedBy: { [follower]: 'tells nothing of another one, and ends three seconds after' },
  },
  {
    name: 'follow-waits-for-last-events',
    mechanism: 'the last events of a workflow may come after its lease was released',
    promises: 'P4',
    replace: { [follow]: [['> LAST_EVENTS_WITHIN_MS) {', '>= 0) {']] },
    noticedBy: { [follower]: 'takes its last events when they come after its lease was released' },
  },
  {
    name: 'follow-woken-early',
    mechanism: 'a wake-up that comes while a log is read is not lost',
    promises: 'P4',
    replace: { [follow]: [['if (isWoken()) continue;', '']] },
    noticedBy: { [follower]: 'loses no wake-up that comes while it reads' },
  },
  {
    name: 'follow-one-workflow',
    mechanism: 'whoever follows a workflow hears nothing of another',
    promises: 'P4',
    replace: {
      [follow]: [
        ['if (workflowId !== undefined && found.workflowId === workflowId) {', 'if (workflowId !== undefined) {'],
      ],
    },
    noticedBy: { [follower]: 'tells nothing of another one' },
  },
  {
    name: 'follow-what-runs',
    mechanism: 'a workflow that runs and has told nothing yet is followed, not the one before',
    promises: 'P4',
    replace: { [follow]: [['[found.leasedTo, found.workflowId].find', '[found.workflowId].find']] },
    noticedBy: { [follower]: 'is about the one that runs, though that has told nothing yet' },
  },
  {
    name: 'follow-ends-the-same',
    mechanism: 'whoever follows a workflow ends as that does',
    promises: 'P4',
    replace: {
      [follow]: [
        [
          "if (fact.type !== 'failed') return fact.type === 'completed';",
          "return fact.type === 'completed' || fact.type === 'failed';",
        ],
      ],
    },
    noticedBy: { [follower]: 'tells its events as they come, when it is woken, and ends as it does' },
  },
  {
    name: 'event-queue-bound',
    mechanism: 'what waits for a reader is bounded',
    promises: 'P7',
    replace: { [eventQueue]: [['if (this.#waiting.length === MAX_WAITING_EVENTS) this.#onOverflow();', '']] },
    noticedBy: { 'unit/event-queue': 'says once that too much waits' },
  },
  {
    name: 'event-queue-thins',
    mechanism: 'progress that waits for a reader is replaced by later progress',
    promises: 'P7',
    replace: { [eventQueue]: [['      this.#waiting.pop();\n', '']] },
    noticedBy: { 'unit/event-queue': 'keeps the latest progress of each step of a reader that lags' },
  },
  {
    name: 'event-queue-abandoned',
    mechanism: 'nothing waits for a reader that has gone',
    promises: 'P7',
    replace: { [eventQueue]: [['if (this.#abandoned) return;', '']] },
    noticedBy: { 'unit/event-queue': 'keeps nothing for a reader that has gone' },
  },
  {
    name: 'event-writer-beside',
    mechanism: 'no workflow waits for its log',
    promises: 'P2 P7',
    replace: { [execute]: [['      reader.onWriting(writer.written);\n', '      await writer.written;\n']] },
    noticedBy: {
      'integration/event-log': 'does not answer a write of its log, and its replica leaves within a second',
    },
  },
  {
    name: 'event-writer-bound',
    mechanism: 'what waits to be written to a log is bounded',
    promises: 'P7',
    replace: { [writer]: [['this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);', '']] },
    noticedBy: { 'unit/event-writer': 'a bounded number of events waiting' },
  },
  {
    name: 'event-writer-one-write',
    mechanism: 'one write of a log is under way at a time, so that events stay in order',
    promises: 'P4 P7',
    replace: {
      [writer]: [
        [
          'if (this.#writing || this.#cancelTimer !== undefined) return;',
          'if (this.#cancelTimer !== undefined) return;',
        ],
        ['if (this.#writing) return;\n', ''],
      ],
    },
    noticedBy: { 'unit/event-writer': 'keeps one write under way at a time' },
  },
  {
    name: 'event-writer-thins',
    mechanism: 'at most five progress events a second are written for each step',
    promises: 'P7',
    replace: { [writer]: [['if (nowMs - this.#progressAtMs < PROGRESS_EVERY_MS) {', 'if (false) {']] },
    noticedBy: { 'unit/event-writer': 'thins progress to five a second' },
  },
  {
    name: 'event-writer-latest',
    mechanism: 'the latest progress is written before whatever comes next',
    promises: 'P4',
    replace: { [writer]: [['if (this.#heldBack !== undefined) this.#waiting.push(this.#heldBack);', '']] },
    noticedBy: { 'unit/event-writer': 'keeps the latest before whatever comes next' },
  },
  {
    name: 'event-writer-retries',
    mechanism: 'events that Redis did not take are written again, in their order',
    promises: 'P4',
    replace: { [writer]: [['if (failed) this.#waiting = [...events, ...this.#waiting].slice(-MAX_WAITING);', '']] },
    noticedBy: { 'unit/event-writer': 'tries again what was not taken, in order' },
  },
  {
    name: 'event-writer-gives-up',
    mechanism: 'a log that cannot be written is given up',
    promises: 'P7',
    replace: { [writer]: [[' || this.#retries > (this.#ended ? MAX_LAST_RETRIES : MAX_RETRIES)) {', ') {']] },
    noticedBy: { 'unit/event-writer': 'gives up a second after its end' },
  },
];
