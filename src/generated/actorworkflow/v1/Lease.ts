// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Lease {
  /**
   * The replica that holds it: --instance-id.
   */
  'holder'?: (string);
  /**
   * Greater than that of every earlier lease on the same actor.
   */
  'fencing_token'?: (number | string | Long);
  'ttl'?: (_google_protobuf_Duration | null);
  'acquire_time'?: (_google_protobuf_Timestamp | null);
}

export interface Lease__Output {
  /**
   * The replica that holds it: --instance-id.
   */
  'holder': (string);
  /**
   * Greater than that of every earlier lease on the same actor.
   */
  'fencing_token': (string);
  'ttl': (_google_protobuf_Duration__Output | null);
  'acquire_time': (_google_protobuf_Timestamp__Output | null);
}
