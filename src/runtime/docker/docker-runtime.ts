// A node runtime whose actors are containers of a Docker engine. What it
// guarantees beside the contract: actors, paused ones too, outlive the runtime's
// restart with their memory and address. It cannot outlive the engine's: a
// container that ends with it has crashed.

import { PlacedRuntime, type PlacedRuntimeOptions } from '../places/placed-runtime.js';
import { containers } from './containers.js';
import { Engine } from './engine.js';

export interface DockerRuntimeOptions extends PlacedRuntimeOptions {
  /** As DOCKER_HOST. */
  readonly host: string;
  /** An IP address of this machine at which actors are reached. */
  readonly publishIp: string;
}

/** @throws INVALID_ARGUMENT naming the option, RUNTIME_UNAVAILABLE where no engine answers; as `PlacedRuntime.open` */
export async function openDockerRuntime(options: DockerRuntimeOptions): Promise<PlacedRuntime> {
  const { host, publishIp, clock, stopGraceMs = 0 } = options;
  const engine = new Engine(host, stopGraceMs);
  await engine.call('looking for it', (docker) => docker.ping());
  return await PlacedRuntime.open(containers(engine, publishIp, clock), options);
}
