// Original file: proto/atelet/atelet.proto


export interface ExternalConfig {
  'snapshot_uri_prefix'?: (string);
}

export interface ExternalConfig__Output {
  'snapshot_uri_prefix': (string);
}
