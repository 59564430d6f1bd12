// Original file: proto/atelet/atelet.proto

export const SnapshotScope = {
  SNAPSHOT_SCOPE_UNSPECIFIED: 'SNAPSHOT_SCOPE_UNSPECIFIED',
  /**
   * Memory and file system.
   */
  SNAPSHOT_SCOPE_FULL: 'SNAPSHOT_SCOPE_FULL',
  /**
   * Durable volumes.
   */
  SNAPSHOT_SCOPE_DATA: 'SNAPSHOT_SCOPE_DATA',
} as const;

export type SnapshotScope =
  | 'SNAPSHOT_SCOPE_UNSPECIFIED'
  | 0
  /**
   * Memory and file system.
   */
  | 'SNAPSHOT_SCOPE_FULL'
  | 1
  /**
   * Durable volumes.
   */
  | 'SNAPSHOT_SCOPE_DATA'
  | 2

export type SnapshotScope__Output = typeof SnapshotScope[keyof typeof SnapshotScope]
