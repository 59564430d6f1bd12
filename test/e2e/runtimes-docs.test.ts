// The lines of docs/runtimes.md as they stand, but for ports and directories: the
// nodes of each kind serve, the conformance suite passes, and the runtime in
// Python wakes an actor up for a real coordinator. Skipped, with a line that says
// so: Python's where its packages cannot be had, Docker's where no engine answers.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { findEngine } from '../docker-engine.js';
import { MAIN, ROOT, serveDev, type Served } from '../served.js';

const page = readFileSync(join(ROOT, 'docs/runtimes.md'), 'utf8');
/** A clone's root, but for what is of no use here. */
const CLONE = join(ROOT, '.cache/runtimes-docs');
/** Packages from the network. */
const PREPARE_WITHIN_MS = 6 * 60_000;
/** Half a minute where nothing else runs. */
const CHECK_WITHIN_MS = 3 * 60_000;

const blocks = new Map(
  [...page.matchAll(/<!-- ([\w-]+) -->\n```sh\n(.*?)\n```/gs)].map(([, name = '', text = '']) => [
    name,
    text.split('\n'),
  ]),
);
const only = (name: string): string => {
  const [line, ...more] = blocks.get(name) ?? [];
  if (line === undefined || more.length > 0) throw new Error(`docs/runtimes.md: expected one line after ${name}`);
  return line;
};

let served: Served;
let directory: string;
/** Documented `host:port` → what it is here. */
const addresses = new Map<string, string>();

beforeAll(async () => {
  served = await serveDev();
  directory = mkdtempSync(join(tmpdir(), 'runtimes-docs-'));
  symlinkSync(MAIN, join(directory, 'actor-coordinator'));
  addresses.set('127.0.0.1:7070', served.address);
  for (const port of [7072, 7073]) addresses.set(`127.0.0.1:${port}`, `127.0.0.1:${await freePort()}`);
  rmSync(CLONE, { recursive: true, force: true });
  mkdirSync(CLONE, { recursive: true });
  for (const part of ['proto', 'examples']) cpSync(join(ROOT, part), join(CLONE, part), { recursive: true });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function here(line: string): string {
  const text = line.replaceAll('/tmp/', `${directory}/`);
  return [...addresses].reduce((all, [documented, actual]) => all.replaceAll(documented, actual), text);
}

const options = () => ({
  cwd: CLONE,
  env: {
    ...process.env,
    PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}`,
    ACTOR_WORKFLOW_ADDRESS: served.address,
  },
});

function type(line: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', here(line)], options(), (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

/**
 * Runs until the test has finished, with its number in the file `pid`; where `again` is set, whatever ends it before.
 * Resolves when it serves at `documented`, and rejects when it ends first.
 */
async function serve(line: string, documented: string, again = false): Promise<void> {
  let output = '';
  let over = false;
  let child: ChildProcess;
  const ended = new Promise<void>((resolve) => {
    const start = (): void => {
      child = spawn('sh', ['-c', `exec ${here(line)}`], { ...options(), stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (text: Buffer) => (output += text.toString()));
      writeFileSync(join(CLONE, 'pid'), String(child.pid));
      child.once('close', () => {
        if (again && !over) start();
        else resolve();
      });
    };
    start();
  });
  onTestFinished(async () => {
    over = true;
    child.kill('SIGTERM');
    await ended;
  });
  const early = ended.then(() => Promise.reject(new Error(`${line}\nended before it served:\n${output}`)));
  early.catch(() => undefined);
  const port = Number(here(documented).split(':')[1]);
  await Promise.race([vi.waitFor(async () => expect(await accepts(port)).toBe(true), 20_000), early]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (accepted: boolean) => (): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

it('docs/runtimes.md has no lines but those that are tried here', () => {
  const tried = ['node', 'conformance', 'python', 'python-conformance', 'python-actor'];
  const nodes = ['process-node', 'docker-node', 'docker-actor', 'atelet-node'];
  expect([...blocks.keys()].sort()).toEqual([...tried, ...nodes].sort());
  expect(page.match(/^```sh$/gm)).toHaveLength(blocks.size);
});

describe('a node', () => {
  it(
    'that nothing else uses passes the conformance suite',
    async () => {
      await serve(only('node'), '127.0.0.1:7072');
      const { code, output } = await type(only('conformance'));
      expect({ code, failed: output.match(/^FAILED.*/gm) }).toEqual({ code: 0, failed: null });
      expect(output).toMatch(/^\d\d ok, 0 failed, 4 skipped$/m);
    },
    CHECK_WITHIN_MS,
  );

  it.each(['process-node', 'atelet-node'])('serves and registers its workers by the line for a %s', async (name) => {
    await serve(only(name), '127.0.0.1:7072');
    await vi.waitFor(async () => {
      const { output } = await type('actor-coordinator workers default');
      expect(output).toContain(here('127.0.0.1:7072'));
    }, 20_000);
  });

  it('moves an actor that is a container by the lines for docker', async (context) => {
    const lines = blocks.get('docker-actor') ?? [];
    const engine = await findEngine(/--image (\S+)/.exec(lines[0] ?? '')?.[1] ?? '');
    if (!engine.usable) {
      console.warn(`The lines for containers are not tried: ${engine.why}`);
      return context.skip(engine.why);
    }
    await serve(only('docker-node'), '127.0.0.1:7072');
    await vi.waitFor(async () => {
      expect((await type('actor-coordinator workers containers')).output).toContain('127.0.0.1');
    }, 20_000);
    for (const line of lines) expect({ line, ...(await type(line)) }).toMatchObject({ line, code: 0 });
  });
});

describe('the runtime in Python', () => {
  const lines = blocks.get('python') ?? [];
  const runtime = lines.at(-1) ?? '';
  let missing: string | undefined = 'needs python3 on PATH';

  beforeAll(async () => {
    if (spawnSync('python3', ['--version']).status === 0) {
      const { code, output } = await type(`set -e\n${lines.slice(0, -1).join('\n')}`);
      missing = code === 0 ? undefined : `the stubs could not be made: ${output.trim().split('\n').at(-1) ?? ''}`;
    }
    if (missing !== undefined) console.warn(`The runtime in Python is not tried: ${missing}`);
  }, PREPARE_WITHIN_MS);

  it(
    'passes the conformance suite',
    async (context) => {
      if (missing !== undefined) context.skip(missing);
      await serve(runtime, '127.0.0.1:7073');
      const { code, output } = await type(only('python-conformance'));
      expect({ code, failed: output.match(/^FAILED.*/gm) }).toEqual({ code: 0, failed: null });
      // It cannot pause, and this line restarts nothing.
      const skipped = output.match(/^skipped +\S+/gm) ?? [];
      expect(skipped.filter((line) => !/ (pause|restart)\/|fencing\/restart/.test(line))).toEqual([]);
    },
    CHECK_WITHIN_MS,
  );

  it('remembers across a restart what it must', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await serve(runtime, '127.0.0.1:7073', true);
    const restart = 'pid=$(cat pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done';
    const flags = `--only restart --only fencing/restart --restart-command '${restart}'`;
    const { code, output } = await type(`${only('python-conformance')} ${flags}`);
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^\d ok, 0 failed, 0 skipped$/m) as string,
    });
  });

  it('wakes an actor up and puts it to sleep for a coordinator', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await serve(runtime, '127.0.0.1:7073');
    for (const line of blocks.get('python-actor') ?? []) {
      const { code, output } = await type(line);
      expect({ line, code, output }).toEqual({ line, code: 0, output: expect.any(String) as string });
      if (line.includes(' resume ')) expect(output).toMatch(/is RUNNING on worker python\/w-0 at 127\.0\.0\.1:\d+/);
      if (line.includes(' suspend ')) expect(output).toMatch(/is SUSPENDED with a snapshot of/);
    }
  });
});
