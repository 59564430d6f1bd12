// The port to the events of an actor's latest workflow, kept with the actor for
// a while so that any replica can tell them.

import type { ActorRef } from '../actor/actor.js';

export interface LoggedEvent {
  readonly sequence: number;
  /** JSON. */
  readonly text: string;
}

export interface EventAppend {
  readonly actor: ActorRef;
  readonly workflowId: string;
  readonly fencingToken: number;
  /** The step that runs; empty where none does. */
  readonly step: string;
  readonly events: readonly LoggedEvent[];
}

export interface EventRead {
  /** Empty where there is no log, or it has expired. */
  readonly workflowId: string;
  /** The workflow that holds the lease now; empty where none does. */
  readonly leasedTo: string;
  readonly texts: readonly string[];
  /** Where there are no greater ones, the last event that there is, so that who has read it hears how it ended; else empty. */
  readonly lastText: string;
}

export interface EventLogStore {
  /** Does nothing where two newer workflows have begun their logs. @throws STORE_UNAVAILABLE */
  append(append: EventAppend): Promise<void>;
  /** The events whose sequence is greater, of the latest workflow, or of `workflowId` if that is the one before. @throws ACTOR_NOT_FOUND, STORE_UNAVAILABLE */
  read(actor: ActorRef, afterSequence: number, workflowId: string): Promise<EventRead>;
}
