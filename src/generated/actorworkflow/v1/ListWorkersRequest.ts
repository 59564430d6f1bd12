// Original file: proto/actorworkflow/v1/registry.proto


export interface ListWorkersRequest {
  'pool'?: (string);
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListWorkersRequest__Output {
  'pool': (string);
  'page_size': (number);
  'page_token': (string);
}
