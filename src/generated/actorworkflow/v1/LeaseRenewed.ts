// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface LeaseRenewed {
  /**
   * Renewals so far.
   */
  'renewals'?: (number | string | Long);
  /**
   * Until when the lease is held if no other renewal succeeds.
   */
  'expire_time'?: (_google_protobuf_Timestamp | null);
}

export interface LeaseRenewed__Output {
  /**
   * Renewals so far.
   */
  'renewals': (string);
  /**
   * Until when the lease is held if no other renewal succeeds.
   */
  'expire_time': (_google_protobuf_Timestamp__Output | null);
}
