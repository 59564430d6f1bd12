// Original file: proto/actorworkflow/v1/actor.proto


/**
 * ActorRef names an actor. Both parts are DNS-1123 labels.
 */
export interface ActorRef {
  'namespace'?: (string);
  'name'?: (string);
}

/**
 * ActorRef names an actor. Both parts are DNS-1123 labels.
 */
export interface ActorRef__Output {
  'namespace': (string);
  'name': (string);
}
