// Original file: proto/google/rpc/error_details.proto


/**
 * Why the call failed, for programs.
 */
export interface ErrorInfo {
  /**
   * An actorworkflow.v1.ErrorReason name without its ERROR_REASON_ prefix.
   */
  'reason'?: (string);
  /**
   * "actorworkflow.v1".
   */
  'domain'?: (string);
  'metadata'?: ({[key: string]: string});
}

/**
 * Why the call failed, for programs.
 */
export interface ErrorInfo__Output {
  /**
   * An actorworkflow.v1.ErrorReason name without its ERROR_REASON_ prefix.
   */
  'reason': (string);
  /**
   * "actorworkflow.v1".
   */
  'domain': (string);
  'metadata': ({[key: string]: string});
}
