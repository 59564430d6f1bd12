// Original file: proto/actorworkflow/v1/actor.proto

export const SnapshotLocation = {
  SNAPSHOT_LOCATION_UNSPECIFIED: 'SNAPSHOT_LOCATION_UNSPECIFIED',
  SNAPSHOT_LOCATION_DURABLE: 'SNAPSHOT_LOCATION_DURABLE',
  SNAPSHOT_LOCATION_LOCAL: 'SNAPSHOT_LOCATION_LOCAL',
} as const;

export type SnapshotLocation =
  | 'SNAPSHOT_LOCATION_UNSPECIFIED'
  | 0
  | 'SNAPSHOT_LOCATION_DURABLE'
  | 1
  | 'SNAPSHOT_LOCATION_LOCAL'
  | 2

export type SnapshotLocation__Output = typeof SnapshotLocation[keyof typeof SnapshotLocation]
