// The commands as scripts use them: exit codes, each of them, protobuf's JSON,
// pipes that break, flags. What a person sees is in cli-terminal.test.ts, what
// the documents say in cli-docs.test.ts.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certify, hasOpenssl } from '../certificates.js';
import { startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, refuse, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { freePort, startRedis, uniquePrefix } from '../redis.js';
import { MAIN } from '../served.js';

const actor = { namespace: 'demo', name: 'a' };
/** Not the default of one second, in which a busy machine may not even start a process. */
const SOON = { timeout: 20_000 };

let prefix: string;
let runtime: FakeNodeRuntime;
let a: TestCoordinator;

beforeEach(async () => {
  prefix = uniquePrefix();
  runtime = await startFakeNodeRuntime();
  a = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-a', recoveryAttempts: '0' });
  await a.client.registerWorker({
    worker: { pool: 'default', name: 'w' },
    runtime_address: runtime.address,
    node: 'n',
  });
  for (const name of ['a', 'b']) await a.client.createActor({ actor: { namespace: 'demo', name } });
});
afterEach(async () => {
  await a.close();
  await runtime.close();
});

interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Ended>;
  /** What it has said so far. */
  readonly stderr: () => string;
}
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ACTOR_WORKFLOW_ADDRESS: a.address, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const done = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done, stderr: () => stderr };
}

/** The command line, as it would be typed, and where it is to end. */
const cli = (line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  start(line.split(' '), env).done;

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the exit code', () => {
  it('is 0 for what is done, or was', async () => {
    const first = await cli('resume demo/a');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^resume demo\/a on replica-a, workflow .*\n[^]*\ndemo\/a is RUNNING on worker default\/w at /,
    );
    const second = await cli('resume demo/a');
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^resume demo\/a: nothing to do\n/);
  });

  it('is 1 for what the node runtime refused', async () => {
    runtime.next('restore', refuse('DATA_LOSS', 'torn snapshot'));
    expect(await cli('resume demo/a')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: torn snapshot\nnext: {2}the node runtime refused/) as string,
    });
  });

  it.each([
    ['resume', /missing required argument 'actor'/],
    ['resume demo', /^<actor>: got "demo"; expected NAMESPACE\/NAME/],
    ['resume demo/a --lease-wait soon', /^--lease-wait: got 'soon'; expected a duration such as 250ms/],
    ['resume demo/a --output xml', /Allowed choices are text, json/],
    ['resume demo/a --unknown', /unknown option '--unknown'/],
    ['resume demo/a more', /too many arguments/],
    ['unknown', /unknown command 'unknown'/],
    ['watch demo/a --after-sequence x', /^--after-sequence: got 'x'; expected a whole number/],
    ['list demo --state asleep', /^--state: got 'asleep'; expected one of suspended, resuming/],
    ['list demo --limit 0', /^--limit: got '0'; expected a whole number from 1/],
    ['create demo/x --env X', /^--env: got 'X'; expected NAME=VALUE/],
    ['create demo/x --runtime-options [] -- x', /^--runtime-options: got '\[\]'; expected a JSON object/],
    ['force-release demo/a', /required option '--reason <text>' not specified/],
    ['workers register w --runtime-address h:1 --node n', /^<worker>: got 'w'; expected POOL\/NAME/],
    ['completion tcsh', /Allowed choices are bash, zsh, fish/],
    ['get demo/a --address nowhere', /^--address: got "nowhere"; expected host:port/],
    ['get demo/a --tls-cert x', /^--tls-cert and --tls-key go together: --tls-key is missing/],
    ['get demo/a --tls-ca /nowhere.pem', /^--tls-ca: cannot read '\/nowhere.pem'/],
    // What the coordinator finds out.
    ['get demo/Not_A_Label', /^error: actor\.name: got "Not_A_Label"; expected/],
    ['resume demo/a --deadline 10m', /^error: options\.deadline: got "600s"; expected/],
  ])('is 2 for %s, and says what would be right', async (line, message) => {
    const { code, stdout, stderr } = await cli(line);
    expect(stderr.replace(/^error: (?=missing|option '|unknown|too|required|command)/, '')).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('is 2 without a command, and the help is shown', async () => {
    const { code, stderr } = await start([]).done;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: actor-coordinator[^]*\n {2}resume [^]*Examples:/);
  });

  it('is 3 for what is not there', async () => {
    for (const line of [
      'resume demo/x',
      'get demo/x',
      'watch demo/x',
      'delete demo/x',
      'force-release demo/x --reason y',
    ]) {
      expect(await cli(line)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining("next:  'list demo'") as string,
      });
    }
    expect((await cli('workers deregister default/x')).code).toBe(3);
  });

  it('is 4 for what the state of the actor does not allow', async () => {
    expect(await cli('pause demo/a')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('only one that is RUNNING can be paused') as string,
    });
    expect((await cli('create demo/a')).code).toBe(4);
  });

  it('is 5 for an actor that is held, with who holds it and what queues for it', async () => {
    runtime.default('restore', takes(3000));
    const calls = runtime.nextCall('restore');
    const holder = start(['resume', 'demo/a']);
    await calls;
    const refused = await cli('suspend demo/a');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(
      /^error: held by replica-a for (?:2\d|30) s more, longer if it renews \(resume [-0-9a-f]{36}\)\nnext: {2}--lease-wait 3[05]s queues for it; 'watch demo\/a' follows it\n$/,
    );
    const joined = await cli('resume demo/a --join');
    expect(joined).toMatchObject({ code: 0 });
    expect(joined.stdout).toContain('demo/a is RUNNING');
    expect((await holder.done).code).toBe(0);
  });

  it('is 6 for a lease that was lost', async () => {
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const holder = start(['resume', 'demo/a', '--retry', '1m']);
    await calls;
    const released = await cli('force-release demo/a --reason it-hangs');
    expect(released.stdout).toMatch(
      /^broke the lease of replica-a on demo\/a \(resume\) after .*; 'resume demo\/a' or /,
    );
    const { code, stderr } = await holder.done;
    expect(code).toBe(6);
    expect(stderr).toMatch(/broken by force: it-hangs\nnext: {2}somebody broke the lease on purpose/);
  });

  it('is 7 at the deadline', async () => {
    runtime.default('restore', hang);
    const { code, stderr } = await cli('resume demo/a --deadline 300ms');
    expect(code).toBe(7);
    expect(stderr).toMatch(/^error: the workflow deadline of 300 ms has passed\nnext: {2}'get demo\/a' shows how far/);
  });

  it('is 8 where no worker is free, or there is none', async () => {
    expect((await cli('resume demo/b')).code).toBe(0);
    const taken = await cli('resume demo/a');
    expect(taken.code).toBe(8);
    expect(taken.stderr).toMatch(
      /\nnext: {2}--worker-wait 30s queues for one; 'workers default' shows who has them\n$/,
    );
    expect((await cli('create demo/c --pool gpu -- x')).code).toBe(0);
    const none = await cli('resume demo/c');
    expect(none.code).toBe(8);
    expect(none.stderr).toMatch(/\nnext: {2}'actor-coordinator node --pool gpu …' brings workers/);
  });

  it('is 9 where nobody answers, or Redis does not', async () => {
    const nobody = await cli(`resume demo/a --address 127.0.0.1:${await freePort()}`);
    expect(nobody.code).toBe(9);
    expect(nobody.stderr).toMatch(
      /^error: no connection to 127\.0\.0\.1:\d+: connect ECONNREFUSED .*\nnext: {2}is it running/,
    );
    const redis = await startRedis();
    await using b = await startCoordinator({ redisKeyPrefix: prefix, redisUrl: redis.url });
    await redis.kill();
    const store = await cli(`get demo/a --address ${b.address}`);
    expect(store.code).toBe(9);
    expect(store.stderr).toContain('the replica cannot reach Redis');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s is %d, and the workflow is cancelled', async (signal, code) => {
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const running = start(['resume', 'demo/a']);
    await calls;
    running.child.kill(signal);
    const ended = await running.done;
    expect(ended.code).toBe(code);
    expect(ended.stderr).toBe(
      [
        'cancelling; Ctrl-C again leaves at once',
        'cancelled',
        'left: demo/a is RESUMING on worker default/w',
        "next: 'resume demo/a' finishes it, 'suspend demo/a' gives it up; the replicas finish it if nobody does",
        '',
      ].join('\n'),
    );
    expect((await a.client.getActor(actor)).lease).toBeNull();
  });

  it('is that of a broken pipe, without a word, when the reader leaves', async () => {
    runtime.default('restore', takes(2000));
    const shell = spawn(
      'bash',
      ['-c', `"$0" "$1" resume demo/a | head -1; echo "\${PIPESTATUS[0]}"`, process.execPath, MAIN],
      {
        env: { ...process.env, ACTOR_WORKFLOW_ADDRESS: a.address },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [stdout, stderr] = ['', ''];
    shell.stdout.on('data', (chunk) => (stdout += String(chunk)));
    shell.stderr.on('data', (chunk) => (stderr += String(chunk)));
    await new Promise((resolve) => shell.once('close', resolve));
    expect(stdout).toMatch(/^resume demo\/a on replica-a, workflow .*\n141\n$/);
    expect(stderr).toBe('');
  });
});

describe('a workflow', () => {
  it('in JSON is its events, one a line, and nothing else', async () => {
    runtime.next('restore', takes(300));
    const { code, stdout, stderr } = await cli('resume demo/a -o json');
    expect([code, stderr]).toEqual([0, '']);
    const events = jsonLines(stdout);
    expect(events[0]).toMatchObject({
      workflowId: expect.any(String) as string,
      sequence: '1',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/) as string,
      started: {
        kind: 'WORKFLOW_KIND_RESUME',
        actor,
        steps: ['load_actor', 'assign_worker', 'restore', 'finalize_running'],
        lease: { holder: 'replica-a', fencingToken: expect.stringMatching(/^\d{16}$/) as string, ttl: '30s' },
      },
    });
    expect(events.find((event) => 'stepProgress' in event && JSON.stringify(event).includes('done'))).toMatchObject({
      stepProgress: { step: 'restore', phase: 'unpack', total: '300', unit: 'ms' },
    });
    expect(events.at(-1)).toMatchObject({ completed: { actor: { ref: actor, state: 'ACTOR_STATE_RUNNING' } } });
  });

  it('can be a line with nothing but the address, or nothing', async () => {
    expect(await cli('resume demo/a -o address')).toEqual({ code: 0, stdout: '127.0.0.1:8080\n', stderr: '' });
    expect(await cli('resume demo/a -o address')).toEqual({ code: 0, stdout: '127.0.0.1:8080\n', stderr: '' });
    const refused = await cli('resume demo/b -o address');
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(refused.stderr).toMatch(/^error: [^]*\nnext: {2}/);
    expect((await cli('get demo/a -o address')).code).toBe(2);
  });

  it('in JSON ends with what failed, and with an object that says so on standard error', async () => {
    runtime.next('restore', refuse('DATA_LOSS', 'torn snapshot'));
    const failed = await cli('resume demo/a --output json');
    expect(failed.code).toBe(1);
    expect(jsonLines(failed.stdout).at(-1)).toMatchObject({
      failed: { code: 15, reason: 'ERROR_REASON_RUNTIME_FAILED', message: 'torn snapshot', step: 'restore' },
    });
    expect(jsonLines(failed.stderr)).toEqual([
      { error: { reason: 'RUNTIME_FAILED', code: 'DATA_LOSS', message: 'torn snapshot' } },
    ]);
    const unknown = await cli('resume demo/x -o json');
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    expect(jsonLines(unknown.stderr)).toMatchObject([{ error: { reason: 'ACTOR_NOT_FOUND', code: 'NOT_FOUND' } }]);
    const invalid = await cli('get demo/X -o json');
    expect(jsonLines(invalid.stderr)).toMatchObject([{ error: { violations: [{ field: 'actor.name' }] } }]);
  });

  it('that is detached runs on, and can be watched', async () => {
    runtime.default('restore', takes(1500));
    const { code, stdout, stderr } = await cli('resume demo/a --detach');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^resume demo\/a on replica-a, workflow .*\n$/);
    expect(stderr).toBe("it runs on; 'actor-coordinator watch demo/a' follows it\n");
    expect((await a.client.getActor(actor)).lease).toMatchObject({ kind: 'RESUME' });
    const watched = await cli('watch demo/a');
    expect(watched.code).toBe(0);
    expect(watched.stdout).toContain('demo/a is RUNNING on worker default/w');
    expect(runtime.calls.map(({ outcome }) => outcome)).toEqual(['ok']);
  });

  it('queues for a lease and for a worker, and is tried again, where it is told to', async () => {
    runtime.default('restore', takes(500));
    runtime.default('checkpoint', takes(500));
    const calls = runtime.nextCall('restore');
    const first = start(['resume', 'demo/a']);
    await calls;
    const [suspended, resumed] = await Promise.all([
      cli('suspend demo/a --lease-wait 20s'),
      cli('resume demo/b --worker-wait 20s'),
    ]);
    expect([(await first.done).code, suspended.code, resumed.code]).toEqual([0, 0, 0]);
    const retried = start(['resume', 'demo/a', '--retry', '20s']);
    await expect.poll(retried.stderr, SOON).toContain('again in');
    expect((await cli('suspend demo/b')).code).toBe(0);
    const { code, stdout, stderr } = await retried.done;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^every worker of pool .*; again in 1\.\d s\n/);
    expect(stdout).toMatch(/\ngoes on as workflow [-0-9a-f]{36} on replica-a\n/);
    expect(stdout).toContain('demo/a is RUNNING');
  });

  it('survives its replica, and is shown as one', async () => {
    await using b = await startCoordinator({ redisKeyPrefix: prefix, instanceId: 'replica-b', recoveryAttempts: '0' });
    runtime.default('restore', takes(1000));
    const calls = runtime.nextCall('restore');
    const running = start(['resume', 'demo/a', '--address', `${a.address},${b.address}`]);
    await calls;
    await a.close();
    const { code, stdout } = await running.done;
    expect(code).toBe(0);
    const steps = stdout.split('\n').flatMap((line) => /^ {2}(\w+) +\d+(?:\.\d)? m?s$/.exec(line)?.[1] ?? []);
    expect(steps).toEqual(['load_actor', 'assign_worker', 'restore', 'finalize_running']);
    expect(stdout).toMatch(/\ngoes on as workflow [-0-9a-f]{36} on replica-b\n/);
  });

  it('paints nothing in a pipe', async () => {
    expect((await cli('resume demo/a', { TERM: 'xterm-256color', FORCE_COLOR: '1' })).stdout).not.toContain('\u001b');
  });
});

describe('the registries', () => {
  it('create what they are told to', async () => {
    const line = 'create demo/c --env A=1 --env B=x=y --pool gpu --image i:1 --snapshot s3://golden/ -o json';
    const options = { ready_path: '/', n: [1] };
    const args = [...line.split(' '), '--runtime-options', JSON.stringify(options), '--', 'node', '--flag', 'x y'];
    const { code, stdout } = await start(args).done;
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      {
        ref: { namespace: 'demo', name: 'c' },
        state: 'ACTOR_STATE_SUSPENDED',
        spec: { command: ['node', '--flag', 'x y'], env: { A: '1', B: 'x=y' }, image: 'i:1', runtimeOptions: options },
        pool: 'gpu',
        latestSnapshot: { uri: 's3://golden/' },
      },
    ]);
  });

  it('list what is asked for, page after page, as a table that scripts can read', async () => {
    await cli('resume demo/a');
    const { stdout } = await cli('list demo');
    const [header, ...rows] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(header).toEqual(['NAME', 'STATE', 'CHANGED', 'POOL', 'WORKER', 'ADDRESS', 'FAILURE']);
    expect(rows).toMatchObject([
      ['a', 'RUNNING', expect.anything(), 'default', 'w', '127.0.0.1:8080', '-'],
      ['b', 'SUSPENDED', expect.anything(), 'default', '-', '-', '-'],
    ]);
    const names = async (line: string) => jsonLines((await cli(`${line} -o json`)).stdout).map(({ ref }) => ref);
    expect(await names('list demo --state RUNNING --state paused')).toEqual([actor]);
    expect(await names('list demo --limit 1')).toEqual([actor]);
    expect((await cli('list empty -o json')).stdout).toBe('');
    runtime.default('checkpoint', hang);
    const calls = runtime.nextCall('checkpoint');
    const suspending = start(['suspend', 'demo/a']);
    await calls;
    expect((await cli('list demo --stuck 1h -o json')).stdout).toBe('');
    expect(await names('list demo --stuck 1ms')).toEqual([actor]);
    suspending.child.kill('SIGINT');
    await suspending.done;
  });

  it('show workers, register and deregister them', async () => {
    await cli('resume demo/a');
    const registered = await cli('workers register gpu/w0 --runtime-address dns:///h:1 --node rack1 --ttl 1h');
    expect(registered).toMatchObject({ code: 0, stdout: 'registered gpu/w0\n' });
    expect((await cli('workers')).stdout).toMatch(/^NAME {2}ACTOR .*\nw {5}demo\/a {2}n {5}never {4}dns:\/\/\/127/);
    expect((await cli('workers gpu')).stdout).toMatch(/\nw0 +- +rack1 +(?:59 min \d+ s|1 h) +dns:\/\/\/h:1\n$/);
    expect((await cli('workers list gpu -o json')).stdout).toContain('"runtimeAddress":"dns:///h:1"');
    expect((await cli('workers deregister gpu/w0')).stdout).toBe('deregistered gpu/w0\n');
    expect((await cli('workers deregister default/w')).code).toBe(4);
    expect((await cli('workers deregister default/w --force')).code).toBe(0);
    expect((await cli('get demo/a')).stdout).toMatch(
      /^demo\/a is CRASHED\n {2}work {8}nobody; 'resume demo\/a' restores/,
    );
  });

  it('say of a workflow that runs who holds it, and on which step it is', async () => {
    runtime.default('restore', hang);
    const calls = runtime.nextCall('restore');
    const running = start(['resume', 'demo/a']);
    await calls;
    await expect
      .poll(async () => (await cli('get demo/a')).stdout, SOON)
      .toMatch(
        /^demo\/a is RESUMING on worker default\/w\n {2}work {8}resume, step restore, for .* now\n {2}held by {5}replica-a, for \d+ s more/,
      );
    expect(await cli('delete demo/a')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('--force deletes all the same') as string,
    });
    expect((await cli('delete demo/a --force')).stdout).toBe('deleted demo/a\n');
    expect((await running.done).code).toBe(6);
  });
});

describe('TLS', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cli-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('is asked for with flags or the environment, without a warning', async (context) => {
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const [server, ca] = [certify(directory, 'server'), certify(directory, 'ca')];
    const member = certify(directory, 'member', 'ca');
    const tls = { tlsCert: server.cert, tlsKey: server.key, tlsClientCa: ca.cert };
    await using b = await startCoordinator({ redisKeyPrefix: prefix, listen: ['127.0.0.1:0'], ...tls });
    const flags = `--tls-ca ${server.cert} --tls-cert ${member.cert} --tls-key ${member.key}`;
    const address = { ACTOR_WORKFLOW_ADDRESS: b.address };
    expect(await cli(`get demo/a ${flags}`, address)).toMatchObject({ code: 0, stderr: '' });
    const environment = {
      ...address,
      ACTOR_WORKFLOW_TLS_CA: server.cert,
      ACTOR_WORKFLOW_CALLER_CERT: member.cert,
      ACTOR_WORKFLOW_CALLER_KEY: member.key,
    };
    expect((await cli('get demo/a', environment)).code).toBe(0);
    expect((await cli('get demo/a', address)).code).toBe(9);
    const untrusted = await cli('get demo/a --tls', address);
    expect(untrusted).toMatchObject({ code: 9, stderr: expect.stringMatching(/self[- ]signed certificate/) as string });
    await writeFile(join(directory, 'x.pem'), 'no PEM');
    expect((await cli(`get demo/a --tls-ca ${directory}/x.pem`, address)).stderr).toMatch(/^--tls-ca: .* is not PEM/);
  });
});
