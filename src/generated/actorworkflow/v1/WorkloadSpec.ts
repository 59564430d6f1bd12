// Original file: proto/actorworkflow/v1/actor.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../google/protobuf/Struct.js';

/**
 * WorkloadSpec says how a node runtime boots an actor.
 */
export interface WorkloadSpec {
  'command'?: (string)[];
  'env'?: ({[key: string]: string});
  /**
   * An OCI image reference, for runtimes that run containers.
   */
  'image'?: (string);
  /**
   * What only one kind of runtime understands.
   */
  'runtime_options'?: (_google_protobuf_Struct | null);
}

/**
 * WorkloadSpec says how a node runtime boots an actor.
 */
export interface WorkloadSpec__Output {
  'command': (string)[];
  'env': ({[key: string]: string});
  /**
   * An OCI image reference, for runtimes that run containers.
   */
  'image': (string);
  /**
   * What only one kind of runtime understands.
   */
  'runtime_options': (_google_protobuf_Struct__Output | null);
}
