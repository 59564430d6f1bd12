// Original file: proto/google/rpc/error_details.proto


export interface _google_rpc_BadRequest_FieldViolation {
  /**
   * The path of the field, such as "options.deadline".
   */
  'field'?: (string);
  'description'?: (string);
}

export interface _google_rpc_BadRequest_FieldViolation__Output {
  /**
   * The path of the field, such as "options.deadline".
   */
  'field': (string);
  'description': (string);
}

/**
 * Which fields of the request are wrong.
 */
export interface BadRequest {
  'field_violations'?: (_google_rpc_BadRequest_FieldViolation)[];
}

/**
 * Which fields of the request are wrong.
 */
export interface BadRequest__Output {
  'field_violations': (_google_rpc_BadRequest_FieldViolation__Output)[];
}
