// What requests may say. Each goes through the real codec first, since that is
// what decides how unset, unknown and damaged fields arrive.

import { describe, expect, it } from 'vitest';
import { CoordinatorError, type FieldViolation } from '../../src/errors.js';
import type { CreateActorRequest } from '../../src/generated/actorworkflow/v1/CreateActorRequest.js';
import type { RegisterWorkerRequest } from '../../src/generated/actorworkflow/v1/RegisterWorkerRequest.js';
import type { ResumeRequest } from '../../src/generated/actorworkflow/v1/ResumeRequest.js';
import type { Value } from '../../src/generated/google/protobuf/Value.js';
import { encodePageToken, pageSize, pageToken } from '../../src/rpc/page.js';
import { actorRegistryDefinition, actorWorkflowDefinition, workerRegistryDefinition } from '../../src/rpc/proto.js';
import { toStruct } from '../../src/rpc/struct.js';
import { safeInteger, validate, Violations } from '../../src/rpc/validate.js';
import { newActor } from '../../src/rpc/validate-actor.js';
import { isRuntimeAddress, registration } from '../../src/rpc/validate-worker.js';
import { resumeRequest } from '../../src/rpc/validate-workflow.js';
import type { NewActor } from '../../src/store/registry.js';

const actor = { namespace: 'ns', name: 'a' };
const worker = { pool: 'default', name: 'w' };

function create(request: CreateActorRequest): NewActor {
  const { requestSerialize, requestDeserialize } = actorRegistryDefinition.CreateActor;
  return newActor(requestDeserialize(requestSerialize({ actor, ...request })));
}

function register(request: RegisterWorkerRequest) {
  const { requestSerialize, requestDeserialize } = workerRegistryDefinition.RegisterWorker;
  return registration(requestDeserialize(requestSerialize(request))).worker;
}

function resume(request: ResumeRequest) {
  const { requestSerialize, requestDeserialize } = actorWorkflowDefinition.Resume;
  return resumeRequest(requestDeserialize(requestSerialize({ actor, ...request })), {}, 300_000);
}

/** What is said to be wrong; nothing where it gets past. */
function violationsOf(check: () => unknown): readonly FieldViolation[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    expect(error.reason).toBe('INVALID_ARGUMENT');
    expect(error.maybeDone).toBe(false);
    for (const { field, description } of error.violations) {
      expect(description).toMatch(/^got .*; expected .+/s);
      expect(error.message).toContain(`${field}: ${description}`);
      expect(description.length).toBeLessThan(300);
    }
    return error.violations;
  }
}

const fieldsOf = (check: () => unknown): readonly string[] => violationsOf(check).map(({ field }) => field);

describe('a workload spec', () => {
  it('is taken as it is, in every script, and unset is empty', () => {
    const spec = { command: ['node', 'x y', '', '--größe=文'], env: { A: '', Ä: '🦊\n', a_b: '=' }, image: 'r/x:1' };
    expect(create({ spec }).spec).toEqual(spec);
    expect(create({}).spec).toEqual({ command: [], env: {}, image: '' });
    expect(create({}).pool).toBe('default');
  });

  it.each<[string, CreateActorRequest['spec'], readonly string[]]>([
    ['an empty program', { command: [''] }, ['spec.command[0]']],
    ['NUL in an argument', { command: ['a', 'b\0c'] }, ['spec.command[1]']],
    ['bytes that are not UTF-8', { command: ['a', '\ud800'] }, ['spec.command[1]']],
    ['an empty name in env', { env: { '': 'x' } }, ['spec.env']],
    ['"=" in a name', { env: { 'A=B': 'x' } }, ['spec.env']],
    ['NUL in a name', { env: { 'A\0': 'x' } }, ['spec.env']],
    ['NUL in a value', { env: { A: 'secret\0' } }, ['spec.env']],
    ['an image with a space', { image: 'a b' }, ['spec.image']],
    ['an image with a line break', { image: 'a\n' }, ['spec.image']],
    ['an image that is too long', { image: 'a'.repeat(513) }, ['spec.image']],
    ['more than 64 KiB', { command: ['a'.repeat(70_000)] }, ['spec']],
    ['more than 64 KiB of other scripts', { env: { A: '文'.repeat(22_000) } }, ['spec']],
  ])('is refused with %s', (_, spec, fields) => {
    expect(fieldsOf(() => create({ spec: spec ?? null }))).toEqual(fields);
  });

  it('never has the value of a variable in an error, since it may be a secret', () => {
    const [violation] = violationsOf(() => create({ spec: { env: { TOKEN: 'hunter2\0' } } }));
    expect(violation?.description).toContain('TOKEN');
    expect(JSON.stringify(violation)).not.toContain('hunter2');
  });

  it('keeps names that mean something to JavaScript ordinary', () => {
    const env = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    const options = JSON.parse('{"__proto__": {"polluted": true}, "toString": 1}') as Record<string, unknown>;
    const { spec } = create({ spec: { env, runtime_options: toStruct(options) } });
    expect(JSON.stringify(spec.env)).toBe('{"__proto__":"x","constructor":"y"}');
    expect(JSON.stringify(spec.runtimeOptions)).toBe(JSON.stringify(options));
    expect('polluted' in {}).toBe(false);
  });
});

describe('runtime_options', () => {
  const withOptions = (fields: Record<string, Value>) => () => create({ spec: { runtime_options: { fields } } });
  /** `levels` objects inside each other. */
  const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nested(levels - 1) });

  it('come out as the JSON that went in', () => {
    const options = {
      n: null,
      t: true,
      f: false,
      z: 0,
      x: -1.5e300,
      s: '',
      l: [1, [], {}, ['ä']],
      o: { o: { '': 1 } },
    };
    expect(create({ spec: { runtime_options: toStruct(options) } }).spec.runtimeOptions).toEqual(options);
    expect(create({ spec: { runtime_options: {} } }).spec.runtimeOptions).toEqual({});
  });

  it.each<[string, Record<string, Value>]>([
    ['NaN', { a: { numberValue: NaN } }],
    ['an infinity', { a: { numberValue: -Infinity } }],
    ['a value without a kind', { a: {} }],
    ['text that is not UTF-8', { a: { stringValue: '\ud800' } }],
    ['a name that is not UTF-8', { '\ud800': { boolValue: true } }],
    ['NaN deep inside', { a: { listValue: { values: [{ structValue: { fields: { b: { numberValue: NaN } } } }] } } }],
    ['objects that are too deep', toStruct(nested(22)).fields ?? {}],
    [
      'lists that are too deep',
      {
        a: Array.from({ length: 20 }).reduce<Value>((inner) => ({ listValue: { values: [inner] } }), {
          boolValue: true,
        }),
      },
    ],
  ])('are refused with %s', (_, fields) => {
    expect(fieldsOf(withOptions(fields))).toEqual(['spec.runtime_options']);
  });

  it('as deep as they may be fit into every message that has them inside', () => {
    const { spec } = create({ spec: { runtime_options: toStruct(nested(20)) } });
    expect(spec.runtimeOptions).toEqual(nested(20));
    const { responseSerialize, responseDeserialize } = actorWorkflowDefinition.Resume;
    const message = { completed: { actor: { spec: { runtime_options: toStruct(spec.runtimeOptions ?? {}) } } } };
    const event = responseDeserialize(responseSerialize(message));
    expect(event.completed?.actor?.spec?.runtime_options?.fields).toHaveProperty('a');
    // As C++, Java and Python count: each entry of a map is a message as well. 100 is where they stop.
    expect(6 + 3 * 20).toBeLessThan(100);
  });

  it('have no form for what JSON has none for', () => {
    for (const value of [undefined, NaN, Infinity, () => 1, 1n, Symbol('s')]) {
      expect(() => toStruct({ value })).toThrow(TypeError);
    }
  });
});

describe('a snapshot', () => {
  it('is taken with everything unset that may be', () => {
    expect(create({ snapshot: { uri: 's3://b/p/' } }).snapshot).toEqual({
      uri: 's3://b/p/',
      location: 'DURABLE',
      node: '',
      workflowId: '',
      sizeBytes: 0,
    });
    const whole = {
      uri: 'file:///a%20b',
      location: 1,
      node: 'n',
      workflow_id: 'w',
      size_bytes: '9007199254740991',
      create_time: { seconds: '253402300799', nanos: 999_999_999 },
    } as const;
    expect(create({ snapshot: whole }).snapshot).toMatchObject({
      sizeBytes: Number.MAX_SAFE_INTEGER,
      createTimeMs: 253_402_300_799_999,
    });
  });

  it.each<[string, CreateActorRequest['snapshot'], readonly string[]]>([
    ['no URI', {}, ['snapshot.uri']],
    ['a path in place of a URI', { uri: '/var/x' }, ['snapshot.uri']],
    ['a line break, which URL would drop', { uri: 's3://b/\np' }, ['snapshot.uri']],
    ['a space at its start, which URL would trim', { uri: ' s3://b' }, ['snapshot.uri']],
    ['NUL', { uri: 's3://b/\0' }, ['snapshot.uri']],
    ['a URI that is too long', { uri: `s3://${'b'.repeat(2048)}` }, ['snapshot.uri']],
    ['a place on one node', { uri: 's3://b', location: 2, node: 'n' }, ['snapshot.location']],
    ['a location that is not known', { uri: 's3://b', location: 7 as 1 }, ['snapshot.location']],
    ['a node of 254 characters', { uri: 's3://b', node: 'n'.repeat(254) }, ['snapshot.node']],
    ['a workflow with NUL', { uri: 's3://b', workflow_id: '\0' }, ['snapshot.workflow_id']],
    ['a size that no double holds', { uri: 's3://b', size_bytes: '9007199254740993' }, ['snapshot.size_bytes']],
    [
      'a time in the far future',
      { uri: 's3://b', create_time: { seconds: '9223372036854775807' } },
      ['snapshot.create_time'],
    ],
    ['a time with negative nanos', { uri: 's3://b', create_time: { nanos: -1 } }, ['snapshot.create_time']],
  ])('is refused with %s', (_, snapshot, fields) => {
    expect(fieldsOf(() => create({ snapshot: snapshot ?? null }))).toEqual(fields);
  });
});

describe('a worker', () => {
  it.each([
    'dns:///node-1.example.com:7071',
    'dns://8.8.8.8/node-1:7071',
    'dns:node-1:7071',
    'node_1.local:1',
    '127.0.0.1:65535',
    '[::1]:7071',
    'dns:///[fe80::1]:7071',
    'ipv4:10.0.0.1:7071',
    'ipv6:[2001:db8::1]:7071',
    'unix:///run/node.sock',
    'unix:/run/node.sock',
  ])('may be reached at %s', (address) => {
    expect(isRuntimeAddress(address)).toBe(true);
    expect(register({ worker, runtime_address: address, node: 'n' }).runtimeAddress).toBe(address);
  });

  it.each([
    '',
    'node-1',
    'node-1:',
    ':7071',
    'node-1:0',
    'node-1:65536',
    'node-1:100000',
    'http://node-1:7071',
    'dns:////node-1:7071',
    'node 1:7071',
    'node-1:7071\n',
    ' node-1:7071',
    '-node:7071',
    '::1:7071',
    'ipv4:node-1:7071',
    'unix://run/node.sock',
    'unix:relative',
    'unix:///',
    `unix:///${'x'.repeat(107)}`,
    'unix:///a\0b',
    'ipv4:10.0.0.1:7071,10.0.0.2:7071',
  ])('is refused at %j', (address) => {
    expect(isRuntimeAddress(address)).toBe(false);
    const found = violationsOf(() => register({ worker, runtime_address: address, node: 'n' }));
    expect(found.map(({ field }) => field)).toEqual(['runtime_address']);
    expect(found[0]?.description).toContain('dns:///host:port');
  });

  it('is refused at an address that is too long, at once', () => {
    expect(isRuntimeAddress(`${'x'.repeat(600)}:1`)).toBe(false);
    expect(isRuntimeAddress(`${'x'.repeat(10_000_000)}:1`)).toBe(false);
  });

  it.each(['n', 'Node-1.example.com', 'my_laptop.local', '10.0.0.1', 'n'.repeat(253)])('may be on node %s', (node) => {
    expect(register({ worker, runtime_address: 'n:1', node }).node).toBe(node);
  });

  it.each(['', '-n', 'n-', '.n', 'n.', 'a b', 'a/b', 'a\n', 'ä', 'a\0', 'n'.repeat(254)])(
    'is refused on node %j',
    (node) => {
      expect(fieldsOf(() => register({ worker, runtime_address: 'n:1', node }))).toEqual(['node']);
    },
  );

  it('is in the default pool where it names none', () => {
    expect(register({ worker: { name: 'w' }, runtime_address: 'n:1', node: 'n' }).ref).toEqual(worker);
  });
});

describe('a page token', () => {
  const read = (listing: string, token: string) => validate((found) => pageToken(found, 'page_token', listing, token));
  const token = encodePageToken('actors/team-a', 'actor-7');

  it('says where its own listing goes on, and the empty one where it starts', () => {
    expect(read('actors/team-a', token)).toBe('actor-7');
    expect(read('actors/team-a', '')).toBe('');
    const longest = 'a'.repeat(63);
    expect(read(`actors/${longest}`, encodePageToken(`actors/${longest}`, longest))).toBe(longest);
  });

  it.each([
    ['another namespace', 'actors/team-b', token],
    ['another kind of listing', 'workers/team-a', token],
    ['a listing whose name runs into the next field', 'actors/team', encodePageToken('actors/team', '-a\nactor-7')],
  ])('of %s is refused', (_, listing, foreign) => {
    expect(fieldsOf(() => read(listing, foreign))).toEqual(['page_token']);
  });

  it('with any one character changed, dropped or added is refused', () => {
    for (let i = 0; i < token.length; i += 1) {
      const other = token[i] === 'A' ? 'B' : 'A';
      for (const damaged of [
        `${token.slice(0, i)}${other}${token.slice(i + 1)}`,
        `${token.slice(0, i)}${token.slice(i + 1)}`,
        `${token.slice(0, i)}=${token.slice(i)}`,
      ]) {
        expect(
          fieldsOf(() => read('actors/team-a', damaged)),
          damaged,
        ).toEqual(['page_token']);
      }
    }
  });

  it.each(['0', '%', ' ', 'actor-7', '\ufffd', `${token}=`, `${token}\n`, token.repeat(2), 'x'.repeat(257)])(
    'that is something else is refused: %j',
    (other) => {
      const found = violationsOf(() => read('actors/team-a', other));
      expect(found.map(({ field }) => field)).toEqual(['page_token']);
    },
  );
});

describe('a page size', () => {
  const read = (got: number) => validate((found) => pageSize(found, 'page_size', got));
  it.each([
    [0, 100],
    [1, 1],
    [1000, 1000],
  ])('of %d is %d', (got, size) => {
    expect(read(got)).toBe(size);
  });

  it.each([-1, 1001, 2 ** 31 - 1, -(2 ** 31)])('of %d is refused', (got) => {
    expect(fieldsOf(() => read(got))).toEqual(['page_size']);
  });
});

describe('a uint64', () => {
  it.each(['0', '9007199254740991'])('of %s is exact', (got) => {
    expect(String(safeInteger(new Violations(), 'f', got))).toBe(got);
  });

  it.each(['9007199254740992', '18446744073709551615'])('of %s is refused', (got) => {
    expect(fieldsOf(() => validate((found) => safeInteger(found, 'f', got)))).toEqual(['f']);
  });
});

describe('a request', () => {
  it('with many mistakes is refused with all of them in one error', () => {
    const snapshot = { uri: 'x', location: 2 as const, size_bytes: '18446744073709551615' };
    const spec = { command: ['', '\0'], image: ' ', runtime_options: { fields: { a: {} } } };
    expect(fieldsOf(() => create({ actor: { namespace: 'A', name: '' }, pool: '-', spec, snapshot }))).toEqual([
      'actor.namespace',
      'actor.name',
      'spec.command[0]',
      'spec.command[1]',
      'spec.image',
      'spec.runtime_options',
      'pool',
      'snapshot.uri',
      'snapshot.size_bytes',
      'snapshot.location',
    ]);
    expect(fieldsOf(() => register({}))).toEqual(['worker', 'runtime_address', 'node']);
    const options = { deadline: { seconds: -1 }, on_disconnect: 99 as 1 };
    expect(fieldsOf(() => resume({ actor: null, options }))).toEqual([
      'actor',
      'options.on_disconnect',
      'options.deadline',
    ]);
  });

  it('with 60,000 mistakes costs no more than one with twenty', () => {
    const command = Array.from({ length: 60_000 }, () => '\0'.repeat(50));
    // In CPU time: a machine with other things to do must not make it look slow.
    const startedAt = process.cpuUsage();
    const found = violationsOf(() => create({ spec: { command } }));
    expect(found.length).toBe(20);
    expect(process.cpuUsage(startedAt).user).toBeLessThan(1_000_000);
  });

  it('that says nothing says which message is missing', () => {
    const [violation] = violationsOf(() => create({ actor: null }));
    expect(violation).toEqual({
      field: 'actor',
      description: 'got nothing; expected an ActorRef with namespace and name',
    });
  });
});
