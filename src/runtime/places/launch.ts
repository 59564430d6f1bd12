// Whether a call asks for what runs already, and what to say when that is gone.

import { formatRef } from '../../actor/actor.js';
import type { CoordinatorError } from '../../errors.js';
import type { RestoreCall } from '../node-runtime.js';
import { runtimeFailed } from './failure.js';

/** Two calls of one origin ask for the same actor state: the same snapshot and spec. */
export function origin({ snapshot, spec }: RestoreCall): string {
  const env = Object.entries(spec.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([snapshot?.uri ?? '', spec.command, env, spec.image, spec.runtimeOptions ?? {}]);
}

/** The LOCAL snapshot that a call asks for is gone; only an older, DURABLE one can bring the actor back. */
export function lost({ actor, snapshot }: RestoreCall, why: string): CoordinatorError {
  const uri = snapshot?.uri ?? '';
  return runtimeFailed('DATA_LOSS', `the LOCAL snapshot ${uri} of actor ${formatRef(actor)} is not here: ${why}`);
}
