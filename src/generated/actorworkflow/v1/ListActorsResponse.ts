// Original file: proto/actorworkflow/v1/registry.proto

import type { Actor as _actorworkflow_v1_Actor, Actor__Output as _actorworkflow_v1_Actor__Output } from '../../actorworkflow/v1/Actor.js';

export interface ListActorsResponse {
  'actors'?: (_actorworkflow_v1_Actor)[];
  /**
   * Empty on the last page.
   */
  'next_page_token'?: (string);
}

export interface ListActorsResponse__Output {
  'actors': (_actorworkflow_v1_Actor__Output)[];
  /**
   * Empty on the last page.
   */
  'next_page_token': (string);
}
