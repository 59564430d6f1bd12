// What the fake node runtime knows and does, without its connections: fencing,
// scripts, and who runs where.

import { formatRef } from '../src/actor/actor.js';
import { systemClock } from '../src/clock.js';
import { CoordinatorError } from '../src/errors.js';
import type { NodeRuntime, ReportProgress, RuntimeCall } from '../src/runtime/node-runtime.js';

export type CallName = 'restore' | 'checkpoint' | 'stop';

export interface FakeCall {
  readonly name: CallName;
  /** `namespace/name`. */
  readonly actor: string;
  /** `pool/name`. */
  readonly worker: string;
  readonly fencingToken: number;
  readonly workflowId: string;
  /** The snapshot to restore or to write. */
  readonly snapshotUri: string | undefined;
  /** Its caller gave it up, or the connection broke, before it had ended. */
  readonly cancelled: boolean;
  /** On the clock of `performance.now()`, as the next. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** `running`; `ok` where it took effect; `cancelled`; else the code or reason that it was refused with. */
  readonly outcome: string;
  /** Resolves when the call has ended here, however it did. */
  readonly ended: Promise<void>;
}

/** What a behaviour may do besides its work. */
export interface Wire {
  /** Resets every TCP connection to this runtime; new ones are accepted. */
  breakConnections(): void;
  /** Lets the call take effect now rather than when the behaviour returns. */
  applyEffect(): void;
}

/** How a call is answered: it takes effect when this returns, and is refused with what this throws. */
export type Behaviour = (
  call: FakeCall,
  signal: AbortSignal,
  report: ReportProgress,
  wire: Wire,
) => Promise<void> | void;

export const succeed: Behaviour = () => undefined;

type CallRecord = { -readonly [Key in keyof FakeCall]: FakeCall[Key] };

interface InFlight {
  readonly fencingToken: number;
  readonly superseded: AbortController;
}

export class FakeRuntimeState implements NodeRuntime {
  readonly calls: FakeCall[] = [];
  readonly running = new Map<string, string>();
  /** Which snapshot it was that what a worker runs was restored from. */
  readonly restoredFrom = new Map<string, string | undefined>();
  readonly snapshots = new Map<string, 'incomplete' | 'complete'>();
  readonly fencing = new Map<string, number>();
  readonly violations: string[] = [];
  readonly script: Record<CallName, Behaviour[]> = { restore: [], checkpoint: [], stop: [] };
  readonly defaults: Record<CallName, Behaviour> = { restore: succeed, checkpoint: succeed, stop: succeed };
  readonly waiting: Record<CallName, ((call: FakeCall) => void)[]> = { restore: [], checkpoint: [], stop: [] };
  readonly #actorAddress: string;
  readonly #breakConnections: () => void;
  readonly #inFlight = new Map<string, Set<InFlight>>();
  /** Which workflow each token of an actor belongs to. */
  readonly #owners = new Map<string, string>();

  constructor(actorAddress: string, breakConnections: () => void) {
    this.#actorAddress = actorAddress;
    this.#breakConnections = breakConnections;
  }

  readonly restore: NodeRuntime['restore'] = async (request, report, signal) => {
    const uri = request.snapshot?.uri;
    await this.#run('restore', request, uri, report, signal, {
      isDone: ({ worker, actor }) => this.running.get(worker) === actor && this.restoredFrom.get(worker) === uri,
      apply: ({ worker, actor }) => {
        const there = this.running.get(worker);
        if (there !== undefined) this.violations.push(`${actor} was restored on ${worker}, which runs ${there}`);
        for (const [other, runs] of this.running) {
          if (runs === actor) this.violations.push(`${actor} was restored on ${worker} and still runs on ${other}`);
        }
        if (uri !== undefined && this.snapshots.get(uri) === 'incomplete') {
          this.violations.push(`${actor} was restored from ${uri}, which is not complete`);
        }
        this.running.set(worker, actor);
        this.restoredFrom.set(worker, uri);
      },
    });
    return { address: this.#actorAddress };
  };

  readonly checkpoint: NodeRuntime['checkpoint'] = async (request, report, signal) => {
    const { uri } = request.snapshot;
    await this.#run('checkpoint', request, uri, report, signal, {
      isDone: ({ worker, actor }) => {
        if (this.snapshots.get(uri) === 'complete') return true;
        if (this.running.get(worker) !== actor) {
          throw new CoordinatorError('RUNTIME_FAILED', `${actor} does not run on ${worker}`, {
            runtimeCode: 'NOT_FOUND',
          });
        }
        this.snapshots.set(uri, 'incomplete');
        return false;
      },
      apply: ({ worker }) => {
        this.snapshots.set(uri, 'complete');
        this.running.delete(worker);
      },
    });
    return { sizeBytes: 42 };
  };

  readonly stop: NodeRuntime['stop'] = async (request, signal) => {
    let stopped = false;
    await this.#run('stop', request, undefined, () => undefined, signal, {
      isDone: () => false,
      apply: ({ worker, actor }) => {
        stopped = this.running.get(worker) === actor && this.running.delete(worker);
      },
    });
    return { stopped };
  };

  async #run(
    name: CallName,
    request: RuntimeCall,
    snapshotUri: string | undefined,
    report: ReportProgress,
    callerSignal: AbortSignal,
    effect: { isDone(call: FakeCall): boolean; apply(call: FakeCall): void },
  ): Promise<void> {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const call: CallRecord = {
      name,
      actor: formatRef(request.actor),
      worker: `${request.worker.pool}/${request.worker.name}`,
      fencingToken: request.fencingToken,
      workflowId: request.workflowId,
      snapshotUri,
      cancelled: callerSignal.aborted,
      startedAtMs: systemClock.nowMs(),
      endedAtMs: undefined,
      outcome: 'running',
      ended,
    };
    const onCancelled = (): void => {
      call.cancelled = true;
    };
    callerSignal.addEventListener('abort', onCancelled);
    this.calls.push(call);
    for (const resolve of this.waiting[name].splice(0)) resolve(call);

    const inFlight: InFlight = { fencingToken: request.fencingToken, superseded: new AbortController() };
    const signal = AbortSignal.any([callerSignal, inFlight.superseded.signal]);
    const apply = (): void => {
      if (call.outcome === 'ok') return;
      // Also for a behaviour that does not look at the signal.
      signal.throwIfAborted();
      effect.apply(call);
      call.outcome = 'ok';
    };
    try {
      this.#admit(call, inFlight);
      if (!effect.isDone(call)) {
        const behave = this.script[name].shift() ?? this.defaults[name];
        await behave(call, signal, report, { breakConnections: this.#breakConnections, applyEffect: apply });
        apply();
      }
      call.outcome = 'ok';
    } catch (error) {
      // After an effect it is the reply alone that is lost.
      if (call.outcome !== 'ok') call.outcome = outcomeOf(error, callerSignal);
      throw error;
    } finally {
      call.endedAtMs = systemClock.nowMs();
      callerSignal.removeEventListener('abort', onCancelled);
      this.#inFlight.get(call.actor)?.delete(inFlight);
      end();
    }
  }

  /** @throws STALE_FENCING_TOKEN; else older calls on the actor end with that */
  #admit(call: FakeCall, inFlight: InFlight): void {
    const { actor, fencingToken, workflowId } = call;
    const highest = this.fencing.get(actor) ?? 0;
    if (fencingToken < highest) throw stale(call, highest);
    this.fencing.set(actor, fencingToken);

    const lease = `token ${fencingToken} of ${actor}`;
    const owner = this.#owners.get(lease) ?? workflowId;
    this.#owners.set(lease, owner);
    if (owner !== workflowId) this.violations.push(`${lease} belongs to ${owner}, and ${workflowId} used it`);

    const others = this.#inFlight.get(actor) ?? new Set();
    this.#inFlight.set(actor, others.add(inFlight));
    for (const other of others) {
      if (other.fencingToken < fencingToken) other.superseded.abort(stale(call, fencingToken));
    }
  }
}

function stale({ actor }: FakeCall, highest: number): CoordinatorError {
  return new CoordinatorError('STALE_FENCING_TOKEN', `${actor} has been called with the greater token ${highest}`);
}

function outcomeOf(error: unknown, callerSignal: AbortSignal): string {
  if (callerSignal.aborted) return 'cancelled';
  return error instanceof CoordinatorError ? (error.runtimeCode ?? error.reason) : String(error);
}
