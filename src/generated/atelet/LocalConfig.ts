// Original file: proto/atelet/atelet.proto


export interface LocalConfig {
  'snapshot_prefix'?: (string);
}

export interface LocalConfig__Output {
  'snapshot_prefix': (string);
}
