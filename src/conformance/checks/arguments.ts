// Requests that no coordinator sends unless it is broken, or somebody else's.

import type { Check } from '../check.js';
import { expectOk, describe } from '../expect.js';
import type { Scene } from '../scene.js';

type Field = 'actor' | 'worker' | 'fencing_token';

/** Each of the three calls without the field. */
async function refusedWithout(scene: Scene, field: Field): Promise<void> {
  const { actor, worker } = scene;
  const whole = { actor, worker, fencing_token: scene.token(), workflow_id: 'conformance' };
  const request = { ...whole, [field]: undefined };
  const snapshot = { uri: scene.durable().uri, location: 'SNAPSHOT_LOCATION_DURABLE' as const };
  const { target } = scene.stage;
  const calls = [
    target.call('Restore', { ...request, spec: scene.encodedSpec() }),
    target.call('Checkpoint', { ...request, snapshot }),
    target.call('Stop', request),
  ];
  for (const { ended } of calls) {
    const answer = await ended;
    expectOk(
      answer.code === 'INVALID_ARGUMENT',
      `${answer.method} without ${field} to be INVALID_ARGUMENT`,
      describe(answer),
    );
  }
}

export const argumentsChecks: readonly Check[] = (['actor', 'worker', 'fencing_token'] as const).map((field) => ({
  id: `arguments/${field.replace('_', '-')}`,
  title: `a request without ${field} is INVALID_ARGUMENT`,
  contract: 'A request without an actor, a worker or a token is INVALID_ARGUMENT.',
  run: (scene) => refusedWithout(scene, field),
}));
