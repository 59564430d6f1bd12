// Original file: proto/actorworkflow/v1/node_runtime.proto

import type { Long } from '@grpc/proto-loader';

export interface RuntimeProgress {
  'phase'?: (string);
  'done'?: (number | string | Long);
  'total'?: (number | string | Long);
  'unit'?: (string);
  'message'?: (string);
}

export interface RuntimeProgress__Output {
  'phase': (string);
  'done': (string);
  'total': (string);
  'unit': (string);
  'message': (string);
}
