// Original file: proto/atelet/atelet.proto

import type { EnvVar as _atelet_EnvVar, EnvVar__Output as _atelet_EnvVar__Output } from '../atelet/EnvVar.js';
import type { Probe as _atelet_Probe, Probe__Output as _atelet_Probe__Output } from '../atelet/Probe.js';

export interface Container {
  'name'?: (string);
  'image'?: (string);
  'command'?: (string)[];
  'env'?: (_atelet_EnvVar)[];
  'readyz'?: (_atelet_Probe | null);
}

export interface Container__Output {
  'name': (string);
  'image': (string);
  'command': (string)[];
  'env': (_atelet_EnvVar__Output)[];
  'readyz': (_atelet_Probe__Output | null);
}
