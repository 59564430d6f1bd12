// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How far a step is, as its node runtime reports it.
 */
export interface StepProgress {
  'step'?: (string);
  /**
   * What the runtime is doing, such as "pull" or "unpack".
   */
  'phase'?: (string);
  /**
   * In units; total is 0 while it is not known.
   */
  'done'?: (number | string | Long);
  'total'?: (number | string | Long);
  /**
   * Such as "bytes" or "layers".
   */
  'unit'?: (string);
  'message'?: (string);
}

/**
 * How far a step is, as its node runtime reports it.
 */
export interface StepProgress__Output {
  'step': (string);
  /**
   * What the runtime is doing, such as "pull" or "unpack".
   */
  'phase': (string);
  /**
   * In units; total is 0 while it is not known.
   */
  'done': (string);
  'total': (string);
  /**
   * Such as "bytes" or "layers".
   */
  'unit': (string);
  'message': (string);
}
