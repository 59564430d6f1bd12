// Domain values on the wire: through the real codec, since it drops misspelt
// keys and bad enum names without a word.

import { describe, expect, it } from 'vitest';
import type { Actor } from '../../src/actor/actor.js';
import { isReason } from '../../src/errors.js';
import { ErrorReason } from '../../src/generated/actorworkflow/v1/ErrorReason.js';
import { encodeActor, encodeEvent, encodeWorker } from '../../src/rpc/encode.js';
import { actorRegistryDefinition, actorWorkflowDefinition, workerRegistryDefinition } from '../../src/rpc/proto.js';
import { codeOf } from '../../src/rpc/status.js';
import { fromStruct } from '../../src/rpc/struct.js';
import { formatDuration, fromDuration, toDuration, toTimestamp } from '../../src/rpc/time.js';
import type { WorkflowFact } from '../../src/workflow/event.js';

const TIME_MS = 1_700_000_000_123;
const TIME = { seconds: '1700000000', nanos: 123_000_000 };
const TOKEN = 1_763_974_800_000_001;
const ref = { namespace: 'ns', name: 'a' };

const snapshot = {
  uri: 's3://b/1',
  location: 'DURABLE',
  node: 'n',
  workflowId: 'wf-1',
  createTimeMs: TIME_MS,
  sizeBytes: 5_000_000_000,
} as const;
const actor: Actor = {
  ref,
  state: 'SUSPENDING',
  version: 7,
  spec: { command: ['run'], env: { A: 'b' }, image: 'i' },
  pool: 'p',
  worker: { pool: 'p', name: 'w', node: 'n', runtimeAddress: 'n:1' },
  latestSnapshot: snapshot,
  pendingSnapshot: { uri: 's3://b/2', location: 'LOCAL', node: 'n', workflowId: 'wf-2', sizeBytes: 0 },
  fencingToken: TOKEN,
  lastFailure: { workflowId: 'wf-0', step: 'restore', reason: 'LEASE_LOST', message: 'gone', timeMs: TIME_MS },
  createTimeMs: TIME_MS,
  updateTimeMs: TIME_MS + 0.5,
};
const wireActor = {
  ref,
  state: 'ACTOR_STATE_SUSPENDING',
  version: '7',
  spec: { command: ['run'], env: { A: 'b' }, image: 'i', runtime_options: null },
  pool: 'p',
  worker: { pool: 'p', name: 'w' },
  latest_snapshot: {
    uri: 's3://b/1',
    location: 'SNAPSHOT_LOCATION_DURABLE',
    node: 'n',
    workflow_id: 'wf-1',
    create_time: TIME,
    size_bytes: '5000000000',
  },
  pending_snapshot: {
    uri: 's3://b/2',
    location: 'SNAPSHOT_LOCATION_LOCAL',
    node: 'n',
    workflow_id: 'wf-2',
    create_time: null,
    size_bytes: '0',
  },
  fencing_token: String(TOKEN),
  last_failure: { workflow_id: 'wf-0', step: 'restore', reason: 'LEASE_LOST', message: 'gone', time: TIME },
  create_time: TIME,
  update_time: { seconds: '1700000000', nanos: 123_500_000 },
};

function event(fact: WorkflowFact): object {
  const { responseSerialize, responseDeserialize } = actorWorkflowDefinition.Resume;
  return responseDeserialize(responseSerialize(encodeEvent({ workflowId: 'wf', sequence: 3, timeMs: TIME_MS, fact })));
}

describe('an actor', () => {
  const { responseSerialize, responseDeserialize } = actorRegistryDefinition.GetActor;
  const roundTrip = (one: Actor): object => responseDeserialize(responseSerialize(encodeActor(one)));

  it('arrives whole', () => expect(roundTrip(actor)).toMatchObject(wireActor));

  it('of which little is known leaves the rest unset', () => {
    const { createTimeMs, updateTimeMs, fencingToken } = actor;
    const { state, version, spec, pool } = actor;
    const bare: Actor = { ref, state, version, spec, pool, fencingToken, createTimeMs, updateTimeMs };
    const unset = { worker: null, latest_snapshot: null, pending_snapshot: null, last_failure: null };
    expect(roundTrip(bare)).toMatchObject({ ...wireActor, ...unset });
  });

  it.each(['SUSPENDED', 'RESUMING', 'RUNNING', 'SUSPENDING', 'PAUSING', 'PAUSED', 'CRASHED'] as const)(
    'says that it is %s',
    (state) => expect(roundTrip({ ...actor, state })).toMatchObject({ state: `ACTOR_STATE_${state}` }),
  );
});

it('the options of a runtime arrive as the JSON that they were', () => {
  const { responseSerialize, responseDeserialize } = actorRegistryDefinition.GetActor;
  const runtimeOptions = { n: null, t: true, x: 1.5, s: 'ü🦊', l: [1, ['2'], {}], o: { o: {} }, z: 0, e: '', f: false };
  const message = encodeActor({ ...actor, spec: { ...actor.spec, runtimeOptions } });
  const { spec } = responseDeserialize(responseSerialize(message));
  expect(spec?.runtime_options && fromStruct(spec.runtime_options)).toEqual(runtimeOptions);
});

it('a worker arrives whole, claimed or free', () => {
  const { responseSerialize, responseDeserialize } = workerRegistryDefinition.RegisterWorker;
  const worker = { ref: { pool: 'p', name: 'w' }, runtimeAddress: 'n:1', node: 'n', fencingToken: 0 };
  const free = { ref: worker.ref, runtime_address: 'n:1', node: 'n', actor: null, fencing_token: '0' };
  expect(responseDeserialize(responseSerialize(encodeWorker(worker)))).toMatchObject(free);
  const claimed = { ...worker, actor: ref, fencingToken: TOKEN };
  expect(responseDeserialize(responseSerialize(encodeWorker(claimed)))).toMatchObject({
    ...free,
    actor: ref,
    fencing_token: String(TOKEN),
  });
});

describe('an event', () => {
  const lease = { holder: 'replica-a', fencingToken: TOKEN, ttlMs: 1500, acquireTimeMs: TIME_MS };
  const started = { type: 'started', kind: 'SUSPEND', actor: ref, steps: ['load_actor', 'checkpoint'] } as const;
  const wireStarted = { kind: 'WORKFLOW_KIND_SUSPEND', actor: ref, steps: [...started.steps], deadline: TIME };
  const unpack = { phase: 'unpack', done: 1, total: 2, unit: 'bytes', message: 'm' };

  it.each<[WorkflowFact, string, object]>([
    [
      { ...started, deadlineMs: TIME_MS, lease },
      'started',
      {
        ...wireStarted,
        lease: {
          holder: 'replica-a',
          fencing_token: String(TOKEN),
          ttl: { seconds: '1', nanos: 500_000_000 },
          acquire_time: TIME,
        },
      },
    ],
    [{ ...started, deadlineMs: TIME_MS }, 'started', { ...wireStarted, lease: null }],
    [{ type: 'step_started', step: 's', attempt: 2 }, 'step_started', { step: 's', attempt: 2 }],
    [
      { type: 'step_progress', step: 's', progress: unpack },
      'step_progress',
      { step: 's', phase: 'unpack', done: '1', total: '2', unit: 'bytes', message: 'm' },
    ],
    [
      { type: 'step_retrying', step: 's', attempt: 1, delayMs: 250.5, error: 'e' },
      'step_retrying',
      { step: 's', attempt: 1, delay: { seconds: '0', nanos: 250_500_000 }, error: 'e' },
    ],
    [
      { type: 'step_completed', step: 's', skipped: true, durationMs: 0 },
      'step_completed',
      { step: 's', skipped: true, duration: { seconds: '0', nanos: 0 } },
    ],
    [
      { type: 'lease_renewed', renewals: 4, expireTimeMs: TIME_MS },
      'lease_renewed',
      { renewals: '4', expire_time: TIME },
    ],
    [
      { type: 'failed', reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS', message: 'torn', step: 'restore' },
      'failed',
      { code: 15, reason: 'ERROR_REASON_RUNTIME_FAILED', message: 'torn', step: 'restore' },
    ],
    [
      { type: 'failed', reason: 'STALE_FENCING_TOKEN', message: 'old', step: '' },
      'failed',
      { code: 9, reason: 'ERROR_REASON_STALE_FENCING_TOKEN', message: 'old', step: '' },
    ],
  ])('%j arrives as `%s`', (fact, name, body) => {
    expect(event(fact)).toEqual({ workflow_id: 'wf', sequence: '3', time: TIME, event: name, [name]: body });
  });

  it('that it failed has every reason of the API, with the code that the stream ends with', () => {
    const names = Object.keys(ErrorReason).filter((name) => name !== 'ERROR_REASON_UNSPECIFIED');
    expect(names.length).toBeGreaterThanOrEqual(18);
    for (const name of names) {
      const reason = name.replace('ERROR_REASON_', '');
      if (!isReason(reason)) throw new Error(`errors.ts does not have ${reason}`);
      const failed = { code: codeOf(reason), reason: name, message: '', step: '' };
      expect(event({ type: 'failed', reason, message: '', step: '' })).toMatchObject({ event: 'failed', failed });
    }
  });

  it('that a workflow completed carries the actor', () => {
    expect(event({ type: 'completed', actor, durationMs: 1 })).toMatchObject({
      event: 'completed',
      completed: { actor: wireActor, duration: { seconds: '0', nanos: 1_000_000 } },
    });
  });
});

describe('a time', () => {
  it.each([
    [0, { seconds: 0, nanos: 0 }],
    [0.000001, { seconds: 0, nanos: 1 }],
    [999.9999999, { seconds: 1, nanos: 0 }],
    [1999.999999, { seconds: 1, nanos: 999_999_999 }],
    [300_000, { seconds: 300, nanos: 0 }],
    // A clock that was set back between two readings must not make an invalid message.
    [-5, { seconds: 0, nanos: 0 }],
  ])('span of %d ms is %j, and back', (ms, duration) => {
    expect(toDuration(ms)).toEqual(duration);
    const back = fromDuration({ seconds: String(duration.seconds), nanos: duration.nanos });
    expect(back).toBeCloseTo(Math.max(0, ms), 5);
  });

  it('before 1970 counts its nanos forward, as timestamp.proto says', () => {
    expect(toTimestamp(-1)).toEqual({ seconds: -1, nanos: 999_000_000 });
  });

  it.each([
    [300_000, '5m'],
    [90_000, '90s'],
    [1500, '1.5s'],
    [250, '250ms'],
    [0, '0ms'],
  ])('span of %i ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});
