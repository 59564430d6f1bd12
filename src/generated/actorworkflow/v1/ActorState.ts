// Original file: proto/actorworkflow/v1/actor.proto

export const ActorState = {
  ACTOR_STATE_UNSPECIFIED: 'ACTOR_STATE_UNSPECIFIED',
  /**
   * No worker. The state of a new actor.
   */
  ACTOR_STATE_SUSPENDED: 'ACTOR_STATE_SUSPENDED',
  ACTOR_STATE_RESUMING: 'ACTOR_STATE_RESUMING',
  ACTOR_STATE_RUNNING: 'ACTOR_STATE_RUNNING',
  ACTOR_STATE_SUSPENDING: 'ACTOR_STATE_SUSPENDING',
  ACTOR_STATE_PAUSING: 'ACTOR_STATE_PAUSING',
  /**
   * No worker; the latest snapshot is on one node.
   */
  ACTOR_STATE_PAUSED: 'ACTOR_STATE_PAUSED',
  /**
   * Its worker is gone and what it did since the latest snapshot is lost.
   * Resume restores that snapshot.
   */
  ACTOR_STATE_CRASHED: 'ACTOR_STATE_CRASHED',
} as const;

export type ActorState =
  | 'ACTOR_STATE_UNSPECIFIED'
  | 0
  /**
   * No worker. The state of a new actor.
   */
  | 'ACTOR_STATE_SUSPENDED'
  | 1
  | 'ACTOR_STATE_RESUMING'
  | 2
  | 'ACTOR_STATE_RUNNING'
  | 3
  | 'ACTOR_STATE_SUSPENDING'
  | 4
  | 'ACTOR_STATE_PAUSING'
  | 5
  /**
   * No worker; the latest snapshot is on one node.
   */
  | 'ACTOR_STATE_PAUSED'
  | 6
  /**
   * Its worker is gone and what it did since the latest snapshot is lost.
   * Resume restores that snapshot.
   */
  | 'ACTOR_STATE_CRASHED'
  | 7

export type ActorState__Output = typeof ActorState[keyof typeof ActorState]
