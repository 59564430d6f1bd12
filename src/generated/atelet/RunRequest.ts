// Original file: proto/atelet/atelet.proto

import type { WorkloadSpec as _atelet_WorkloadSpec, WorkloadSpec__Output as _atelet_WorkloadSpec__Output } from '../atelet/WorkloadSpec.js';

export interface RunRequest {
  /**
   * The worker.
   */
  'target_ateom_uid'?: (string);
  'actor_template_namespace'?: (string);
  'actor_template_name'?: (string);
  'actor_id'?: (string);
  'spec'?: (_atelet_WorkloadSpec | null);
}

export interface RunRequest__Output {
  /**
   * The worker.
   */
  'target_ateom_uid': (string);
  'actor_template_namespace': (string);
  'actor_template_name': (string);
  'actor_id': (string);
  'spec': (_atelet_WorkloadSpec__Output | null);
}
