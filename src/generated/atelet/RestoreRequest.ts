// Original file: proto/atelet/atelet.proto

import type { WorkloadSpec as _atelet_WorkloadSpec, WorkloadSpec__Output as _atelet_WorkloadSpec__Output } from '../atelet/WorkloadSpec.js';
import type { SnapshotType as _atelet_SnapshotType, SnapshotType__Output as _atelet_SnapshotType__Output } from '../atelet/SnapshotType.js';
import type { LocalConfig as _atelet_LocalConfig, LocalConfig__Output as _atelet_LocalConfig__Output } from '../atelet/LocalConfig.js';
import type { ExternalConfig as _atelet_ExternalConfig, ExternalConfig__Output as _atelet_ExternalConfig__Output } from '../atelet/ExternalConfig.js';
import type { SnapshotScope as _atelet_SnapshotScope, SnapshotScope__Output as _atelet_SnapshotScope__Output } from '../atelet/SnapshotScope.js';

export interface RestoreRequest {
  'target_ateom_uid'?: (string);
  'actor_template_namespace'?: (string);
  'actor_template_name'?: (string);
  'actor_id'?: (string);
  'spec'?: (_atelet_WorkloadSpec | null);
  'type'?: (_atelet_SnapshotType);
  'local_config'?: (_atelet_LocalConfig | null);
  'external_config'?: (_atelet_ExternalConfig | null);
  'scope'?: (_atelet_SnapshotScope);
  'config'?: "local_config"|"external_config";
}

export interface RestoreRequest__Output {
  'target_ateom_uid': (string);
  'actor_template_namespace': (string);
  'actor_template_name': (string);
  'actor_id': (string);
  'spec': (_atelet_WorkloadSpec__Output | null);
  'type': (_atelet_SnapshotType__Output);
  'local_config'?: (_atelet_LocalConfig__Output | null);
  'external_config'?: (_atelet_ExternalConfig__Output | null);
  'scope': (_atelet_SnapshotScope__Output);
  'config'?: "local_config"|"external_config";
}
