// What has to happen in five thousand seeds: a mechanism that is never called
// on in them is not tested by them. The names are those that are counted where
// it happens: the results of the store's scripts, the transitions, what the
// nodes do, how calls end, and the faults.

const REQUIRED: readonly string[] = [
  ...['granted', 'held', 'idle', 'queued', 'not_found'].map((result) => `acquire ${result}`),
  ...['granted', 'held'].map((result) => `acquirePlain ${result}`),
  ...['renewed', 'late', 'lost', 'broken'].map((result) => `renew ${result}`),
  ...['released', 'lost'].map((result) => `release ${result}`),
  ...['released', 'free', 'not_found'].map((result) => `forceRelease ${result}`),
  ...['ok', 'lost', 'conflict', 'repeated'].map((result) => `transition ${result}`),
  ...['claimed', 'no_free_worker', 'no_worker', 'stale'].map((result) => `claimWorker ${result}`),
  ...['freed', 'newer', 'nothing'].map((result) => `freeWorker ${result}`),
  ...['removed', 'held', 'registered', 'not_found'].map((result) => `deregisterWorker ${result}`),
  ...['crashActor crashed', 'deleteActor deleted', 'appendEvents stale'],
  'a lease that nobody had released was taken over',

  ...['begin_resume', 'finish_resume', 'roll_back_resume', 'abandon_resume'].map((name) => `transition: ${name}`),
  ...['begin_suspend', 'finish_suspend', 'roll_back_checkpoint'].map((name) => `transition: ${name}`),
  ...['begin_pause', 'finish_pause', 'crash', 'record_failure', 'begin_recovery'].map((name) => `transition: ${name}`),

  ...['restore', 'checkpoint', 'stop', 'restored already', 'written already'].map((what) => `runtime: ${what}`),
  ...['a call undone', 'a call joined', 'a stale token refused', 'a leftover made way'].map(
    (what) => `runtime: ${what}`,
  ),

  ...['completed', 'CANCELLED', 'WORKFLOW_DEADLINE', 'LEASE_HELD', 'LEASE_LOST', 'STORE_UNAVAILABLE'].flatMap((how) =>
    ['RESUME', 'SUSPEND', 'PAUSE'].map((kind) => `ending: ${kind} ${how}`),
  ),
  ...['DRAINING', 'OVERLOADED', 'RUNTIME_FAILED', 'RUNTIME_UNAVAILABLE', 'ACTOR_NOT_FOUND', 'INVALID_STATE'].flatMap(
    (how) => ['RESUME', 'SUSPEND', 'PAUSE'].map((kind) => `ending: ${kind} ${how}`),
  ),
  ...['NO_FREE_WORKER', 'NO_MATCHING_POOL'].map((how) => `ending: RESUME ${how}`),
  ...['completed', 'LEASE_LOST', 'CANCELLED'].map((how) => `ending: WATCH ${how}`),
  ...['CRASHED', 'RUNNING', 'SUSPENDED'].map((state) => `led out: SUSPEND from ${state}`),
  ...['PAUSED', 'SUSPENDED'].map((state) => `led out: RESUME from ${state}`),

  ...['process stopped', 'process killed', 'process drained', 'wall clock jumped'].map((what) => `fault: ${what}`),
  ...['requests lost', 'replies lost', 'message delayed', 'wake-up lost', 'wake-up doubled'].map(
    (what) => `fault: ${what}`,
  ),
  ...['store stopped', 'store clock jumped', 'failover', 'failover that forgot'].map((what) => `fault: ${what}`),
  ...['node stopped', 'node died', 'disk full', 'runtime refused', 'runtime message delayed'].map(
    (what) => `fault: ${what}`,
  ),
  ...['there', 'under way', 'back'].map((where) => `fault: runtime cut off ${where}`),
  ...['release', 'delete', 'force delete', 'deregister', 'force deregister'].map((act) => `operator: ${act}`),
];

/** @returns what has never happened */
export function unseen(counts: Readonly<Record<string, number>>): string[] {
  return REQUIRED.filter((what) => (counts[what] ?? 0) === 0);
}
