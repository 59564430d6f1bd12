// What people do when they lose their patience, and that it ends with a reason
// of the closed set too.

import { formatRef, type ActorRef, type WorkerRef } from '../../src/actor/actor.js';
import { CoordinatorError } from '../../src/errors.js';
import type { KnownActors } from './known-actors.js';
import type { Replica } from './replica.js';
import type { Violate } from './violation.js';
import type { World } from './world.js';

export interface OperatorOptions {
  readonly world: World;
  readonly violate: Violate;
  readonly known: KnownActors;
  readonly actors: readonly ActorRef[];
  readonly workers: readonly WorkerRef[];
  readonly pickReplica: () => Replica | undefined;
  readonly create: (actor: ActorRef) => void;
}

const ACTS = ['release', 'delete', 'force delete', 'deregister', 'force deregister'] as const;

/** Somebody needs a deleted actor again after this, at most. */
const MISSED_WITHIN_MS = 5000;

export function operate({ world, violate, known, actors, workers, pickReplica, create }: OperatorOptions): void {
  const { random } = world;
  const replica = pickReplica();
  const actor = random.pick(actors);
  const worker = random.pick(workers);
  if (replica === undefined || actor === undefined || worker === undefined) return;
  const act = random.pick(ACTS);
  const name = formatRef(actor);
  world.note('operator', () => `${act}, of ${name} or ${worker.name}, at ${replica.name}`);
  world.count(`operator: ${act}`);
  const work = async (): Promise<void> => {
    switch (act) {
      case 'release':
        await replica.actors.forceRelease(actor, 'it hangs');
        return;
      case 'delete':
        await replica.deleteActor(actor, false);
        break;
      case 'force delete':
        known.of(name).isForced = true;
        await replica.deleteActor(actor, true);
        break;
      case 'deregister':
      case 'force deregister':
        await replica.workers.deregister(worker, act === 'force deregister');
    }
  };
  replica.process.deliver(() => {
    work().catch((error: unknown) => {
      if (error instanceof CoordinatorError && error.reason !== 'INTERNAL') return;
      violate('P4 a reason of the closed set', `${act} ended with ${String(error)}`);
    });
  });
  if (act.endsWith('delete')) world.after(random.between(100, MISSED_WITHIN_MS), () => create(actor));
}
