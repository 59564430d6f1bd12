// Original file: proto/actorworkflow/v1/registry.proto


export interface ListActorsRequest {
  'namespace'?: (string);
  /**
   * At most 1000; 0: 100.
   */
  'page_size'?: (number);
  'page_token'?: (string);
}

export interface ListActorsRequest__Output {
  'namespace': (string);
  /**
   * At most 1000; 0: 100.
   */
  'page_size': (number);
  'page_token': (string);
}
