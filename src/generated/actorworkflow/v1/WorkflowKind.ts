// Original file: proto/actorworkflow/v1/actor_workflow.proto

export const WorkflowKind = {
  WORKFLOW_KIND_UNSPECIFIED: 'WORKFLOW_KIND_UNSPECIFIED',
  WORKFLOW_KIND_RESUME: 'WORKFLOW_KIND_RESUME',
  WORKFLOW_KIND_SUSPEND: 'WORKFLOW_KIND_SUSPEND',
  WORKFLOW_KIND_PAUSE: 'WORKFLOW_KIND_PAUSE',
} as const;

export type WorkflowKind =
  | 'WORKFLOW_KIND_UNSPECIFIED'
  | 0
  | 'WORKFLOW_KIND_RESUME'
  | 1
  | 'WORKFLOW_KIND_SUSPEND'
  | 2
  | 'WORKFLOW_KIND_PAUSE'
  | 3

export type WorkflowKind__Output = typeof WorkflowKind[keyof typeof WorkflowKind]
