// Original file: proto/actorworkflow/v1/actor.proto


export interface WorkerRef {
  'pool'?: (string);
  'name'?: (string);
}

export interface WorkerRef__Output {
  'pool': (string);
  'name': (string);
}
