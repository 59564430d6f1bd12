// Requests from the wire to the domain: everything goes through the codec first,
// so that what is checked is what a hostile client can really send.

import { describe, expect, it } from 'vitest';
import { CoordinatorError } from '../../src/errors.js';
import type { CreateActorRequest } from '../../src/generated/actorworkflow/v1/CreateActorRequest.js';
import type { RegisterWorkerRequest } from '../../src/generated/actorworkflow/v1/RegisterWorkerRequest.js';
import type { ResumeRequest } from '../../src/generated/actorworkflow/v1/ResumeRequest.js';
import { encodeSpec } from '../../src/rpc/encode.js';
import { encodePageToken, pageSize, pageToken } from '../../src/rpc/page.js';
import { actorRegistryDefinition, actorWorkflowDefinition, workerRegistryDefinition } from '../../src/rpc/proto.js';
import { validate, type Violations } from '../../src/rpc/validate.js';
import { newActor } from '../../src/rpc/validate-actor.js';
import { newWorker } from '../../src/rpc/validate-worker.js';
import { resumeRequest } from '../../src/rpc/validate-workflow.js';

const ref = { namespace: 'ns', name: 'a' };
const MAX_MS = 300_000;

function resume(request: ResumeRequest, deadlineAtMs?: number): ReturnType<typeof resumeRequest> {
  const { requestSerialize, requestDeserialize } = actorWorkflowDefinition.Resume;
  const context = deadlineAtMs === undefined ? {} : { deadlineAtMs };
  return resumeRequest(requestDeserialize(requestSerialize(request)), context, MAX_MS);
}

function create(request: CreateActorRequest): ReturnType<typeof newActor> {
  const { requestSerialize, requestDeserialize } = actorRegistryDefinition.CreateActor;
  return newActor(requestDeserialize(requestSerialize(request)));
}

function register(request: RegisterWorkerRequest): ReturnType<typeof newWorker> {
  const { requestSerialize, requestDeserialize } = workerRegistryDefinition.RegisterWorker;
  return newWorker(requestDeserialize(requestSerialize(request)));
}

/** `field: description` of every violation. */
function refusals(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    expect(error.reason).toBe('INVALID_ARGUMENT');
    return error.violations.map(({ field, description }) => `${field}: ${description}`);
  }
  return [];
}

const fields = (run: () => unknown): string[] => refusals(run).map((text) => text.slice(0, text.indexOf(':')));

describe('an actor that is named', () => {
  it.each([
    'a b',
    'a:b',
    '{a}',
    'a\n',
    'a\0',
    'A',
    'é',
    '-a',
    'a-',
    'a.b',
    'a/b',
    'a'.repeat(64),
    'a'.repeat(100_000),
    '',
  ])('%j is refused by name, in both parts', (name) => {
    expect(fields(() => resume({ actor: { namespace: 'ns', name } }))).toEqual(['actor.name']);
    expect(fields(() => resume({ actor: { namespace: name, name: 'a' } }))).toEqual(['actor.namespace']);
  });

  it('with bytes that are not UTF-8 is refused by name', () => {
    const { requestDeserialize } = actorWorkflowDefinition.Resume;
    // actor { namespace: "a", name: 0xff 0xfe }
    const wire = Buffer.from([0x0a, 7, 0x0a, 1, 0x61, 0x12, 2, 0xff, 0xfe]);
    expect(fields(() => resumeRequest(requestDeserialize(wire), {}, MAX_MS))).toEqual(['actor.name']);
  });

  it('not at all is refused with what is missing', () => {
    expect(refusals(() => resume({}))).toEqual(['actor: got nothing; expected an ActorRef with namespace and name']);
  });

  it.each(['a', '0', 'a-1', 'a'.repeat(63)])('%j is taken', (name) => {
    expect(resume({ actor: { namespace: name, name } })).toEqual({
      actor: { namespace: name, name },
      boot: false,
      leaseEvents: false,
    });
  });
});

describe('options', () => {
  it('that are right are taken', () => {
    const options = { deadline: { seconds: 1, nanos: 500_000_000 }, lease_events: true, on_disconnect: 1 } as const;
    expect(resume({ actor: ref, boot: true, options }, 77)).toEqual({
      actor: ref,
      boot: true,
      deadlineMs: 1500,
      leaseEvents: true,
      callerDeadlineAtMs: 77,
    });
    expect(resume({ actor: ref, options: { deadline: { seconds: 300 } } }).deadlineMs).toBe(MAX_MS);
  });

  it.each([
    ['zero', {}, '"0s"'],
    ['negative', { seconds: -5 }, '"-5s"'],
    ['too long', { seconds: 300, nanos: 1 }, '"300.000000001s"'],
    ['huge', { seconds: '9223372036854775807' }, '"9223372036854775807s and 0 nanos"'],
    ['of two signs', { seconds: 1, nanos: -1 }, '"1s and -1 nanos"'],
    ['of too many nanos', { nanos: 1_000_000_000 }, '"0s and 1000000000 nanos"'],
  ])('with a deadline that is %s are refused with what it was and the most it may be', (_, deadline, shown) => {
    expect(refusals(() => resume({ actor: ref, options: { deadline } }))).toEqual([
      `options.deadline: got ${shown}; expected a duration above 0s and at most 5m, this replica's limit`,
    ]);
  });

  it('that are not supported yet are refused together with everything else that is wrong', () => {
    const options = { lease_wait: {}, join: true, on_disconnect: 2, deadline: { seconds: -1 } } as const;
    expect(fields(() => resume({ actor: { namespace: '', name: '' }, options, worker_wait: {} })).sort()).toEqual([
      'actor.name',
      'actor.namespace',
      'options.deadline',
      'options.join',
      'options.lease_wait',
      'options.on_disconnect',
      'worker_wait',
    ]);
  });

  it('with an enum number that nobody knows are refused with that number', () => {
    const [refusal] = refusals(() => resume({ actor: ref, options: { on_disconnect: 99 as 2 } }));
    expect(refusal).toMatch(/^options\.on_disconnect: got 99; expected DISCONNECT_POLICY_CANCEL/);
  });
});

describe('a new actor', () => {
  const spec = {
    command: ['run', ''],
    env: { A: 'b=c', __proto__x: '' },
    image: 'registry.example/x:1@sha256:0',
    runtimeOptions: { a: null, b: [1, 'x', { c: true }, []], d: {}, ['__proto__']: 'own' },
  };

  it('keeps its spec as it was given, on the wire and back', () => {
    expect(create({ actor: ref, spec: encodeSpec(spec) })).toEqual({ ref, pool: 'default', spec });
  });

  it('without a spec gets an empty one', () => {
    expect(create({ actor: ref, pool: 'p' })).toEqual({ ref, pool: 'p', spec: { command: [], env: {}, image: '' } });
  });

  it.each<[string, NonNullable<CreateActorRequest['spec']>]>([
    ['spec.command[0]', { command: [''] }],
    ['spec.command[1]', { command: ['a', 'b\0'] }],
    ['spec.env', { env: { 'A=B': '' } }],
    ['spec.env', { env: { '': '' } }],
    ['spec.env', { env: { A: '\0' } }],
    ['spec.image', { image: 'a b' }],
    ['spec.image', { image: 'a'.repeat(513) }],
    ['spec.runtime_options', { runtime_options: { fields: { a: { numberValue: NaN } } } }],
    ['spec.runtime_options', { runtime_options: { fields: { a: {} } } }],
    ['spec', { command: ['a', 'x'.repeat(65_536)] }],
  ])('with a wrong %s is refused', (field, wrong) => {
    expect(fields(() => create({ actor: ref, spec: wrong }))).toEqual([field]);
  });

  it('with a secret in a wrong variable is refused without telling it', () => {
    expect(refusals(() => create({ actor: ref, spec: { env: { TOKEN: 'hunter2\0' } } })).join()).not.toContain(
      'hunter2',
    );
  });

  it('with 10,000 wrong entries is refused with 20 of them', () => {
    const command = Array.from({ length: 10_000 }, () => '\0');
    expect(refusals(() => create({ actor: ref, spec: { command } })).length).toBe(20);
  });

  it('starts from a golden snapshot in durable storage', () => {
    const snapshot = { uri: 's3://bucket/golden/', size_bytes: 7, create_time: { seconds: 1, nanos: 5_000_000 } };
    expect(create({ actor: ref, snapshot }).snapshot).toEqual({
      uri: 's3://bucket/golden/',
      location: 'DURABLE',
      node: '',
      workflowId: '',
      sizeBytes: 7,
      createTimeMs: 1005,
    });
  });

  it.each<[string, NonNullable<CreateActorRequest['snapshot']>]>([
    ['snapshot.uri', {}],
    ['snapshot.uri', { uri: 'no-scheme/x' }],
    ['snapshot.uri', { uri: `s3://b/${'x'.repeat(2048)}` }],
    ['snapshot.location', { uri: 's3://b/', location: 'SNAPSHOT_LOCATION_LOCAL' }],
    ['snapshot.location', { uri: 's3://b/', location: 9 as 1 }],
    ['snapshot.size_bytes', { uri: 's3://b/', size_bytes: '18446744073709551615' }],
  ])('with a wrong %s is refused', (field, snapshot) => {
    expect(fields(() => create({ actor: ref, snapshot }))).toEqual([field]);
  });
});

describe('a worker', () => {
  const worker = { name: 'w' };

  it.each([
    'dns:///node-1.example:8085',
    'dns://8.8.8.8:53/node:1',
    'node-1:8085',
    '127.0.0.1:1',
    '[::1]:65535',
    'ipv4:10.0.0.1:80',
    'ipv6:[2001:db8::1]:80',
    'unix:///run/node.sock',
    'unix:/run/node.sock',
  ])('at %s is taken', (address) => {
    expect(register({ worker, runtime_address: address, node: 'MacBook_Pro.local' })).toEqual({
      ref: { pool: 'default', name: 'w' },
      runtimeAddress: address,
      node: 'MacBook_Pro.local',
    });
  });

  it.each([
    '',
    'node-1',
    'node-1:0',
    'node-1:65536',
    ':8085',
    'http://node-1:8085',
    'dns:///node-1',
    'unix://relative',
    `unix:///${'x'.repeat(107)}`,
    'a b:1',
    'a\n:1',
    'xds:///x:1',
  ])('at %j is refused', (address) => {
    expect(fields(() => register({ worker, runtime_address: address, node: 'n' }))).toEqual(['runtime_address']);
  });

  it('without anything is refused with all that is missing', () => {
    expect(fields(() => register({}))).toEqual(['worker', 'runtime_address', 'node']);
    const wrong = { worker: { pool: 'A', name: '' }, runtime_address: 'a:1', node: '-' };
    expect(fields(() => register(wrong))).toEqual(['worker.pool', 'worker.name', 'node']);
  });
});

describe('a page', () => {
  const tokenOf = (listing: string, token: string): string =>
    validate((violations: Violations) => pageToken(violations, 'page_token', listing, token));
  const sizeOf = (size: number): number => validate((violations) => pageSize(violations, 'page_size', size));

  it.each([
    [0, 100],
    [1, 1],
    [1000, 1000],
  ])('of size %i has %i entries', (size, entries) => expect(sizeOf(size)).toBe(entries));

  it.each([-1, 1001, -(2 ** 31)])('of size %i is refused', (size) =>
    expect(fields(() => sizeOf(size))).toEqual(['page_size']),
  );

  it('starts where its token says, and at the start without one', () => {
    expect(tokenOf('actors/ns', encodePageToken('actors/ns', 'a-7'))).toBe('a-7');
    expect(tokenOf('actors/ns', '')).toBe('');
  });

  it('with a token of another listing is refused', () => {
    const token = encodePageToken('actors/ns', 'a');
    for (const listing of ['actors/other', 'workers/ns', 'actors/n']) {
      expect(fields(() => tokenOf(listing, token))).toEqual(['page_token']);
    }
  });

  it('with a token of which any character is changed, missing or added is refused', () => {
    const token = encodePageToken('actors/ns', 'abc');
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      for (const damaged of [
        token.slice(0, at) + other + token.slice(at + 1),
        token.slice(0, at) + token.slice(at + 1),
      ]) {
        expect(fields(() => tokenOf('actors/ns', damaged))).toEqual(['page_token']);
      }
    }
    for (const wrong of [`${token}A`, `${token}=`, ` ${token}`, 'x'.repeat(100_000), '\0', 'null']) {
      expect(fields(() => tokenOf('actors/ns', wrong))).toEqual(['page_token']);
    }
  });
});
