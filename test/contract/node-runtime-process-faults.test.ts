// What can go wrong around the process runtime: broken snapshots, programs that
// misbehave, runtimes that are killed.

import { appendFile, mkdir, readdir, readFile, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshot, WorkloadSpec } from '../../src/actor/actor.js';
import type { CheckpointCall, ReportProgress, RestoreCall } from '../../src/runtime/node-runtime.js';
import { isAlive } from '../../src/runtime/process/process-group.js';
import { cancellable, count, failure, ignore, never } from './node-runtime-calls.js';
import { placeOf, places, ProcessRuntimeUnderTest, program, recordIn, until, workers } from './node-runtime-process.js';

const actor = { namespace: 'tests', name: 'faulty' };
let under: ProcessRuntimeUnderTest;

beforeEach(async () => {
  under = await ProcessRuntimeUnderTest.open();
});
afterEach(async () => {
  await under.close();
});

function restoreCall(fencingToken: number, spec: WorkloadSpec, snapshot?: Snapshot): RestoreCall {
  const call = { actor, worker: workers[0], fencingToken, workflowId: 'w', spec };
  return snapshot === undefined ? call : { ...call, snapshot };
}

function checkpointCall(fencingToken: number, snapshot: Snapshot): CheckpointCall {
  return { actor, worker: workers[0], fencingToken, workflowId: 'w', snapshot };
}

async function restore(fencingToken: number, spec: WorkloadSpec, snapshot?: Snapshot): Promise<string> {
  return (await under.runtime.restore(restoreCall(fencingToken, spec, snapshot), ignore, never)).address;
}

async function checkpoint(fencingToken: number, snapshot = under.newSnapshot()): Promise<Snapshot> {
  await under.runtime.checkpoint(checkpointCall(fencingToken, snapshot), ignore, never);
  return snapshot;
}

const root = async (...names: string[]): Promise<string> => join(await placeOf(under.directory), 'root', ...names);

async function pidOfActor(): Promise<number> {
  return (await recordIn(await placeOf(under.directory))).group.pid;
}

describe('a snapshot that is torn or altered', () => {
  const breaks: Record<string, (directory: string, archive: string) => Promise<unknown>> = {
    'a truncated archive': async (_directory, archive) => truncate(archive, (await stat(archive)).size - 1),
    'a longer archive': (_directory, archive) => appendFile(archive, 'x'),
    'one flipped bit': async (_directory, archive) => {
      const bytes = await readFile(archive);
      bytes.writeUInt8(bytes.readUInt8(700) ^ 1, 700);
      await writeFile(archive, bytes);
    },
    'no archive': (_directory, archive) => rm(archive),
    'no manifest': (directory) => rm(join(directory, 'manifest.json')),
    'half a manifest': async (directory) => {
      const path = join(directory, 'manifest.json');
      await truncate(path, Math.floor((await stat(path)).size / 2));
    },
    'a manifest that names a file elsewhere': async (directory, archive) => {
      const path = join(directory, 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...manifest, archive: `../1/${archive.split('/').at(-1) ?? ''}` }));
    },
    'nothing at all': (directory) => rm(directory, { recursive: true }),
  };

  test.each(Object.entries(breaks))('%s: DATA_LOSS, and the worker stays empty', async (_name, breakIt) => {
    await restore(1, under.counter);
    const snapshot = await checkpoint(2);
    const directory = fileURLToPath(snapshot.uri);
    const archive = (await readdir(directory)).find((name) => name.endsWith('.tar')) ?? '';
    await breakIt(directory, join(directory, archive));

    const error = await failure(restore(3, under.counter, snapshot));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS' });
    expect(error.message).toContain(directory);
    expect(await places(under.directory)).toEqual([]);
    // Nor does it pass for the snapshot that a repeated Checkpoint looks for.
    expect(await failure(checkpoint(4, snapshot))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
  });
});

describe('what a snapshot holds', () => {
  test('files, modes, links and empty directories come back as they were', async () => {
    const make = [
      `if (!fs.existsSync('plain')) { fs.writeFileSync('plain', 'x'.repeat(100_000))`,
      `fs.chmodSync('plain', 0o640)`,
      `fs.linkSync('plain', 'hard')`,
      `fs.symlinkSync('/nowhere/at/all', 'absolute')`,
      `fs.symlinkSync('../root/plain', 'up')`,
      `fs.mkdirSync('empty/deep', { recursive: true })`,
      `fs.writeFileSync('näme with spaces', '')`,
      `fs.writeFileSync('l'.repeat(200), 'long') }`,
    ].join(';');
    await restore(1, program(make));
    const names = (await readdir(await root())).sort();
    const snapshot = await checkpoint(2);
    await restore(3, program(make), snapshot);

    expect((await readdir(await root())).sort()).toEqual(names);
    expect(await readFile(await root('hard'), 'utf8')).toBe('x'.repeat(100_000));
    expect((await stat(await root('hard'))).ino).toBe((await stat(await root('plain'))).ino);
    expect((await stat(await root('plain'))).mode & 0o777).toBe(0o640);
    expect(await readlink(await root('absolute'))).toBe('/nowhere/at/all');
    expect(await readlink(await root('up'))).toBe('../root/plain');
    expect(await readdir(await root('empty'))).toEqual(['deep']);
  });

  test('many files with several names each', async () => {
    // Beside the file and further up: with several files being read at a time, tar may wait for ever on these.
    const names = `fs.linkSync('d' + d + '/plain' + f, 'd' + d + '/hard' + f); fs.linkSync('d' + d + '/plain' + f, 'x' + d + '-' + f)`;
    const files = `for (let f = 0; f < 20; f++) { fs.writeFileSync('d' + d + '/plain' + f, 'x'.repeat(5000 * f)); ${names} }`;
    const spec = program(`if (!fs.existsSync('d0')) for (let d = 0; d < 30; d++) { fs.mkdirSync('d' + d); ${files} }`);
    await restore(1, spec);
    const snapshot = await checkpoint(2);
    await restore(3, spec, snapshot);
    expect(await readdir(await root())).toHaveLength(30 + 30 * 20);
    expect((await stat(await root('x29-19'))).ino).toBe((await stat(await root('d29', 'hard19'))).ino);
  });

  test('a second snapshot to one place replaces the first whole', async () => {
    const snapshot = under.newSnapshot();
    await count(await restore(1, under.counter), 'POST');
    await checkpoint(2, snapshot);
    await count(await restore(3, under.counter, snapshot), 'POST');
    await checkpoint(4, snapshot);
    expect(await count(await restore(5, under.counter, snapshot))).toBe(2);
    expect(await readdir(fileURLToPath(snapshot.uri))).toHaveLength(2);
  });

  test.each([
    's3://bucket/x',
    'file://host/x',
    'file:///a/../b',
    'file:///a/%2e%2e/b',
    'file:///x?y',
    'file:///',
    '/x',
    '',
  ])('the uri %j is refused by the name of its field', async (uri) => {
    await restore(1, under.counter);
    const snapshot = { ...under.newSnapshot(), uri };
    for (const call of [checkpoint(2, snapshot), restore(3, under.counter, snapshot)]) {
      const error = await failure(call);
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(/^snapshot\.uri: got /);
    }
  });
});

test('what an actor saves when its runtime stops in order can be checkpointed after the restart', async () => {
  const address = await restore(1, under.counter);
  await count(address, 'POST');
  await under.restart();
  await expect(count(address)).rejects.toThrow();
  const snapshot = await checkpoint(2);
  expect(await count(await restore(3, under.counter, snapshot))).toBe(1);
});

describe('a program', () => {
  test('that ends before it is ready: its exit code and its last output are in the error', async () => {
    const spec = program(`console.error('no such model'); process.exit(3)`);
    const error = await failure(restore(1, spec));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
    expect(error.message).toContain('exit code 3');
    expect(error.message).toContain('no such model');
    expect(await places(under.directory)).toEqual([]);
  });

  test('that does not exist: the error names it', async () => {
    const error = await failure(restore(1, { command: ['no-such-program'], env: {}, image: '' }));
    expect(error.message).toContain('no-such-program');
  });

  test('is ready when ready_path answers 200, not before', async () => {
    // Answers 503 to the first three probes, and how many requests it has had.
    const serve = `let n = 0; http.createServer((q, r) => { r.statusCode = ++n > 3 ? 200 : 503; r.end(String(n)) })`;
    const script = `${serve}.listen(process.env.PORT, '127.0.0.1')`;
    const command = [process.execPath, '-e', script];
    const address = await restore(1, { command, env: {}, image: '', runtimeOptions: { ready_path: '/up' } });
    expect(await (await fetch(`http://${address}/`)).text()).toBe('5');
  });

  test('that is not ready in time is ended', async () => {
    const error = await failure(restore(1, program('', `'ok'`, { ready_path: '/', ready_timeout_ms: 1 })));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
    expect(error.message).toContain('not ready within 1 ms');
    expect(await places(under.directory)).toEqual([]);
  });

  test('that ignores SIGTERM is killed after the grace, with what it has written kept', async () => {
    const spec = program(`process.on('SIGTERM', () => {}); fs.appendFileSync('boots', 'x')`);
    await restore(1, spec);
    const pid = await pidOfActor();
    const snapshot = await checkpoint(2);
    expect(await isAlive(pid)).toBe(false);
    await restore(3, spec, snapshot);
    expect(await readFile(await root('boots'), 'utf8')).toBe('xx');
  });

  test('that dies by itself is not there for a checkpoint, and takes the rest of its group along', async () => {
    await restore(1, program(`child_process.spawn('sleep', ['1000'])`));
    const pid = await pidOfActor();
    process.kill(pid, 'SIGKILL');
    await until(async () => !(await isAlive(pid)));
    expect(await failure(checkpoint(2))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
  });

  test('that writes without end fills no disk and no memory', async () => {
    const mebibytes = 5;
    await restore(1, program(`process.stdout.write('x'.repeat(${String(mebibytes * 1024 * 1024)}) + 'end')`));
    const place = await placeOf(under.directory);
    // Missing for a moment whenever it has become output.log.1.
    const output = (): Promise<string> => readFile(join(place, 'output.log'), 'utf8').catch(() => '');
    await until(async () => (await output()).endsWith('end'));
    const sizes = ['output.log', 'output.log.1'].map(async (name) => (await stat(join(place, name))).size);
    // A file is closed by the first write that finds it full: at most one chunk of a pipe more than its limit.
    for (const size of await Promise.all(sizes)) expect(size).toBeLessThanOrEqual(1024 * 1024 + 64 * 1024);
  });

  test('sees its spec, its own variables, and no secret of the runtime', async () => {
    process.env['TEST_SECRET'] = 'hidden';
    const spec = program(`fs.writeFileSync('env', JSON.stringify(process.env))`);
    const address = await restore(1, { ...spec, env: { COLOUR: 'blue', PORT: '1' } });
    delete process.env['TEST_SECRET'];
    const env = JSON.parse(await readFile(await root('env'), 'utf8')) as Record<string, string>;
    expect(env).toMatchObject({ COLOUR: 'blue', ACTOR_NAMESPACE: 'tests', ACTOR_NAME: 'faulty' });
    expect(address).toBe(`127.0.0.1:${env['PORT'] ?? ''}`);
    expect(env).not.toHaveProperty('TEST_SECRET');
  });
});

describe('a program that something kills while it saves', () => {
  test('gives no snapshot, and is gone: NOT_FOUND, also when asked again', async () => {
    const spec = program(`process.on('SIGTERM', () => process.kill(process.pid, 'SIGKILL'))`);
    await restore(1, spec);
    const snapshot = under.newSnapshot();
    const error = await failure(checkpoint(2, snapshot));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'NOT_FOUND' });
    expect(error.message).toContain('signal SIGKILL');
    expect(await failure(checkpoint(3, snapshot))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
    expect(await failure(restore(4, spec, snapshot))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
    expect(await restore(5, under.counter)).toMatch(/:\d+$/);
  });
});

describe('a cancelled call', () => {
  /** Cancels at the `nth` progress of a phase. */
  function cancelAt(phase: string, nth: number): { readonly report: ReportProgress; readonly signal: AbortSignal } {
    const { signal, cancel } = cancellable();
    let seen = 0;
    return {
      signal,
      report: (progress) => {
        if (progress.phase === phase && ++seen === nth) cancel();
      },
    };
  }
  const large = program(`fs.existsSync('large') || fs.writeFileSync('large', Buffer.alloc(16 * 1024 * 1024, 'x'))`);
  const openFiles = async (): Promise<string[]> => {
    const names = await readdir('/proc/self/fd');
    const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    return paths.filter((path) => path.startsWith(under.directory) && !path.endsWith('tokens.log'));
  };

  test.runIf(process.platform === 'linux').each(['verify', 'unpack'])(
    'restore, in the middle of %s, leaves no directory, no process and no open file',
    async (phase) => {
      await restore(1, large);
      const snapshot = await checkpoint(2);
      const { report, signal } = cancelAt(phase, 5);
      const error = await failure(under.runtime.restore(restoreCall(3, large, snapshot), report, signal));
      expect(error.reason).toBe('CANCELLED');
      expect(await places(under.directory)).toEqual([]);
      expect(await openFiles()).toEqual([]);
      await restore(4, large, snapshot);
    },
  );

  test.runIf(process.platform === 'linux')(
    'checkpoint, in the middle of packing, leaves the actor running and nothing of the snapshot',
    async () => {
      const address = await restore(1, large);
      const snapshot = under.newSnapshot();
      const { report, signal } = cancelAt('pack', 5);
      const error = await failure(under.runtime.checkpoint(checkpointCall(2, snapshot), report, signal));
      expect(error.reason).toBe('CANCELLED');
      expect(await (await fetch(`http://${address}/`)).text()).toBe('ok');
      expect(await under.exists(snapshot)).toBe(false);
      await until(async () => (await openFiles()).every((path) => path.endsWith('output.log')));
      await checkpoint(3, snapshot);
    },
  );

  test('checkpoint that cannot write leaves the actor running, with its state', async () => {
    const address = await restore(1, under.counter);
    await count(address, 'POST');
    const blocked = under.newSnapshot();
    const path = fileURLToPath(blocked.uri);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'a file where the directory should be');
    const error = await failure(checkpoint(2, blocked));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'INTERNAL' });
    expect(await count(address)).toBe(1);
  });
});

test('a token that cannot be written down is no answer about the work, which may be done already', async () => {
  await restore(1, under.counter);
  const snapshot = await checkpoint(2);
  // Which has let go of its file, as after each time that it has written it anew.
  await under.restart();
  const path = join(under.directory, 'data', 'tokens.log');
  const log = await readFile(path);
  await rm(path);
  await mkdir(path);
  const error = await failure(checkpoint(3, snapshot));
  expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });

  await rm(path, { recursive: true });
  await writeFile(path, log);
  await checkpoint(3, snapshot);
});
