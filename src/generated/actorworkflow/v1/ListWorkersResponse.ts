// Original file: proto/actorworkflow/v1/registry.proto

import type { Worker as _actorworkflow_v1_Worker, Worker__Output as _actorworkflow_v1_Worker__Output } from '../../actorworkflow/v1/Worker.js';

export interface ListWorkersResponse {
  'workers'?: (_actorworkflow_v1_Worker)[];
  'next_page_token'?: (string);
}

export interface ListWorkersResponse__Output {
  'workers': (_actorworkflow_v1_Worker__Output)[];
  'next_page_token': (string);
}
