// What a caller has been told of a workflow that may need several runs: its
// first, and others that take over where a replica died. Guarantees, whatever
// comes in again or twice: each event of a run is told once, in order; a step
// that was told to be complete is not told again, though a later run may have
// to go through it; the ending of a run that another one follows is kept back.

import type { WorkflowEvent__Output } from '../generated/actorworkflow/v1/WorkflowEvent.js';
import type { WorkflowKind__Output as WorkflowKind } from '../generated/actorworkflow/v1/WorkflowKind.js';

/** An event as it is told. */
export interface Told {
  readonly event: WorkflowEvent__Output;
  /** On the first event of a run that takes over: the workflow whose place it takes. */
  readonly takesOver?: string;
}

export class Telling {
  /** The run that was heard of last; undefined before the first event. */
  workflowId: string | undefined;
  /** Of its `started`; 0 where it had nothing to do and took no lease. */
  fencingToken = 0;
  kind: WorkflowKind | undefined;
  /** How that run failed, not told yet. */
  failed: Told | undefined;
  /** Whether its good end has been told. */
  isComplete = false;
  /** How many runs have taken over. */
  takeovers = 0;
  #sequence = 0;
  #told = false;
  /** The run before, until the one that takes over has told something. */
  #predecessor: string | undefined;
  readonly #completed = new Set<string>();
  /** Of the runs before this one. */
  readonly #completedBefore = new Set<string>();

  /** What to tell the caller of this event; undefined: nothing. */
  hear(event: WorkflowEvent__Output): Told | undefined {
    if (event.workflow_id !== this.workflowId) this.#begin(event);
    const sequence = Number(event.sequence);
    if (sequence <= this.#sequence) return undefined;
    // Not for what is kept back: after a reconnect it must be heard again.
    if (!event.failed) this.#sequence = sequence;
    if (event.started) this.kind = event.started.kind;
    if (event.started?.lease) this.fencingToken = Number(event.started.lease.fencing_token);
    const step = (event.step_started ?? event.step_progress ?? event.step_retrying ?? event.step_completed)?.step;
    if (step !== undefined && this.#completedBefore.has(step)) return undefined;
    if (event.step_completed) this.#completed.add(event.step_completed.step);
    const told = this.#predecessor === undefined ? { event } : { event, takesOver: this.#predecessor };
    if (event.failed) {
      this.failed = told;
      return undefined;
    }
    if (event.completed) this.isComplete = true;
    this.#predecessor = undefined;
    this.#told = true;
    return told;
  }

  /** Another attempt begins: if the run's ending still counts, it will be heard again. */
  forgetFailure(): void {
    this.failed = undefined;
  }

  /** Whether this, the first event of another run than the last one, may take over: the same work, begun later. */
  mayTakeOver({ started }: WorkflowEvent__Output): boolean {
    if (!started?.lease || this.fencingToken === 0) return false;
    return started.kind === this.kind && Number(started.lease.fencing_token) > this.fencingToken;
  }

  #begin(event: WorkflowEvent__Output): void {
    if (this.#told) {
      this.takeovers += 1;
      this.#predecessor = this.workflowId;
    }
    this.workflowId = event.workflow_id;
    this.fencingToken = 0;
    this.failed = undefined;
    this.#sequence = 0;
    for (const step of this.#completed) this.#completedBefore.add(step);
  }
}
