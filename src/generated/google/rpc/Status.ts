// Original file: proto/google/rpc/status.proto

import type { Any as _google_protobuf_Any, Any__Output as _google_protobuf_Any__Output } from '../../google/protobuf/Any.js';

/**
 * Status is what the binary metadata grpc-status-details-bin carries. Its code
 * and message equal those of the call. Only what this service sends is here.
 */
export interface Status {
  'code'?: (number);
  'message'?: (string);
  'details'?: (_google_protobuf_Any)[];
}

/**
 * Status is what the binary metadata grpc-status-details-bin carries. Its code
 * and message equal those of the call. Only what this service sends is here.
 */
export interface Status__Output {
  'code': (number);
  'message': (string);
  'details': (_google_protobuf_Any__Output)[];
}
