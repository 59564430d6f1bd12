// Original file: proto/actorworkflow/v1/registry.proto

import type { ActorState as _actorworkflow_v1_ActorState, ActorState__Output as _actorworkflow_v1_ActorState__Output } from '../../actorworkflow/v1/ActorState.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

export interface ListActorsRequest {
  'namespace'?: (string);
  /**
   * At most 1000; 0: 100.
   */
  'page_size'?: (number);
  'page_token'?: (string);
  /**
   * Only actors in one of these states; empty: in any.
   */
  'states'?: (_actorworkflow_v1_ActorState)[];
  /**
   * Only actors that have been RESUMING, SUSPENDING or PAUSING for longer.
   */
  'transitional_for'?: (_google_protobuf_Duration | null);
}

export interface ListActorsRequest__Output {
  'namespace': (string);
  /**
   * At most 1000; 0: 100.
   */
  'page_size': (number);
  'page_token': (string);
  /**
   * Only actors in one of these states; empty: in any.
   */
  'states': (_actorworkflow_v1_ActorState__Output)[];
  /**
   * Only actors that have been RESUMING, SUSPENDING or PAUSING for longer.
   */
  'transitional_for': (_google_protobuf_Duration__Output | null);
}
