// The README's first lines for a newcomer, as they stand there, with the real
// grpcurl and the real buf against `serve --dev` as `npm start` runs it.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.js';
import { findGrpcurl, type Grpcurl } from '../grpcurl.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEFAULT_ADDRESS = '127.0.0.1:7070';
/** To build grpcurl, once. */
const PREPARE_WITHIN_MS = 6 * 60_000;

const readme = readFileSync(`${ROOT}README.md`, 'utf8');
const block = (name: string): string[] =>
  new RegExp(`<!-- ${name} -->\n\`\`\`sh\n(.*?)\n\`\`\``, 's').exec(readme)?.[1]?.split('\n') ?? [];
const lines = block('grpcurl');

let grpcurl: Grpcurl;
let server: ChildProcess;
let exited: Promise<number | null>;
let address: string;

beforeAll(async () => {
  grpcurl = findGrpcurl();
  if (!grpcurl.found) console.warn(`The README's lines are not tried: ${grpcurl.why}`);
  server = spawn(process.execPath, [`${ROOT}dist/main.js`, 'serve', '--dev', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  exited = new Promise((resolve) => server.once('exit', resolve));
  address = await new Promise<string>((resolve, reject) => {
    const log: string[] = [];
    createInterface(server.stderr ?? process.stdin).on('line', (line) => {
      log.push(line);
      const { msg, addresses } = JSON.parse(line) as { msg?: string; addresses?: string[] };
      if (msg === 'ready' && addresses?.[0] !== undefined) resolve(addresses[0]);
    });
    void exited.then(() => reject(new Error(`serve --dev ended before it was ready:\n${log.join('\n')}`)));
  });
  const client = new CoordinatorClient(address);
  await vi.waitFor(async () => expect((await client.listWorkers('default')).length).toBe(2), 10_000);
  client.close();
}, PREPARE_WITHIN_MS);

afterAll(async () => {
  server.kill('SIGTERM');
  expect(await exited).toBe(0);
});

interface Answer {
  readonly code: number;
  readonly output: string;
}

/** A line as a person would type it in the clone. */
function type(context: TestContext, line: string): Promise<Answer> {
  if (!grpcurl.found) return context.skip(grpcurl.why);
  return typeWith({ ...process.env, PATH: grpcurl.path }, line);
}

function typeWith(env: NodeJS.ProcessEnv, line: string): Promise<Answer> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', line.replaceAll(DEFAULT_ADDRESS, address)], { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

describe('the lines of the README', () => {
  it('create, resume and suspend an actor, in their order', async (context) => {
    expect(lines.length).toBe(3);
    const [create, resume, suspend] = lines;
    expect([create, resume, suspend].map((line) => /[A-Z]\w+$/.exec(line ?? '')?.[0])).toEqual([
      'CreateActor',
      'Resume',
      'Suspend',
    ]);
    for (const line of lines) expect(line).toContain(` ${DEFAULT_ADDRESS} `);

    const created = await type(context, create ?? '');
    expect(created).toMatchObject({ code: 0 });
    expect(JSON.parse(created.output)).toMatchObject({ state: 'ACTOR_STATE_SUSPENDED' });

    const resumed = await type(context, resume ?? '');
    expect(resumed).toMatchObject({ code: 0 });
    const completed = resumed.output.slice(resumed.output.lastIndexOf('\n{'));
    const { completed: end } = JSON.parse(completed) as { completed: { actor: { state: string; address: string } } };
    expect(end.actor.state).toBe('ACTOR_STATE_RUNNING');
    expect((await fetch(`http://${end.actor.address}/count`)).status).toBe(200);
    expect(resumed.output).toContain('"started"');

    const suspended = await type(context, suspend ?? '');
    expect(suspended).toMatchObject({ code: 0 });
    expect(suspended.output).toContain('"ACTOR_STATE_SUSPENDED"');
  });
});

describe('grpcurl, without proto files,', () => {
  it('lists what is served', async (context) => {
    const { output } = await type(context, `grpcurl -plaintext ${DEFAULT_ADDRESS} list`);
    expect(output.trim().split('\n').sort()).toEqual(
      ['ActorRegistry', 'ActorWorkflow', 'WorkerRegistry'].map((name) => `actorworkflow.v1.${name}`),
    );
  });

  it('describes services and messages, with their comments and imports', async (context) => {
    const describe = async (name: string): Promise<string> =>
      (await type(context, `grpcurl -plaintext ${DEFAULT_ADDRESS} describe actorworkflow.v1.${name}`)).output;
    expect(await describe('ActorWorkflow')).toMatch(
      /ActorWorkflow moves one actor at a time[^]*rpc Resume \( \.actorworkflow\.v1\.ResumeRequest \) returns \( stream \.actorworkflow\.v1\.WorkflowEvent \);/,
    );
    const event = await describe('WorkflowEvent');
    expect(event).toContain('// WorkflowEvent is one fact about one workflow.');
    expect(event).toContain('.google.protobuf.Timestamp time = 3;');
    expect(await describe('WorkloadSpec')).toContain('.google.protobuf.Struct runtime_options = 4;');
  });

  it('decodes the details of an error', async (context) => {
    const call = (name: string): string =>
      `grpcurl -plaintext -d '{"actor": {"namespace": "demo", "name": "${name}"}}' ${DEFAULT_ADDRESS} actorworkflow.v1.ActorWorkflow/Resume`;
    const unknown = await type(context, call('unknown'));
    expect(unknown.code).toBe(64 + 5);
    expect(unknown.output).toContain('Code: NotFound');
    expect(unknown.output).toContain('no actor demo/unknown');
    // How it spaces JSON differs from build to build, on purpose.
    const details = unknown.output.replace(/\s/g, '');
    expect(details).toContain('"@type":"type.googleapis.com/google.rpc.ErrorInfo"');
    expect(details).toContain('"reason":"ACTOR_NOT_FOUND"');
    expect(details).toContain('"domain":"actorworkflow.v1"');
    const bad = await type(context, call('Not A Label'));
    expect(bad.code).toBe(64 + 3);
    expect(bad.output.replace(/\s/g, '')).toContain('"@type":"type.googleapis.com/google.rpc.BadRequest"');
    expect(bad.output).toMatch(/"field":\s*"actor\.name"/);
  });
});

describe('buf curl', () => {
  it('resumes an actor by the line of the README, lists services, and shows why a call failed', async () => {
    const [resume = '', ...more] = block('buf');
    expect(more).toEqual([]);
    const client = new CoordinatorClient(address);
    const spec = { command: [process.execPath, 'examples/counter/counter.mjs'] };
    await client.createActor({ actor: { namespace: 'demo', name: 'a' }, spec }).catch(() => undefined);
    client.close();
    const resumed = await typeWith(process.env, resume);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.output).toContain('"started"');
    expect(resumed.output).toContain('"ACTOR_STATE_RUNNING"');
    const flags = '--protocol grpc --http2-prior-knowledge';
    const { output } = await typeWith(process.env, `npx buf curl ${flags} --list-services http://${DEFAULT_ADDRESS}`);
    expect(output).toContain('actorworkflow.v1.ActorWorkflow\n');
    const unknown = await typeWith(process.env, resume.replace('"name": "a"', '"name": "unknown"'));
    expect(unknown.code).not.toBe(0);
    expect(unknown.output).toContain('no actor demo/unknown');
  });
});
