// Makes calls and puts down all that their callers see: each event and the end.

import { status as codes, type Metadata } from '@grpc/grpc-js';
import type { CallOptions } from '../../../src/client/coordinator-client.js';
import { CoordinatorError } from '../../../src/errors.js';
import type { WorkflowEvent__Output } from '../../../src/generated/actorworkflow/v1/WorkflowEvent.js';
import type { Call, CallEvent, Ending, Op } from './history.js';

export interface Facts {
  readonly op: Op;
  /** `namespace/name` */
  readonly actor: string;
  readonly replica: string;
  readonly leaseWaitMs?: number;
  readonly joins?: boolean;
  /** The caller's own deadline. */
  readonly timeoutMs?: number;
  /** When it gives up: so long after its start, or after that many events. */
  readonly cancelAfterMs?: number;
  readonly cancelAtEvent?: number;
  readonly isLast?: boolean;
}

type Open = { -readonly [Key in keyof Call]: Call[Key] } & { readonly events: CallEvent[] };

export class Recorder {
  readonly #calls: Call[] = [];

  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** Reads a stream to its end, however that is. */
  async stream(facts: Facts, open: (options: CallOptions) => AsyncIterable<WorkflowEvent__Output>): Promise<Call> {
    return await this.#record(facts, async (options, call, onEvent) => {
      for await (const event of open(options)) {
        call.events.push(toCallEvent(event));
        onEvent(call.events.length);
      }
    });
  }

  async unary(facts: Facts, ask: (options: CallOptions) => Promise<unknown>): Promise<Call> {
    return await this.#record(facts, ask);
  }

  async #record(
    facts: Facts,
    work: (options: CallOptions, call: Open, onEvent: (count: number) => void) => Promise<unknown>,
  ): Promise<Call> {
    const {
      op,
      actor,
      replica,
      leaseWaitMs = 0,
      joins = false,
      timeoutMs,
      cancelAfterMs,
      cancelAtEvent,
      isLast = false,
    } = facts;
    const call: Open = {
      ...{ id: this.#calls.length, op, actor, replica, leaseWaitMs, joins, isLast },
      ...{ startedAtMs: Date.now(), cancelled: false, events: [] },
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    this.#calls.push(call);
    const giveUp = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onEvent = (count: number): void => {
      if (cancelAfterMs === undefined || count !== (cancelAtEvent ?? 0)) return;
      timer = setTimeout(() => {
        call.cancelled = true;
        giveUp.abort();
      }, cancelAfterMs);
    };
    onEvent(0);
    try {
      await work({ signal: giveUp.signal, ...(timeoutMs !== undefined && { timeoutMs }) }, call, onEvent);
      call.ending = { code: 'OK', reason: '', hasDetails: true, message: '' };
    } catch (error) {
      call.ending = toEnding(error);
    } finally {
      clearTimeout(timer);
    }
    call.endedAtMs = Date.now();
    return call;
  }
}

function toEnding(error: unknown): Ending {
  if (!(error instanceof CoordinatorError)) {
    return { code: 'none', reason: 'none', hasDetails: false, message: String(error) };
  }
  const { code, metadata } = error.cause as { readonly code: codes; readonly metadata: Metadata };
  return {
    code: codes[code],
    reason: error.reason,
    hasDetails: metadata.get('grpc-status-details-bin').length > 0,
    message: error.message,
  };
}

function toCallEvent(event: WorkflowEvent__Output): CallEvent {
  const { workflow_id: workflowId, sequence, time, event: type = '', started, failed } = event;
  const step = event.step_started ?? event.step_progress ?? event.step_retrying ?? event.step_completed;
  const lease = started?.lease;
  return {
    type,
    workflowId,
    sequence: Number(sequence),
    atMs: Number(time?.seconds) * 1000 + (time?.nanos ?? 0) / 1e6,
    step: step?.step ?? '',
    attempt: event.step_started?.attempt ?? 0,
    ...(lease && { token: Number(lease.fencing_token) }),
    ...(failed && { reason: failed.reason.replace(/^ERROR_REASON_/, '') }),
  };
}
