// Original file: proto/actorworkflow/v1/actor_workflow.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { WorkflowStarted as _actorworkflow_v1_WorkflowStarted, WorkflowStarted__Output as _actorworkflow_v1_WorkflowStarted__Output } from '../../actorworkflow/v1/WorkflowStarted.js';
import type { StepStarted as _actorworkflow_v1_StepStarted, StepStarted__Output as _actorworkflow_v1_StepStarted__Output } from '../../actorworkflow/v1/StepStarted.js';
import type { StepProgress as _actorworkflow_v1_StepProgress, StepProgress__Output as _actorworkflow_v1_StepProgress__Output } from '../../actorworkflow/v1/StepProgress.js';
import type { StepRetrying as _actorworkflow_v1_StepRetrying, StepRetrying__Output as _actorworkflow_v1_StepRetrying__Output } from '../../actorworkflow/v1/StepRetrying.js';
import type { StepCompleted as _actorworkflow_v1_StepCompleted, StepCompleted__Output as _actorworkflow_v1_StepCompleted__Output } from '../../actorworkflow/v1/StepCompleted.js';
import type { LeaseRenewed as _actorworkflow_v1_LeaseRenewed, LeaseRenewed__Output as _actorworkflow_v1_LeaseRenewed__Output } from '../../actorworkflow/v1/LeaseRenewed.js';
import type { WorkflowCompleted as _actorworkflow_v1_WorkflowCompleted, WorkflowCompleted__Output as _actorworkflow_v1_WorkflowCompleted__Output } from '../../actorworkflow/v1/WorkflowCompleted.js';
import type { WorkflowFailed as _actorworkflow_v1_WorkflowFailed, WorkflowFailed__Output as _actorworkflow_v1_WorkflowFailed__Output } from '../../actorworkflow/v1/WorkflowFailed.js';
import type { Long } from '@grpc/proto-loader';

/**
 * WorkflowEvent is one fact about one workflow.
 */
export interface WorkflowEvent {
  /**
   * Identifies the workflow across replicas and in logs, traces and snapshots.
   */
  'workflow_id'?: (string);
  /**
   * 1 for the first event of a workflow, then one more for each.
   */
  'sequence'?: (number | string | Long);
  'time'?: (_google_protobuf_Timestamp | null);
  'started'?: (_actorworkflow_v1_WorkflowStarted | null);
  'step_started'?: (_actorworkflow_v1_StepStarted | null);
  'step_progress'?: (_actorworkflow_v1_StepProgress | null);
  'step_retrying'?: (_actorworkflow_v1_StepRetrying | null);
  'step_completed'?: (_actorworkflow_v1_StepCompleted | null);
  'lease_renewed'?: (_actorworkflow_v1_LeaseRenewed | null);
  /**
   * The last event of a workflow that ends with OK.
   */
  'completed'?: (_actorworkflow_v1_WorkflowCompleted | null);
  /**
   * The last event of any other workflow, sent just before its status.
   */
  'failed'?: (_actorworkflow_v1_WorkflowFailed | null);
  'event'?: "started"|"step_started"|"step_progress"|"step_retrying"|"step_completed"|"lease_renewed"|"completed"|"failed";
}

/**
 * WorkflowEvent is one fact about one workflow.
 */
export interface WorkflowEvent__Output {
  /**
   * Identifies the workflow across replicas and in logs, traces and snapshots.
   */
  'workflow_id': (string);
  /**
   * 1 for the first event of a workflow, then one more for each.
   */
  'sequence': (string);
  'time': (_google_protobuf_Timestamp__Output | null);
  'started'?: (_actorworkflow_v1_WorkflowStarted__Output | null);
  'step_started'?: (_actorworkflow_v1_StepStarted__Output | null);
  'step_progress'?: (_actorworkflow_v1_StepProgress__Output | null);
  'step_retrying'?: (_actorworkflow_v1_StepRetrying__Output | null);
  'step_completed'?: (_actorworkflow_v1_StepCompleted__Output | null);
  'lease_renewed'?: (_actorworkflow_v1_LeaseRenewed__Output | null);
  /**
   * The last event of a workflow that ends with OK.
   */
  'completed'?: (_actorworkflow_v1_WorkflowCompleted__Output | null);
  /**
   * The last event of any other workflow, sent just before its status.
   */
  'failed'?: (_actorworkflow_v1_WorkflowFailed__Output | null);
  'event'?: "started"|"step_started"|"step_progress"|"step_retrying"|"step_completed"|"lease_renewed"|"completed"|"failed";
}
