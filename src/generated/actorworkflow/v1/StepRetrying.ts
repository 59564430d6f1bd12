// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

export interface StepRetrying {
  'step'?: (string);
  /**
   * The attempt that failed.
   */
  'attempt'?: (number);
  'delay'?: (_google_protobuf_Duration | null);
  'error'?: (string);
}

export interface StepRetrying__Output {
  'step': (string);
  /**
   * The attempt that failed.
   */
  'attempt': (number);
  'delay': (_google_protobuf_Duration__Output | null);
  'error': (string);
}
