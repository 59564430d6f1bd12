// Original file: proto/atelet/atelet.proto

export const SnapshotType = {
  SNAPSHOT_TYPE_UNSPECIFIED: 'SNAPSHOT_TYPE_UNSPECIFIED',
  SNAPSHOT_TYPE_LOCAL: 'SNAPSHOT_TYPE_LOCAL',
  SNAPSHOT_TYPE_EXTERNAL: 'SNAPSHOT_TYPE_EXTERNAL',
} as const;

export type SnapshotType =
  | 'SNAPSHOT_TYPE_UNSPECIFIED'
  | 0
  | 'SNAPSHOT_TYPE_LOCAL'
  | 1
  | 'SNAPSHOT_TYPE_EXTERNAL'
  | 2

export type SnapshotType__Output = typeof SnapshotType[keyof typeof SnapshotType]
