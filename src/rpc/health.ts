// The standard health service. The empty name and each service follow
// readiness: Redis answers and the replica is not draining. `liveness` follows
// the process alone, so that a Redis that is down restarts nobody.

import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The name to ask for in a liveness probe. */
export const LIVENESS = 'liveness';

export class Health {
  readonly #implementation: HealthImplementation;
  readonly #services: readonly string[];

  /** @param services the full names of what is served */
  constructor(services: readonly string[]) {
    this.#services = ['', ...services];
    this.#implementation = new HealthImplementation({ [LIVENESS]: 'SERVING' });
    this.setReady(false);
  }

  setReady(ready: boolean): void {
    for (const service of this.#services) {
      this.#implementation.setStatus(service, ready ? 'SERVING' : 'NOT_SERVING');
    }
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }
}
