// Original file: proto/actorworkflow/v1/node_runtime.proto


export interface Restored {
  /**
   * Where the actor serves, such as "127.0.0.1:41234"; may be empty.
   */
  'address'?: (string);
}

export interface Restored__Output {
  /**
   * Where the actor serves, such as "127.0.0.1:41234"; may be empty.
   */
  'address': (string);
}
