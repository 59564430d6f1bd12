// Original file: proto/actorworkflow/v1/node_runtime.proto


export interface StopResponse {
  /**
   * Whether there was something to stop.
   */
  'stopped'?: (boolean);
}

export interface StopResponse__Output {
  /**
   * Whether there was something to stop.
   */
  'stopped': (boolean);
}
