// Original file: proto/actorworkflow/v1/actor_workflow.proto

/**
 * Why a call ended with a status other than OK.
 */
export const ErrorReason = {
  ERROR_REASON_UNSPECIFIED: 'ERROR_REASON_UNSPECIFIED',
  /**
   * INVALID_ARGUMENT, with a google.rpc.BadRequest that names the field.
   */
  ERROR_REASON_INVALID_ARGUMENT: 'ERROR_REASON_INVALID_ARGUMENT',
  /**
   * NOT_FOUND.
   */
  ERROR_REASON_ACTOR_NOT_FOUND: 'ERROR_REASON_ACTOR_NOT_FOUND',
  /**
   * ABORTED: another workflow holds the lease. Metadata: holder, workflow_id,
   * kind, fencing_token, expires_in_ms. RetryInfo: when to try again.
   */
  ERROR_REASON_LEASE_HELD: 'ERROR_REASON_LEASE_HELD',
  /**
   * ABORTED: the lease was lost while the workflow ran.
   */
  ERROR_REASON_LEASE_LOST: 'ERROR_REASON_LEASE_LOST',
  /**
   * DEADLINE_EXCEEDED.
   */
  ERROR_REASON_WORKFLOW_DEADLINE: 'ERROR_REASON_WORKFLOW_DEADLINE',
  /**
   * FAILED_PRECONDITION: the actor's state does not allow the workflow.
   */
  ERROR_REASON_INVALID_STATE: 'ERROR_REASON_INVALID_STATE',
  /**
   * FAILED_PRECONDITION: no pool of workers matches the actor.
   */
  ERROR_REASON_NO_MATCHING_POOL: 'ERROR_REASON_NO_MATCHING_POOL',
  /**
   * RESOURCE_EXHAUSTED, with RetryInfo: every matching worker is taken.
   */
  ERROR_REASON_NO_FREE_WORKER: 'ERROR_REASON_NO_FREE_WORKER',
  /**
   * The status that the node runtime gave, or INTERNAL.
   */
  ERROR_REASON_RUNTIME_FAILED: 'ERROR_REASON_RUNTIME_FAILED',
  /**
   * UNAVAILABLE: the node runtime cannot be reached.
   */
  ERROR_REASON_RUNTIME_UNAVAILABLE: 'ERROR_REASON_RUNTIME_UNAVAILABLE',
  /**
   * UNAVAILABLE: Redis cannot be reached.
   */
  ERROR_REASON_STORE_UNAVAILABLE: 'ERROR_REASON_STORE_UNAVAILABLE',
  /**
   * UNAVAILABLE: this replica is shutting down; another one will serve.
   */
  ERROR_REASON_DRAINING: 'ERROR_REASON_DRAINING',
  /**
   * CANCELLED: the caller went away.
   */
  ERROR_REASON_CANCELLED: 'ERROR_REASON_CANCELLED',
  /**
   * FAILED_PRECONDITION: a lower fencing token than the newest one seen.
   */
  ERROR_REASON_STALE_FENCING_TOKEN: 'ERROR_REASON_STALE_FENCING_TOKEN',
  /**
   * INTERNAL.
   */
  ERROR_REASON_INTERNAL: 'ERROR_REASON_INTERNAL',
  /**
   * RESOURCE_EXHAUSTED: this replica runs --max-workflows already.
   */
  ERROR_REASON_OVERLOADED: 'ERROR_REASON_OVERLOADED',
  /**
   * ALREADY_EXISTS.
   */
  ERROR_REASON_ACTOR_ALREADY_EXISTS: 'ERROR_REASON_ACTOR_ALREADY_EXISTS',
  /**
   * NOT_FOUND.
   */
  ERROR_REASON_WORKER_NOT_FOUND: 'ERROR_REASON_WORKER_NOT_FOUND',
} as const;

/**
 * Why a call ended with a status other than OK.
 */
export type ErrorReason =
  | 'ERROR_REASON_UNSPECIFIED'
  | 0
  /**
   * INVALID_ARGUMENT, with a google.rpc.BadRequest that names the field.
   */
  | 'ERROR_REASON_INVALID_ARGUMENT'
  | 1
  /**
   * NOT_FOUND.
   */
  | 'ERROR_REASON_ACTOR_NOT_FOUND'
  | 2
  /**
   * ABORTED: another workflow holds the lease. Metadata: holder, workflow_id,
   * kind, fencing_token, expires_in_ms. RetryInfo: when to try again.
   */
  | 'ERROR_REASON_LEASE_HELD'
  | 3
  /**
   * ABORTED: the lease was lost while the workflow ran.
   */
  | 'ERROR_REASON_LEASE_LOST'
  | 4
  /**
   * DEADLINE_EXCEEDED.
   */
  | 'ERROR_REASON_WORKFLOW_DEADLINE'
  | 5
  /**
   * FAILED_PRECONDITION: the actor's state does not allow the workflow.
   */
  | 'ERROR_REASON_INVALID_STATE'
  | 6
  /**
   * FAILED_PRECONDITION: no pool of workers matches the actor.
   */
  | 'ERROR_REASON_NO_MATCHING_POOL'
  | 7
  /**
   * RESOURCE_EXHAUSTED, with RetryInfo: every matching worker is taken.
   */
  | 'ERROR_REASON_NO_FREE_WORKER'
  | 8
  /**
   * The status that the node runtime gave, or INTERNAL.
   */
  | 'ERROR_REASON_RUNTIME_FAILED'
  | 9
  /**
   * UNAVAILABLE: the node runtime cannot be reached.
   */
  | 'ERROR_REASON_RUNTIME_UNAVAILABLE'
  | 10
  /**
   * UNAVAILABLE: Redis cannot be reached.
   */
  | 'ERROR_REASON_STORE_UNAVAILABLE'
  | 11
  /**
   * UNAVAILABLE: this replica is shutting down; another one will serve.
   */
  | 'ERROR_REASON_DRAINING'
  | 12
  /**
   * CANCELLED: the caller went away.
   */
  | 'ERROR_REASON_CANCELLED'
  | 13
  /**
   * FAILED_PRECONDITION: a lower fencing token than the newest one seen.
   */
  | 'ERROR_REASON_STALE_FENCING_TOKEN'
  | 14
  /**
   * INTERNAL.
   */
  | 'ERROR_REASON_INTERNAL'
  | 15
  /**
   * RESOURCE_EXHAUSTED: this replica runs --max-workflows already.
   */
  | 'ERROR_REASON_OVERLOADED'
  | 16
  /**
   * ALREADY_EXISTS.
   */
  | 'ERROR_REASON_ACTOR_ALREADY_EXISTS'
  | 17
  /**
   * NOT_FOUND.
   */
  | 'ERROR_REASON_WORKER_NOT_FOUND'
  | 18

/**
 * Why a call ended with a status other than OK.
 */
export type ErrorReason__Output = typeof ErrorReason[keyof typeof ErrorReason]
