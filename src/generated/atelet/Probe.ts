// Original file: proto/atelet/atelet.proto

import type { HttpGet as _atelet_HttpGet, HttpGet__Output as _atelet_HttpGet__Output } from '../atelet/HttpGet.js';

export interface Probe {
  'http_get'?: (_atelet_HttpGet | null);
}

export interface Probe__Output {
  'http_get': (_atelet_HttpGet__Output | null);
}
