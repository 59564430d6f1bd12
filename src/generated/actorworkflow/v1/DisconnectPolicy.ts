// Original file: proto/actorworkflow/v1/actor_workflow.proto

export const DisconnectPolicy = {
  /**
   * As CANCEL.
   */
  DISCONNECT_POLICY_UNSPECIFIED: 'DISCONNECT_POLICY_UNSPECIFIED',
  /**
   * The workflow is cancelled when the caller cancels or its connection breaks.
   */
  DISCONNECT_POLICY_CANCEL: 'DISCONNECT_POLICY_CANCEL',
  /**
   * The workflow runs on; Watch follows it.
   */
  DISCONNECT_POLICY_CONTINUE: 'DISCONNECT_POLICY_CONTINUE',
} as const;

export type DisconnectPolicy =
  /**
   * As CANCEL.
   */
  | 'DISCONNECT_POLICY_UNSPECIFIED'
  | 0
  /**
   * The workflow is cancelled when the caller cancels or its connection breaks.
   */
  | 'DISCONNECT_POLICY_CANCEL'
  | 1
  /**
   * The workflow runs on; Watch follows it.
   */
  | 'DISCONNECT_POLICY_CONTINUE'
  | 2

export type DisconnectPolicy__Output = typeof DisconnectPolicy[keyof typeof DisconnectPolicy]
