// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

export interface StepCompleted {
  'step'?: (string);
  /**
   * The step's work had been done already, so it did not run.
   */
  'skipped'?: (boolean);
  'duration'?: (_google_protobuf_Duration | null);
}

export interface StepCompleted__Output {
  'step': (string);
  /**
   * The step's work had been done already, so it did not run.
   */
  'skipped': (boolean);
  'duration': (_google_protobuf_Duration__Output | null);
}
