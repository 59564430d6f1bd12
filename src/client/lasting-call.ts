// One workflow as its caller wants it: begun once, told whole, whatever becomes
// of connections and replicas meanwhile. When the stream breaks, the workflow is
// looked for with Watch, at another address where there is one; when it died
// with its replica, the call is made again, joins whoever has taken over, and
// goes on where the telling stopped. Guarantees: what telling.ts does; one
// ending. It may run a workflow again that somebody else has undone meanwhile.

import { setMaxListeners } from 'node:events';
import type { ActorRef } from '../generated/actorworkflow/v1/ActorRef.js';
import type { WorkflowEvent__Output } from '../generated/actorworkflow/v1/WorkflowEvent.js';
import { CallError, toCallError } from './call-error.js';
import type { CallOptions, CoordinatorClient } from './coordinator-client.js';
import { canHeal, isOfOneReplica, Patience, wait, type OnRetry, type RetryOptions } from './patience.js';
import type { Replicas } from './replicas.js';
import { Telling, type Told } from './telling.js';

export interface LastingOptions {
  /** Cancels the call, and with it the workflow, unless that outlives its caller. */
  readonly signal?: AbortSignal;
  /** The longest that the call may take, attempts and waits together, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number;
  /** Try again when it is refused, or fails, in a way that time can heal. Default: not. */
  readonly retry?: RetryOptions;
  /** Of reconnects as well. */
  readonly onRetry?: OnRetry;
  /**
   * After a broken connection, or a replica's death: for how long to look for the workflow while nothing is heard of it,
   * in milliseconds; 0: not at all. Default: two minutes, four times the default lease TTL.
   */
  readonly reconnectForMs?: number;
}

export interface LastingCall extends LastingOptions {
  readonly actor: ActorRef;
  /** @param againForMs 0, or how long to wait for what an earlier attempt may have left behind */
  readonly start: (
    client: CoordinatorClient,
    againForMs: number,
    options: CallOptions,
  ) => AsyncIterable<WorkflowEvent__Output>;
  /** It follows a workflow and begins none: so it does not begin another one. */
  readonly follows?: boolean;
  /** Only its own run will do, not another one's of the same kind. */
  readonly ownRunOnly?: boolean;
}

const RECONNECT_FOR_MS = 120_000;

/** As often as a replica tries by default: an actor whose workflows end three replicas is not worth a fourth. */
const MAX_TAKEOVERS = 3;

/** A call that was open for this long had been accepted; one that broke sooner may have called something else than a coordinator. */
const ACCEPTED_AFTER_MS = 1000;

/** @throws CallError: what the workflow, or the attempt to begin it, ended with */
export async function* lastingCall(call: LastingCall, replicas: Replicas): AsyncGenerator<Told, void, undefined> {
  const state = new Attempts(call, replicas);
  for (;;) {
    try {
      for await (const event of await state.open()) {
        const told = state.hear(event);
        if (told !== undefined) yield told;
      }
      return;
    } catch (thrown) {
      // What breaks between its last event and its status changes nothing.
      if (state.telling.isComplete) return;
      const error = toCallError(thrown, call.signal);
      const delayMs = state.next(error);
      if (delayMs === undefined) {
        const { failed } = state.telling;
        if (failed !== undefined && call.signal?.aborted !== true) yield failed;
        throw error;
      }
      await state.rest(error, delayMs);
    }
  }
}

class Attempts {
  readonly telling = new Telling();
  readonly #call: LastingCall;
  readonly #replicas: Replicas;
  readonly #signal: AbortSignal;
  readonly #patience = new Patience();
  readonly #calledAtMs = performance.now();
  #heardAtMs = this.#calledAtMs;
  /** Whether the workflow is looked for, rather than begun. */
  #watching = false;
  /** A run broke off, and nothing has been heard since. */
  #broke = false;
  /** An earlier attempt may have left a run behind. */
  #again = false;
  /** Replicas that were passed over since something was heard. */
  #passedOver = 0;
  #client: CoordinatorClient | undefined;
  #openedAtMs = 0;

  constructor(call: LastingCall, replicas: Replicas) {
    this.#call = call;
    this.#replicas = replicas;
    const signals = call.signal === undefined ? [] : [call.signal];
    if (call.timeoutMs !== undefined) signals.push(AbortSignal.timeout(Math.min(call.timeoutMs, MAX_TIMEOUT_MS)));
    this.#signal = AbortSignal.any(signals);
    // One for each attempt under way, wait and connection.
    setMaxListeners(0, this.#signal);
  }

  async open(): Promise<AsyncIterable<WorkflowEvent__Output>> {
    const { actor, start, signal, timeoutMs } = this.#call;
    this.#client = undefined;
    this.telling.forgetFailure();
    const client = await this.#orTimeout(this.#replicas.connected(this.#signal));
    this.#client = client;
    this.#openedAtMs = performance.now();
    const options: CallOptions = {
      ...(signal !== undefined && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs: Math.max(1, this.#callLeftMs()) }),
    };
    if (this.#watching) return client.watch({ actor }, options);
    return start(client, this.#again ? Math.max(0, this.#reconnectLeftMs()) : 0, options);
  }

  hear(event: WorkflowEvent__Output): Told | undefined {
    const { workflowId } = this.telling;
    if (this.#watching && event.workflow_id !== workflowId) {
      if (this.#call.ownRunOnly === true || !this.telling.mayTakeOver(event)) {
        throw new Superseded(workflowId ?? '', event.workflow_id);
      }
    }
    const told = this.telling.hear(event);
    if (told !== undefined) {
      this.#heardAtMs = performance.now();
      this.#broke = false;
      this.#passedOver = 0;
      this.#patience.reset();
    }
    return told;
  }

  /** What to do after an attempt has ended with `error`: how long to wait before the next; undefined: it is over. */
  next(error: CallError): number | undefined {
    if (this.#call.signal?.aborted === true || this.#callLeftMs() <= 0) return undefined;
    const client = this.#client;
    if (client !== undefined && isOfOneReplica(error)) this.#replicas.moveOn(client);
    if (this.#hasBroken(error)) {
      this.#broke = true;
      this.#again = this.#call.follows !== true;
      // Its end is known, or nobody will tell it: then it is begun again.
      const mayLive = error.reason === 'UNREACHABLE' && this.telling.workflowId !== undefined;
      this.#watching = mayLive && !(error.cause instanceof Superseded);
      return this.#patience.nextDelayMs(withoutRetryInfo(error), this.#timeLeftMs());
    }
    if (!canHeal(error)) return undefined;
    // Watch itself was refused, or the workflow has told its end.
    if (this.telling.failed !== undefined) this.#watching = false;
    const isRefusal = client !== undefined && this.telling.workflowId === undefined && isOfOneReplica(error);
    if (isRefusal && this.#passedOver + 1 < this.#replicas.count) {
      this.#passedOver += 1;
      return 0;
    }
    return this.#patience.nextDelayMs(error, this.#timeLeftMs());
  }

  async rest(error: CallError, delayMs: number): Promise<void> {
    this.#call.onRetry?.(error, delayMs);
    await this.#orTimeout(wait(delayMs, this.#signal)).catch((thrown: unknown) => {
      throw toCallError(thrown, this.#call.signal);
    });
  }

  /** Whether the workflow has been lost sight of, or has died with its replica, so that it is to be found or begun again. */
  #hasBroken(error: CallError): boolean {
    const { failed, workflowId } = this.telling;
    if (error.reason === 'UNREACHABLE') {
      if (this.#client === undefined) return false;
      return workflowId !== undefined || performance.now() - this.#openedAtMs >= ACCEPTED_AFTER_MS;
    }
    if (workflowId === undefined || this.#call.follows === true) return false;
    if (error.reason === 'LEASE_LOST') return canHeal(error);
    // Its replica has noticed that our connection broke, before we found it again.
    if (error.reason === 'CANCELLED') return this.#watching && failed !== undefined;
    return error.reason === 'DRAINING' && failed !== undefined;
  }

  #timeLeftMs(): number {
    const retryLeftMs = (this.#call.retry?.forMs ?? 0) - (performance.now() - this.#calledAtMs);
    return Math.min(Math.max(this.#broke ? this.#reconnectLeftMs() : 0, retryLeftMs), this.#callLeftMs());
  }

  #reconnectLeftMs(): number {
    if (this.telling.takeovers >= MAX_TAKEOVERS) return 0;
    return (this.#call.reconnectForMs ?? RECONNECT_FOR_MS) - (performance.now() - this.#heardAtMs);
  }

  #callLeftMs(): number {
    return (this.#call.timeoutMs ?? Infinity) - (performance.now() - this.#calledAtMs);
  }

  async #orTimeout<T>(promise: Promise<T>): Promise<T> {
    return promise.catch((error: unknown) => {
      if (!this.#signal.aborted || this.#call.signal?.aborted === true) throw error;
      const message = `the call has not ended within ${String(this.#call.timeoutMs)} ms`;
      throw new CallError('WORKFLOW_DEADLINE', 'DEADLINE_EXCEEDED', message);
    });
  }
}

/** The longest that a timer can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Another workflow has begun since, so that of ours nobody tells any more. */
class Superseded extends CallError {
  constructor(workflowId: string, by: string) {
    super('LEASE_LOST', 'ABORTED', `lost sight of workflow ${workflowId}: workflow ${by} has begun since`);
  }
}

/** A replica is gone: how long its lease may last says nothing about how soon to look for the workflow. */
function withoutRetryInfo({ reason, code, message }: CallError): CallError {
  return new CallError(reason, code, message);
}
