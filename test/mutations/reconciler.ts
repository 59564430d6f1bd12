// What is put right without anybody calling, and what people do by force.

import type { Mutation } from './mutation.js';

const reconciler = 'workflow/reconciler.ts';
const status = 'workflow/worker-status.ts';
const deletion = 'workflow/delete-actor.ts';
const basics = 'integration/reconciler';
const faults = 'integration/reconciler-faults';

export const reconcilerMutations: readonly Mutation[] = [
  {
    name: 'reconciler-own-lease',
    mechanism: 'one replica reconciles at a time: it looks at nothing once its own lease is over',
    promises: 'P7',
    replace: {
      [reconciler]: [['          lease.ensureHeld();\n          await Promise.all', '          await Promise.all']],
    },
    noticedBy: { [faults]: 'looks at nothing once its own lease has expired by the clock, and then begins anew' },
  },
  {
    name: 'reconciler-begins-anew',
    mechanism: 'what a reconciler had seen before another took over is forgotten',
    promises: 'P5',
    replace: { [reconciler]: [['this.#abandonedSinceMs.clear();', '']] },
    noticedBy: { [faults]: 'looks at nothing once its own lease has expired by the clock, and then begins anew' },
  },
  {
    name: 'reconciler-lets-go',
    mechanism: 'a reconciler that stops lets its lease go, so that another goes on at once',
    promises: 'P3 P5',
    replace: { [reconciler]: [['await this.#lease?.release();', '']] },
    noticedBy: { [faults]: 'lets its lease go when it stops, and waits for what it has begun' },
  },
  {
    name: 'reconciler-waits-for-work',
    mechanism: 'a reconciler that stops waits for what it has begun',
    promises: 'P3',
    replace: { [reconciler]: [['await Promise.all(this.#working);', '']] },
    noticedBy: { [faults]: 'lets its lease go when it stops, and waits for what it has begun' },
  },
  {
    name: 'reconciler-seen-twice',
    mechanism: 'the reconciler acts on what it has seen twice: a caller may be about to try again itself',
    promises: 'P5',
    replace: { [reconciler]: [['if (this.#parts.clock.nowMs() - sinceMs < this.#intervalMs / 2) return;', '']] },
    noticedBy: { [faults]: 'acts on what it has seen twice' },
  },
  {
    name: 'reconciler-seen-since',
    mechanism: 'what somebody has cared for in between counts as seen for the first time again',
    promises: 'P5',
    replace: { [reconciler]: [['const seen = new Map<string, number>();', 'const seen = this.#abandonedSinceMs;']] },
    noticedBy: { [faults]: 'begins anew with what somebody has cared for in between' },
  },
  {
    name: 'reconciler-backoff',
    mechanism: 'the reconciler waits longer before each further attempt',
    promises: 'P5 P7',
    replace: { [reconciler]: [['if (nowMs - actor.updateTimeMs < backoffMs) return undefined;', '']] },
    noticedBy: { [faults]: 'waits longer before each further attempt' },
  },
  {
    name: 'reconciler-gives-up',
    mechanism: 'a Resume that fails in each recovery is given up, and stopped',
    promises: 'P5',
    replace: {
      [reconciler]: [["if (attempts < this.#attempts) return 'RESUME';", "if (attempts >= 0) return 'RESUME';"]],
    },
    noticedBy: { [basics]: 'gives a Resume up after its attempts, with a Stop, and frees the worker' },
  },
  {
    name: 'reconciler-ends',
    mechanism: 'giving up is not tried for ever either',
    promises: 'P7',
    replace: { [reconciler]: [["return attempts < 2 * this.#attempts ? 'SUSPEND' : undefined;", "return 'SUSPEND';"]] },
    noticedBy: { [faults]: 'gives up in the end on what was abandoned during a restore' },
  },
  {
    name: 'reconciler-suspend-bounded',
    mechanism: 'a Suspend that fails in each recovery is not tried for ever',
    promises: 'P7',
    replace: { [reconciler]: [["return attempts < this.#attempts ? 'SUSPEND' : undefined;", "return 'SUSPEND';"]] },
    noticedBy: { [faults]: 'gives up in the end on what was abandoned during a checkpoint' },
  },
  {
    name: 'reconciler-pause-bounded',
    mechanism: 'a Pause that fails in each recovery is not tried for ever',
    promises: 'P7',
    replace: { [reconciler]: [["return attempts < this.#attempts ? 'PAUSE' : undefined;", "return 'PAUSE';"]] },
    noticedBy: { [faults]: 'gives up in the end on what was abandoned during a freeze' },
  },
  {
    name: 'reconciler-recovers-pause',
    mechanism: 'an abandoned Pause is finished',
    promises: 'P5',
    replace: { [reconciler]: [["case 'PAUSING':", "case 'PAUSED':"]] },
    noticedBy: { [basics]: 'finishes what was abandoned during a freeze' },
  },
  {
    name: 'reconciler-at-once',
    mechanism: 'recoveries at once are bounded',
    promises: 'P7',
    replace: { [reconciler]: [['while (this.#working.size >= MAX_RECOVERIES)', 'while (this.#working.size >= 1e9)']] },
    noticedBy: { [faults]: 'works on 16 actors at once at most' },
  },
  {
    name: 'reconciler-frees',
    mechanism: 'a worker that its actor does not want is freed',
    promises: 'P6',
    replace: { [reconciler]: [["isUnwanted(claim, actor) ? 'FREE' : ", '']] },
    noticedBy: { [basics]: 'frees a worker that its actor does not want, and one whose actor is gone' },
  },
  {
    name: 'reconciler-frees-of-nobody',
    mechanism: 'a worker that an actor holds which is not there any more is freed',
    promises: 'P6',
    replace: { [reconciler]: [['await this.#parts.claims.freeClaim(claim);\n      return;', 'return;']] },
    noticedBy: { [basics]: 'frees a worker that its actor does not want, and one whose actor is gone' },
  },
  {
    name: 'reconciler-not-under-way',
    mechanism: 'the claim of a workflow under way is left alone, though the record does not name the worker yet',
    promises: 'P6',
    replace: { [reconciler]: [['if (view.lease !== undefined) return;', '']] },
    noticedBy: { [faults]: 'of a workflow under way is left alone' },
  },
  {
    name: 'reconciler-version',
    mechanism: 'an actor that has changed since it was found abandoned is not recovered',
    promises: 'P5',
    replace: { 'workflow/execute.ts': [['acquired.actor.version !== abandonedVersion', 'false']] },
    noticedBy: {
      'integration/workflow-faults': 'of an actor whose record has changed since it was found abandoned does nothing',
    },
  },
  {
    name: 'reconciler-version-lets-go',
    mechanism: 'a recovery that finds nothing to do holds up nobody',
    promises: 'P3',
    replace: { 'workflow/execute.ts': [['await parts.leaseStore.release(acquired.lease).catch(() => false);', '']] },
    noticedBy: {
      'integration/workflow-faults': 'of an actor whose record has changed since it was found abandoned does nothing',
    },
  },
  {
    name: 'retire-expired',
    mechanism: 'a worker whose agent is gone is taken out of service',
    promises: 'P5',
    replace: { [reconciler]: [['await this.#retire(worker);', '']] },
    noticedBy: { [basics]: 'takes workers out of service that register no more' },
  },
  {
    name: 'retire-asks',
    mechanism: 'a worker whose runtime answers keeps its actor, though its agent is gone',
    promises: 'P6',
    replace: { [reconciler]: [['if (isClaimed && (await answers(runtimeAddress))) return;', '']] },
    noticedBy: { [basics]: 'crashes their actors only once their runtime is silent' },
  },
  {
    name: 'retire-only-expired',
    mechanism: 'a worker that registers again while its runtime is asked stays',
    promises: 'P6',
    replace: { [reconciler]: [['workers.deregister(ref, true, true)', 'workers.deregister(ref, true)']] },
    noticedBy: { [faults]: 'keeps a worker that has registered again while its runtime was asked' },
  },
  {
    name: 'status-is-lie',
    mechanism: 'a record is put right that calls an actor RUNNING which its worker does not run',
    promises: 'P5',
    replace: { [status]: [['formatRef(running) === formatRef(claimed))) return;', 'true)) return;']] },
    noticedBy: { [faults]: 'puts a record right that has another actor on it' },
  },
  {
    name: 'status-lag',
    mechanism: 'a status that may be older than the record proves nothing',
    promises: 'P6',
    replace: { [status]: [[' || nowMs - seen.updateTimeMs < STATUS_LAG_MS', '']] },
    noticedBy: { [basics]: 'does not outweigh a record that may be newer' },
  },
  {
    name: 'status-version',
    mechanism: 'a status is not held against a record that has changed since',
    promises: 'P6',
    replace: { [status]: [['if (actor.version !== seen.version) return;', '']] },
    noticedBy: { [faults]: 'is not held against a record that has changed since it was looked at' },
  },
  {
    name: 'status-frees-last',
    mechanism: 'the worker of an actor that is CRASHED is freed only after the record has stopped naming it',
    promises: 'P6',
    replace: {
      [status]: [
        ['      await parts.store.free(claimed, worker.ref.pool, held.fencingToken);\n', ''],
        [
          '      await parts.store.transition(',
          '      await parts.store.free(claimed, worker.ref.pool, held.fencingToken);\n      await parts.store.transition(',
        ],
      ],
    },
    noticedBy: {
      [faults]: 'frees the worker of an actor that is CRASHED by it only after the record has stopped naming it',
    },
  },
  {
    name: 'delete-stops',
    mechanism: 'what a deleted actor left running or frozen is stopped',
    promises: 'P6',
    replace: { [deletion]: [['const worker = actor.worker ?? actor.pausedOn;', 'const worker = actor.worker;']] },
    noticedBy: { 'e2e/ways-out': 'by force, takes an actor that is PAUSED, and leaves nothing of it' },
  },
  {
    name: 'delete-not-running',
    mechanism: 'an actor that runs is not deleted without force',
    promises: 'P6',
    replace: { [deletion]: [['if (!force && !DELETABLE.includes(actor.state)) {', 'if (false) {']] },
    noticedBy: { 'e2e/ways-out': 'without force, refuses an actor that runs or is being worked on' },
  },
  {
    name: 'delete-not-forced',
    mechanism: 'an actor whose runtime cannot stop it is not deleted without force',
    promises: 'P6',
    replace: { [deletion]: [['if (!force) throw error;\n', '']] },
    noticedBy: { 'unit/delete-actor': 'a deletion waits 15 s for a node runtime that does not answer' },
  },
  {
    name: 'delete-forced-in-time',
    mechanism: 'a runtime that does not answer keeps nobody from deleting by force',
    promises: 'P5',
    replace: { [deletion]: [['limit.abort(notStopped());', '']] },
    noticedBy: { 'unit/delete-actor': 'a deletion by force goes on without it then' },
  },
  {
    name: 'delete-guarded',
    mechanism: 'no record is deleted once the lease has expired by the clock',
    promises: 'P1',
    replace: { [deletion]: [['    lease.ensureHeld();\n', '']] },
    noticedBy: { 'unit/delete-actor': 'a deletion whose lease has expired by the clock meanwhile deletes nothing' },
  },
  {
    name: 'exclusive-releases',
    mechanism: 'work that is no workflow releases its lease also when it fails',
    promises: 'P3',
    replace: { 'workflow/exclusive.ts': [['await lease.release();', '']] },
    noticedBy: { 'e2e/ways-out': 'without force, refuses an actor that runs or is being worked on' },
  },
];
