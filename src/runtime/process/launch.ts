// What a program was started from and with: for starting it once more, and for
// telling whether a call asks for what runs already.

import { formatRef } from '../../actor/actor.js';
import type { CoordinatorError } from '../../errors.js';
import type { RestoreCall } from '../node-runtime.js';
import { runtimeFailed } from './failure.js';
import type { ReadyCheck } from './runtime-options.js';

export interface Launch {
  readonly call: RestoreCall;
  readonly check: ReadyCheck;
  readonly port: number;
}

export function addressOf({ port }: Launch): string {
  return `127.0.0.1:${String(port)}`;
}

export function environmentOf({ call, port }: Launch): Readonly<Record<string, string>> {
  const { actor, spec } = call;
  return { ...spec.env, PORT: String(port), ACTOR_NAMESPACE: actor.namespace, ACTOR_NAME: actor.name };
}

/** Two calls of one origin ask for the same actor state: the same snapshot and spec. */
export function origin({ snapshot, spec }: RestoreCall): string {
  const env = Object.entries(spec.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([snapshot?.uri ?? '', spec.command, env, spec.runtimeOptions ?? {}]);
}

/** The LOCAL snapshot that a call asks for is gone; only an older, DURABLE one can bring the actor back. */
export function lost({ actor, snapshot }: RestoreCall, why: string): CoordinatorError {
  const uri = snapshot?.uri ?? '';
  return runtimeFailed('DATA_LOSS', `the LOCAL snapshot ${uri} of actor ${formatRef(actor)} is not here: ${why}`);
}
