// Original file: proto/atelet/atelet.proto


export interface HttpGet {
  'path'?: (string);
  'port'?: (number);
}

export interface HttpGet__Output {
  'path': (string);
  'port': (number);
}
