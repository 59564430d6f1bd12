// Original file: proto/atelet/atelet.proto

import type { Container as _atelet_Container, Container__Output as _atelet_Container__Output } from '../atelet/Container.js';

export interface WorkloadSpec {
  'containers'?: (_atelet_Container)[];
  'pause_image'?: (string);
}

export interface WorkloadSpec__Output {
  'containers': (_atelet_Container__Output)[];
  'pause_image': (string);
}
