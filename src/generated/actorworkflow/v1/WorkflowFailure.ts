// Original file: proto/actorworkflow/v1/actor.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

export interface WorkflowFailure {
  'workflow_id'?: (string);
  'step'?: (string);
  /**
   * An ErrorReason name.
   */
  'reason'?: (string);
  'message'?: (string);
  'time'?: (_google_protobuf_Timestamp | null);
}

export interface WorkflowFailure__Output {
  'workflow_id': (string);
  'step': (string);
  /**
   * An ErrorReason name.
   */
  'reason': (string);
  'message': (string);
  'time': (_google_protobuf_Timestamp__Output | null);
}
