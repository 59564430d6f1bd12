// The service of a Substrate node agent, loaded when an adapter to one is opened.

import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import type { AteomHerderDefinition } from '../../generated/atelet/AteomHerder.js';

/** As the types in src/generated were made: see scripts/generate.mjs. */
const OPTIONS = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };

export function loadAteletDefinition(): AteomHerderDefinition {
  const proto = fileURLToPath(new URL('../../../proto/', import.meta.url));
  const loaded = loadSync('atelet/atelet.proto', { ...OPTIONS, includeDirs: [proto] });
  return loaded['atelet.AteomHerder'] as unknown as AteomHerderDefinition;
}
