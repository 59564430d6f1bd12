// Containers as actors, beyond the contract: what is in a snapshot, what can go
// wrong between the runtime and its engine, and what a runtime that was killed
// leaves to the next. Skipped where no engine has the image.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Snapshot, WorkloadSpec } from '../../src/actor/actor.js';
import type { ReportProgress, RuntimeProgress } from '../../src/runtime/node-runtime.js';
import { startRegistry } from '../oci-registry.js';
import { answers, ask, cancellable, failure, ignore, never } from './node-runtime-calls.js';
import {
  containerProgram,
  DOCKER_HOST,
  DockerRuntimeUnderTest,
  IMAGE,
  missing,
  VOLUME_ONLY,
  workers,
} from './docker-runtime.js';
import { ProcessRuntimeUnderTest } from './node-runtime-process.js';
import { Owner, type Told } from './runtime-owner.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const actor = { namespace: 'tests', name: 'boxed' };
/** Answers with what it remembers: how often it was asked, since its first start. */
const counts = containerProgram(
  `let n = fs.existsSync('n') ? Number(fs.readFileSync('n')) : 0; process.on('SIGTERM', () => { fs.writeFileSync('n', String(n)); process.exit() })`,
  '++n',
);
const remembers = containerProgram('const number = Math.random()', 'number');

let under: DockerRuntimeUnderTest;

function restoreCall(fencingToken: number, spec: WorkloadSpec, snapshot?: Snapshot) {
  const call = { actor, worker: workers[0], fencingToken, workflowId: 'w', spec };
  return snapshot === undefined ? call : { ...call, snapshot };
}

async function restore(token: number, spec: WorkloadSpec, snapshot?: Snapshot, report = ignore): Promise<string> {
  return (await under.runtime.restore(restoreCall(token, spec, snapshot), report, never)).address;
}

async function checkpoint(token: number, snapshot = under.newSnapshot(), signal = never, report = ignore) {
  const call = { actor, worker: workers[0], fencingToken: token, workflowId: 'w', snapshot };
  await under.runtime.checkpoint(call, report, signal);
  return snapshot;
}

/** The one container that there is. */
async function container() {
  const [found, second] = await under.containers();
  if (found === undefined || second !== undefined) throw new Error('expected exactly one container');
  return under.docker.getContainer(found.Id);
}

describe.skipIf(missing !== undefined)('a container', () => {
  beforeEach(async () => {
    under = await DockerRuntimeUnderTest.open();
  });
  afterEach(async () => {
    await under.close();
  });

  describe('and its snapshot', () => {
    test('holds the file system with what was removed from it, and the volumes', async () => {
      const spec = containerProgram(
        `fs.existsSync('/etc/first') || (fs.writeFileSync('/etc/first', 'x'), fs.rmSync('/bin/ls'), fs.writeFileSync('/data/file', 'y'))`,
        `[fs.readFileSync('/etc/first'), fs.existsSync('/bin/ls'), fs.readFileSync('/data/file'), fs.existsSync('/bin/cat')]`,
        { volumes: ['/data'] },
      );
      const address = await restore(1, spec);
      expect(await ask(address)).toBe('x,false,y,true');
      const snapshot = await checkpoint(2);
      expect(await under.containers()).toEqual([]);
      const images = await under.images();

      const again = await restore(3, spec, snapshot);
      expect(await ask(again)).toBe('x,false,y,true');
      // Once more, from an image that was itself made of a snapshot.
      const second = await checkpoint(4);
      expect(await ask(await restore(5, spec, second))).toBe('x,false,y,true');
      await under.runtime.stop({ actor, worker: workers[0], fencingToken: 6, workflowId: 'w' }, never);
      expect(await under.images()).toEqual(images);
    });

    test('is only its volumes where the spec says so, and a tenth of the size', async () => {
      const spec = containerProgram(`fs.writeFileSync('/elsewhere', 'x')`, `fs.readdirSync('.')`, VOLUME_ONLY);
      await restore(1, spec);
      const call = { actor, worker: workers[0], fencingToken: 2, workflowId: 'w', snapshot: under.newSnapshot() };
      const { sizeBytes } = await under.runtime.checkpoint(call, ignore, never);
      expect(sizeBytes).toBeLessThan(100_000);
      const looks = { ...spec, command: [...spec.command.slice(0, 2), lookFor('/elsewhere')] };
      expect(await ask(await restore(3, looks, call.snapshot))).toBe('false');
    });

    test('is of a kind: one of processes is refused here, and one of containers there', async () => {
      const processes = await ProcessRuntimeUnderTest.open();
      try {
        const base = { actor, worker: workers[0], workflowId: 'w' };
        const fromProcess = processes.newSnapshot();
        const spec = processes.remembering;
        await processes.runtime.restore({ ...base, fencingToken: 1, spec }, ignore, never);
        await processes.runtime.checkpoint({ ...base, fencingToken: 2, snapshot: fromProcess }, ignore, never);
        const error = await failure(restore(1, remembers, fromProcess));
        expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
        expect(error.message).toContain('was written by a runtime for process, and this one is for container');

        await restore(2, remembers);
        const snapshot = await checkpoint(3);
        const back = processes.runtime.restore({ ...base, fencingToken: 3, spec, snapshot }, ignore, never);
        expect((await failure(back)).message).toContain('written by a runtime for container');
      } finally {
        await processes.close();
      }
    });
  });

  describe('that cannot start', () => {
    test('for want of an image: the error names it, and nothing is left', async () => {
      const error = await failure(restore(1, { ...remembers, image: 'tests.invalid/no/such:1' }));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION', maybeDone: false });
      expect(error.message).toContain('pulling tests.invalid/no/such:1');
      expect(await readdir(join(under.directory, 'data', 'actors'))).toEqual([]);
    });

    test('for want of its program: the error names it, and nothing is left', async () => {
      const error = await failure(restore(1, { ...remembers, command: ['no-such-program'] }));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
      expect(error.message).toContain('no-such-program');
      expect(await under.containers()).toEqual([]);
    });

    test('because it ends: its exit code and its last output are in the error', async () => {
      const error = await failure(restore(1, containerProgram(`console.error('no such model'); process.exit(3)`)));
      expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'FAILED_PRECONDITION' });
      expect(error.message).toContain('exit code 3');
      expect(error.message).toContain('no such model');
    });

    test('because it takes more memory than its spec allows: the error says so', async () => {
      const spec = containerProgram(`const all = []; for (;;) all.push(Buffer.alloc(8e6, 'x'))`, '0', {
        memory_mb: 128,
      });
      const error = await failure(restore(1, spec));
      expect(error.message).toContain('out of memory');
    });
  });

  test('has the limits of its spec, and no more rights than it needs', async () => {
    const options = { ...VOLUME_ONLY, memory_mb: 256, cpus: 0.5, max_pids: 64 };
    await restore(1, containerProgram('', `'ok'`, options));
    const { HostConfig: config, Config: made } = await (await container()).inspect();
    expect(config).toMatchObject({
      Memory: 256 * 1024 * 1024,
      NanoCpus: 5e8,
      PidsLimit: 64,
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
    });
    expect(config.Privileged).toBe(false);
    expect(made.Labels).toMatchObject({
      'actor-coordinator.actor': 'tests/boxed',
      'actor-coordinator.worker': 'default/w-0',
      'actor-coordinator.fencing-token': '1',
    });
  });

  test('sees its spec, its own variables, and no secret of the runtime', async () => {
    process.env['TEST_SECRET'] = 'hidden';
    const spec = containerProgram('', 'JSON.stringify(process.env)', { ...VOLUME_ONLY, port: 9000 });
    const env = JSON.parse(await ask(await restore(1, { ...spec, env: { COLOUR: 'blue', PORT: '1' } }))) as object;
    delete process.env['TEST_SECRET'];
    expect(env).toMatchObject({ COLOUR: 'blue', PORT: '9000', ACTOR_NAMESPACE: 'tests', ACTOR_NAME: 'boxed' });
    expect(env).not.toHaveProperty('TEST_SECRET');
  });

  test('whose image has to be pulled tells how far that is', async () => {
    const registry = await startRegistry();
    const seen: RuntimeProgress[] = [];
    const note: ReportProgress = (progress) => {
      if (progress.phase === 'pull') seen.push(progress);
    };
    try {
      const error = await failure(restore(1, { ...remembers, image: registry.image }, undefined, note));
      // It is there now, and has no program in it.
      expect(error.message).toContain('node');
      expect(error.message).not.toContain('pulling');
      const done = seen.map((progress) => progress.done);
      expect(done.filter((bytes) => bytes > 0).length).toBeGreaterThan(2);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      for (const { done: bytes, total } of seen) expect(bytes).toBeLessThanOrEqual(total);
    } finally {
      await under.docker.getImage(registry.image).remove({ force: true });
      await registry.close();
    }
  });

  test('whose pull is cancelled is let go of at once', async () => {
    const registry = await startRegistry();
    const { signal, cancel } = cancellable();
    const note: ReportProgress = ({ phase, done }) => (phase === 'pull' && done > 0 ? cancel() : undefined);
    try {
      const call = restoreCall(1, { ...remembers, image: registry.image });
      expect((await failure(under.runtime.restore(call, note, signal))).reason).toBe('CANCELLED');
      expect(await readdir(join(under.directory, 'data', 'actors'))).toEqual([]);
    } finally {
      await registry.close();
    }
  });

  test('that somebody removes is NOT_FOUND, so that its actor counts as crashed', async () => {
    await restore(1, counts);
    await (await container()).remove({ force: true, v: true });
    expect(await failure(checkpoint(2))).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'NOT_FOUND' });
    expect(await ask(await restore(3, counts))).toBe('1');
  });

  test('that dies by itself is not there for a checkpoint', async () => {
    await restore(1, counts);
    const dying = await container();
    await dying.kill();
    await vi.waitFor(async () => {
      expect(await failure(checkpoint(2))).toMatchObject({ runtimeCode: 'NOT_FOUND' });
    });
  });

  test('that something kills while it saves gives no snapshot, and is gone', async () => {
    // A program that has number 1 gets no signal that it sends itself; but it gets the one for taking too much memory.
    const grow = `const all = []; for (;;) all.push(Buffer.alloc(8e6, 'x'))`;
    const spec = containerProgram(`process.on('SIGTERM', () => { ${grow} })`, `'ok'`, {
      ...VOLUME_ONLY,
      memory_mb: 128,
    });
    await restore(1, spec);
    const snapshot = under.newSnapshot();
    const error = await failure(checkpoint(2, snapshot));
    expect(error).toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'NOT_FOUND' });
    expect(await failure(restore(3, spec, snapshot))).toMatchObject({ runtimeCode: 'DATA_LOSS' });
  });

  test('that ignores SIGTERM is killed after the grace, with what it has written kept', async () => {
    const spec = containerProgram(
      `process.on('SIGTERM', () => {}); fs.appendFileSync('boots', 'x')`,
      `fs.readFileSync('boots')`,
    );
    await restore(1, spec);
    const snapshot = await checkpoint(2);
    expect(await ask(await restore(3, spec, snapshot))).toBe('xx');
  });

  test('paused outlives its runtime, with its memory and its address', async () => {
    const address = await restore(1, remembers);
    const number = await ask(address);
    const local = await checkpoint(2, under.newLocalSnapshot());
    await under.restart();
    expect(await answers(address)).toBe(false);
    expect(await restore(3, remembers, local)).toBe(address);
    expect(await ask(address)).toBe(number);
  });

  describe('whose runtime was killed', () => {
    const isResult = ({ result }: Told): boolean => result !== undefined;
    let owner: Owner;
    beforeEach(async () => {
      await under.runtime.close();
      owner = new Owner(under.directory, 'docker');
      await owner.until(isResult);
    });
    afterEach(async () => {
      await owner.kill();
    });
    const takeOver = async (): Promise<void> => {
      await owner.kill();
      under.runtime = await DockerRuntimeUnderTest.start(under.directory);
    };

    test('goes on as if nothing were', async () => {
      owner.call('restore', restoreCall(1, remembers));
      await owner.until(isResult);
      await takeOver();
      const { NetworkSettings: net } = await (await container()).inspect();
      const port = net.Ports['8080/tcp']?.[0]?.HostPort ?? '';
      const number = await ask(`127.0.0.1:${port}`);
      expect(await restore(2, remembers)).toBe(`127.0.0.1:${port}`);
      expect(await ask(`127.0.0.1:${port}`)).toBe(number);
      await checkpoint(3);
      expect(await under.containers()).toEqual([]);
    });

    test('while it was starting is removed', async () => {
      const deaf = { ...remembers, command: ['node', '-e', 'setInterval(() => {}, 1000)'] };
      owner.call('restore', restoreCall(1, deaf));
      await owner.until(({ phase }) => phase === 'start');
      const [starting] = await under.containers();
      await takeOver();
      const left = await under.docker.listContainers({ all: true });
      expect(left.map(({ Id: id }) => id)).not.toContain(starting?.Id);
      expect(await readdir(join(under.directory, 'data', 'actors'))).toEqual([]);
    });

    test('after it was told to save is finished by the repetition of the checkpoint', async () => {
      const save = `setTimeout(() => { fs.writeFileSync('saved', ''); process.exit() }, 1500)`;
      const spec = containerProgram(
        `process.on('SIGTERM', () => { console.log('told'); ${save} })`,
        `fs.existsSync('saved')`,
      );
      owner.call('restore', restoreCall(1, spec));
      await owner.until(isResult);
      const snapshot = under.newSnapshot();
      const call = { actor, worker: workers[0], fencingToken: 2, workflowId: 'w', snapshot };
      owner.call('checkpoint', call);
      const stopping = await container();
      await vi.waitFor(async () => {
        expect((await stopping.logs({ stdout: true })).toString()).toContain('told');
      });
      await takeOver();
      await under.runtime.checkpoint(call, ignore, never);
      expect(await ask(await restore(3, spec, snapshot))).toBe('true');
    });
  });

  describe('that a crash has left in between', () => {
    test('made and not recorded is removed', async () => {
      await restore(1, remembers);
      const { Config: made } = await (await container()).inspect();
      const place = 'tests_boxed_00000000-0000-0000-0000-000000000000';
      await under.restart(async () => {
        await mkdir(join(under.directory, 'data', 'actors', place));
        const Labels = { ...made.Labels, 'actor-coordinator.place': place };
        await under.docker.createContainer({ Image: IMAGE, Cmd: ['node'], Labels });
        expect(await under.containers()).toHaveLength(2);
      });
      expect(await under.containers()).toHaveLength(1);
      const all = await under.docker.listContainers({
        all: true,
        filters: { label: [`actor-coordinator.place=${place}`] },
      });
      expect(all).toEqual([]);
    });

    test('paused and not recorded goes on; recorded and not paused is paused', async () => {
      const address = await restore(1, remembers);
      const number = await ask(address);
      await under.restart(async () => {
        await (await container()).pause();
      });
      expect(await ask(address)).toBe(number);
      const local = await checkpoint(2, under.newLocalSnapshot());
      await under.restart(async () => {
        await (await container()).unpause();
      });
      expect(await answers(address)).toBe(false);
      expect(await restore(3, remembers, local)).toBe(address);
    });

    test('stopped with a record of its stop keeps what it saved', async () => {
      await ask(await restore(1, counts));
      const [place = ''] = await readdir(join(under.directory, 'data', 'actors'));
      const path = join(under.directory, 'data', 'actors', place, 'record.json');
      await under.restart(async () => {
        const record = JSON.parse(await readFile(path, 'utf8')) as object;
        await writeFile(path, JSON.stringify({ ...record, state: 'stopping' }));
        await (await container()).stop({ t: 5 });
      });
      const snapshot = await checkpoint(2);
      expect(await ask(await restore(3, counts, snapshot))).toBe('2');
    });
  });
});

describe.skipIf(missing !== undefined)('an engine', () => {
  test('that goes away in the middle of a call leaves it maybe done, and what is left is removed later', async () => {
    const proxy = await startSocketProxy();
    under = await DockerRuntimeUnderTest.open({ host: proxy.host });
    try {
      const neverReady = containerProgram('', '0', { ...VOLUME_ONLY, ready_path: '/', ready_timeout_ms: 1_000 });
      const spec = { ...neverReady, command: ['node', '-e', 'setInterval(() => {}, 1000)'] };
      const cut: ReportProgress = ({ phase }) => (phase === 'start' ? proxy.cut() : undefined);
      const error = await failure(under.runtime.restore(restoreCall(1, spec), cut, never));
      expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
      expect(error.message).toMatch(/not ready within 1000 ms.*could not be undone/);
      expect(await failure(restore(2, remembers))).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE', maybeDone: true });
      await proxy.mend();
      expect(await ask(await restore(3, remembers))).toMatch(/^0\./);
      expect(await under.containers()).toHaveLength(1);
    } finally {
      await proxy.mend();
      await under.close();
      await proxy.close();
    }
  });
});

test('an engine that is not there is named', async () => {
  const opening = DockerRuntimeUnderTest.open({ host: 'unix:///nowhere/docker.sock' });
  const error = await failure(opening);
  expect(error).toMatchObject({ reason: 'RUNTIME_UNAVAILABLE' });
  expect(error.message).toContain('unix:///nowhere/docker.sock cannot be reached');
});

test.each(['docker.sock', 'ssh://host', 'tcp://host'])('the engine address %j is refused by its flag', async (host) => {
  const error = await failure(DockerRuntimeUnderTest.open({ host }));
  expect(error.reason).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain('--docker-host: got ');
});

function lookFor(path: string): string {
  return `http.createServer((q, r) => r.end(String(fs.existsSync(${JSON.stringify(path)})))).listen(process.env.PORT)`;
}

/** Between the runtime and the engine. */
async function startSocketProxy(): Promise<{
  readonly host: string;
  cut(): void;
  mend(): Promise<void>;
  close(): Promise<void>;
}> {
  const target = DOCKER_HOST.replace('unix://', '');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `tcp://127.0.0.1:${port}`,
    cut,
    mend: async () => {
      if (!server.listening) await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    },
    close: () =>
      new Promise((resolve) => {
        if (!server.listening) resolve();
        else server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
