// Original file: proto/actorworkflow/v1/actor.proto

import type { SnapshotLocation as _actorworkflow_v1_SnapshotLocation, SnapshotLocation__Output as _actorworkflow_v1_SnapshotLocation__Output } from '../../actorworkflow/v1/SnapshotLocation.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Snapshot {
  /**
   * Where the node runtime keeps it, such as "file:///var/lib/actors/…" or
   * "s3://bucket/prefix/". Opaque to the coordinator below its prefix.
   */
  'uri'?: (string);
  'location'?: (_actorworkflow_v1_SnapshotLocation);
  /**
   * The node that holds a LOCAL snapshot.
   */
  'node'?: (string);
  /**
   * The workflow that wrote it.
   */
  'workflow_id'?: (string);
  'create_time'?: (_google_protobuf_Timestamp | null);
  'size_bytes'?: (number | string | Long);
}

export interface Snapshot__Output {
  /**
   * Where the node runtime keeps it, such as "file:///var/lib/actors/…" or
   * "s3://bucket/prefix/". Opaque to the coordinator below its prefix.
   */
  'uri': (string);
  'location': (_actorworkflow_v1_SnapshotLocation__Output);
  /**
   * The node that holds a LOCAL snapshot.
   */
  'node': (string);
  /**
   * The workflow that wrote it.
   */
  'workflow_id': (string);
  'create_time': (_google_protobuf_Timestamp__Output | null);
  'size_bytes': (string);
}
