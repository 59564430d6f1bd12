// The other lines of the README, as they stand there, against `serve --dev`:
// callers with the real grpcurl and the real buf, a node; and the look into Redis of docs/redis.md.
// What it begins with is in newcomer.test.ts.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.js';
import { linesOf } from '../documents.js';
import { findGrpcurl, type Grpcurl } from '../grpcurl.js';
import { freePort } from '../redis.js';
import { serveDev, type Ran, type Served } from '../served.js';

const DEFAULT_ADDRESS = '127.0.0.1:7070';
/** To build grpcurl, once. */
const PREPARE_WITHIN_MS = 6 * 60_000;

const lines = linesOf('README.md', 'grpcurl');

let grpcurl: Grpcurl;
let served: Served;

beforeAll(async () => {
  grpcurl = findGrpcurl();
  if (!grpcurl.found) console.warn(`The README's lines are not tried: ${grpcurl.why}`);
  served = await serveDev();
}, PREPARE_WITHIN_MS);

afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

interface Answer {
  readonly code: number;
  readonly output: string;
}

const here = (line: string): string => line.replaceAll(DEFAULT_ADDRESS, served.address);

/** A line as a person would type it in the clone. */
async function type(context: TestContext, line: string): Promise<Answer> {
  if (!grpcurl.found) return context.skip(grpcurl.why);
  return together(await served.type(here(line), { env: { PATH: grpcurl.path } }));
}

const together = ({ code, stdout, stderr }: Ran): Answer => ({ code, output: stdout + stderr });

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
    const [resume = '', ...more] = linesOf('README.md', 'buf');
    expect(more).toEqual([]);
    const spec = 'node "$PWD/examples/counter/counter.mjs"';
    await served.type(`actor-coordinator create demo/notes -- ${spec}`);
    const buf = async (line: string): Promise<Answer> => together(await served.type(here(line)));
    const resumed = await buf(resume);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.output).toContain('"started"');
    expect(resumed.output).toContain('"ACTOR_STATE_RUNNING"');
    const flags = '--protocol grpc --http2-prior-knowledge';
    const { output } = await buf(`npx buf curl ${flags} --list-services http://${DEFAULT_ADDRESS}`);
    expect(output).toContain('actorworkflow.v1.ActorWorkflow\n');
    const unknown = await buf(resume.replace('"name": "notes"', '"name": "unknown"'));
    expect(unknown.code).not.toBe(0);
    expect(unknown.output).toContain('no actor demo/unknown');
  });
});

describe('redis-cli', () => {
  it('shows what docs/redis.md says that it does, of an actor that runs', async (context) => {
    if (spawnSync('redis-cli', ['--version']).status !== 0) context.skip('needs redis-cli on PATH');
    const bin = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      // The reader's own Redis is where redis-cli looks by itself.
      const real = `PATH='${process.env['PATH'] ?? ''}' exec redis-cli -s '${served.redisSocket}' "$@"`;
      writeFileSync(join(bin, 'redis-cli'), `#!/bin/sh\n${real}\n`, { mode: 0o755 });
      const env = { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
      const [record = '', lease = '', claims = '', events = '', ...more] = linesOf('docs/redis.md', 'redis');
      expect(more).toEqual([]);
      const ask = async (line: string): Promise<string> => {
        const { code, stdout, stderr } = await served.type(line, { env });
        expect([code, stderr]).toEqual([0, '']);
        return stdout;
      };
      const setUp = [
        'actor-coordinator get demo/a >/dev/null || actor-coordinator create demo/a -- node "$PWD/examples/counter/counter.mjs"',
        'actor-coordinator resume demo/a',
      ];
      for (const line of setUp) expect((await served.type(line)).code).toBe(0);
      expect(await ask(record)).toMatch(/^state\nRUNNING$/m);
      expect(await ask(claims)).toMatch(/^dev-\d$/m);
      expect(await ask(events)).toContain('completed');
      expect(await ask(lease)).toBe('\n');
      // With somebody at work there is something to see.
      const slow = await served.type('actor-coordinator delete demo/a --force');
      expect(slow.code).toBe(0);
      const command = '-- node "$PWD/examples/slow-start/slow-start.mjs"';
      await served.type(`actor-coordinator create demo/a --env SLOW_START_SECONDS=600 ${command}`);
      await served.type('actor-coordinator resume demo/a --detach');
      expect(await ask(lease)).toMatch(/RESUME/);
      await served.type('actor-coordinator delete demo/a --force');
    } finally {
      rmSync(bin, { recursive: true });
    }
  });
});

describe('a node', () => {
  it('is started by the line of the README, and registers its workers', async () => {
    const [line = '', ...more] = linesOf('README.md', 'node');
    expect(more).toEqual([]);
    const HOME = mkdtempSync(join(tmpdir(), 'readme-node-'));
    const command = here(line).replace('127.0.0.1:7071', `127.0.0.1:${await freePort()}`);
    const env = { ...process.env, HOME, PATH: served.path };
    // The shell becomes it, so that it can be told to end.
    const child = spawn('sh', ['-c', `exec ${command}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        const log: string[] = [];
        createInterface(child.stderr).on('line', (text) => {
          log.push(text);
          if (text.includes('"workers registered"')) resolve();
        });
        void exited.then(() => reject(new Error(log.join('\n'))));
      });
      const client = new CoordinatorClient(served.address);
      const nodes = (await client.listWorkers('default')).map(({ node }) => node);
      client.close();
      expect(nodes.filter((node) => node !== 'dev').length).toBe(2);
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await exited;
      rmSync(HOME, { recursive: true });
    }
  });
});
