// The client as a stranger gets it: packed, unpacked into an empty project with
// nothing but what the client may need beside it, compiled at its strictest and
// run, by the examples of the documents as they stand there.

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, serveDev, type Served } from '../served.js';
import { compileStrictly } from '../strict-compiler.js';

const DEFAULT_ADDRESS = '127.0.0.1:7070';
/** What a client may load; with what these need in their turn. */
const MAY_LOAD = ['@grpc/grpc-js', '@grpc/proto-loader'];
/** What a TypeScript project for Node has. */
const TYPES = ['@types/node'];

let project: string;
let served: Served;
/** What the compiler has to say. */
let compiled: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'client-package-'));
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[];
  const home = join(project, 'node_modules', 'actor-coordinator');
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'), { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '-C', home, '--strip-components', '1']);
  for (const name of closure([...MAY_LOAD, ...TYPES])) {
    cpSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name), { recursive: true });
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  served = await serveDev();
  for (const [name, code] of Object.entries(programs())) writeFileSync(join(project, `${name}.ts`), code);
  // All at once, since it checks the types of every package.
  compiled = compileStrictly(project);
}, 120_000);

afterAll(async () => {
  await served[Symbol.asyncDispose]();
  rmSync(project, { recursive: true });
});

/** The packages, and what they depend on, as they are installed here. */
function closure(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    const manifest = createRequire(import.meta.url)(join(ROOT, 'node_modules', name, 'package.json')) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency);
  };
  names.forEach(add);
  return [...found];
}

function example(file: string, marker: string): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const code = new RegExp(`<!-- ${marker} -->\\n\`\`\`ts\\n([^]*?)\`\`\``).exec(text)?.[1];
  if (code === undefined) throw new Error(`${file}: expected a \`\`\`ts block after <!-- ${marker} -->`);
  return code.replaceAll(DEFAULT_ADDRESS, served.address);
}

const programs = (): Record<string, string> => ({
  readme: example('README.md', 'client'),
  client: example('docs/client.md', 'example'),
  loaded: `
    import { ActorCoordinator } from 'actor-coordinator/client';
    import { createRequire } from 'node:module';
    new ActorCoordinator('h:1').close();
    console.log(Object.keys(createRequire(import.meta.url).cache).join('\\n'));`,
  ends: `
    import { ActorCoordinator } from 'actor-coordinator/client';
    const coordinator = new ActorCoordinator(['${served.address}', '127.0.0.1:1']);
    await coordinator.listWorkers();
    const controller = new AbortController();
    const workflow = coordinator.watch('demo/unknown', { signal: controller.signal }).actor();
    await workflow.catch((error: Error) => console.log(error.name));
    coordinator.close();`,
  wrong: `
    import { ActorCoordinator } from 'actor-coordinator/client';
    const coordinator = new ActorCoordinator('h:1');
    // @ts-expect-error: there is no such option
    coordinator.resume('demo/a', { leaseWait: '1s' });
    for await (const event of coordinator.resume('demo/a')) {
      // @ts-expect-error: only progress has it
      console.log(event.done);
      if (event.type === 'step_progress') console.log(event.done.toFixed());
    }`,
});

/** @returns what it prints */
function run(name: string): string {
  return execFileSync(process.execPath, [join(project, `${name}.js`)], { encoding: 'utf8', timeout: 30_000 });
}

describe('the packed client', () => {
  it('has types that the strictest compiler accepts, and that refuse what makes no sense', () => {
    expect(compiled).toBe('');
  });

  it('runs the example of the README', async () => {
    const created = await served.type(
      'actor-coordinator create demo/notes -- node "$PWD/examples/counter/counter.mjs"',
    );
    expect(created.code).toBe(0);
    const output = run('readme');
    expect(output).toMatch(/^restore start \d+ 0$/m);
    const address = /^serves at (127\.0\.0\.1:\d+)$/m.exec(output)?.[1] ?? '';
    expect((await fetch(`http://${address}/count`)).status).toBe(200);
  });

  it('runs the example of docs/client.md', () => {
    expect(run('client')).toMatch(/^not there yet\n(?:notes \w+\n)?sleeper SUSPENDED\n$/);
  });

  it('loads nothing that only the server needs', () => {
    const packages = run('loaded')
      .trim()
      .split('\n')
      .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path);
    const loaded = new Set(packages);
    for (const name of MAY_LOAD) expect(loaded).toContain(name);
    expect([...loaded].filter((name) => !closure(MAY_LOAD).includes(name))).toEqual([]);
    for (const name of ['ioredis', 'pino', 'commander', 'cli-progress', 'dockerode', 'tar']) {
      expect(loaded).not.toContain(name);
      expect(closure(MAY_LOAD)).not.toContain(name);
    }
  });

  it('leaves nothing of itself behind that keeps a process alive', () => {
    expect(run('ends')).toBe('CallError\n');
  });
});

describe('examples/client', () => {
  it('wakes an actor on request, once for all who ask', async () => {
    await served.type('actor-coordinator create demo/woken -- node "$PWD/examples/counter/counter.mjs"');
    const child = spawn(process.execPath, [join(ROOT, 'examples/client/wake.mjs'), '0'], {
      env: { ...process.env, ACTOR_WORKFLOW_ADDRESS: served.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const url = await new Promise<string>((resolve) => {
      createInterface(child.stdout).on('line', (line) => resolve(/http:\S+?:\d+/.exec(line)?.[0] ?? ''));
    });
    const ask = (path: string, method = 'GET') => fetch(`${url}/${path}`, { method });
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('demo/woken/count', 'POST')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await (await ask('demo/woken/count')).json()).toEqual({ count: 8 });
    const events = await served.type('actor-coordinator watch demo/woken -o json');
    expect(events.stdout).toContain('"ACTOR_STATE_RUNNING"');
    await served.type('actor-coordinator suspend demo/woken');
    expect(await (await ask('demo/woken/count')).json()).toEqual({ count: 8 });
    expect((await ask('demo/nobody/')).status).toBe(404);
    expect((await ask('demo')).status).toBe(404);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});
