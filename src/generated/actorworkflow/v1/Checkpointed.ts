// Original file: proto/actorworkflow/v1/node_runtime.proto

import type { Long } from '@grpc/proto-loader';

export interface Checkpointed {
  'size_bytes'?: (number | string | Long);
}

export interface Checkpointed__Output {
  'size_bytes': (string);
}
