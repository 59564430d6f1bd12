// Original file: proto/actorworkflow/v1/actor.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

/**
 * ActorLease is the lease on an actor as it is at the time of asking.
 */
export interface ActorLease {
  /**
   * The replica that holds it: its --instance-id.
   */
  'holder'?: (string);
  'workflow_id'?: (string);
  /**
   * RESUME, SUSPEND or PAUSE.
   */
  'kind'?: (string);
  /**
   * The step that runs; empty where it is not known yet.
   */
  'step'?: (string);
  'fencing_token'?: (number | string | Long);
  'acquire_time'?: (_google_protobuf_Timestamp | null);
  /**
   * When it expires if its holder renews it no more.
   */
  'expire_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * ActorLease is the lease on an actor as it is at the time of asking.
 */
export interface ActorLease__Output {
  /**
   * The replica that holds it: its --instance-id.
   */
  'holder': (string);
  'workflow_id': (string);
  /**
   * RESUME, SUSPEND or PAUSE.
   */
  'kind': (string);
  /**
   * The step that runs; empty where it is not known yet.
   */
  'step': (string);
  'fencing_token': (string);
  'acquire_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * When it expires if its holder renews it no more.
   */
  'expire_time': (_google_protobuf_Timestamp__Output | null);
}
