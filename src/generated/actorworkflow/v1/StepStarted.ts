// Original file: proto/actorworkflow/v1/actor_workflow.proto


export interface StepStarted {
  'step'?: (string);
  /**
   * 1 on the first attempt.
   */
  'attempt'?: (number);
}

export interface StepStarted__Output {
  'step': (string);
  /**
   * 1 on the first attempt.
   */
  'attempt': (number);
}
