// The agents on the nodes: each registers its workers again and again, with
// what they run, at whichever replica answers.

import type { SimulatedNode } from './node.js';
import type { Replica } from './replica.js';
import type { World } from './world.js';

export interface SimulatedWorker {
  readonly pool: string;
  readonly name: string;
  readonly node: SimulatedNode;
}

/** Sooner where workers expire, so that they do in the time that a seed has. */
const EVERY_MS = { expiring: 3000, staying: 8000 };

/** A node that is away for longer than this is taken out of service, if its workers expire at all. */
const TTL_MS = 2.5 * EVERY_MS.expiring;

/** @param expires whether the workers are registered for a time only */
export function keepRegistered(
  world: World,
  { pool, name, node }: SimulatedWorker,
  expires: boolean,
  pickReplica: () => Replica | undefined,
): void {
  const everyMs = expires ? EVERY_MS.expiring : EVERY_MS.staying;
  const register = (): void => {
    world.after(everyMs * world.random.between(0.5, 1), register);
    const replica = pickReplica();
    if (replica === undefined || !node.isAnswering) return;
    const [namespace, actor] = node.runningOn(name)?.actor.split('/') ?? [];
    const running = namespace === undefined || actor === undefined ? undefined : { namespace, name: actor };
    const worker = {
      ref: { pool, name },
      runtimeAddress: node.name,
      node: node.name,
      ...(expires && { ttlMs: TTL_MS }),
    };
    world.after(world.random.skewed(0.1, 5), () => {
      replica.process.deliver(() => {
        // Redis is away: it registers again before long.
        replica.registerWorker(worker, running).catch(() => undefined);
      });
    });
  };
  register();
}
