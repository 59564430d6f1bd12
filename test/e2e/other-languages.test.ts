// What callers in Python and in Go see: stubs made from the protos, by the
// lines of docs/other-languages.md as they stand, against a real replica. Where
// a toolchain is missing, or its packages cannot be had, they are skipped.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certify, hasOpenssl } from '../certificates.js';
import { readToEnd, startCoordinator, type TestCoordinator } from '../coordinator.js';
import { hang, startFakeNodeRuntime, takes, type FakeNodeRuntime } from '../fake-node-runtime.js';
import { uniquePrefix } from '../redis.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WORK = join(ROOT, '.cache/other-languages');
const page = readFileSync(join(ROOT, 'docs/other-languages.md'), 'utf8');

/** Packages from the network, and a compiler that starts cold. */
const PREPARE_WITHIN_MS = 6 * 60_000;

const languages = [
  { language: 'python', needs: 'python3', flag: '--', program: ['.venv/bin/python', 'examples/python/resume.py'] },
  { language: 'go', needs: 'go', flag: '-', program: ['examples/go/resume'] },
];

let runtime: FakeNodeRuntime;
let coordinator: TestCoordinator;
const namespace = 'demo';

beforeAll(async () => {
  runtime = await startFakeNodeRuntime();
  coordinator = await startCoordinator({ redisKeyPrefix: uniquePrefix() });
  const { client } = coordinator;
  await client.registerWorker({ worker: { pool: 'default', name: 'w' }, runtime_address: runtime.address, node: 'n' });
});
afterAll(async () => {
  await coordinator.close();
  await runtime[Symbol.asyncDispose]();
});

interface Answer {
  readonly code: number | null;
  readonly output: string;
}

describe.each(languages)('a caller in $language', ({ language, needs, flag, program }) => {
  const isThere = spawnSync(needs, [language === 'go' ? 'version' : '--version']).status === 0;
  const directory = join(WORK, language);
  let why = `needs ${needs} on PATH`;
  let lines: string[] = [];
  let ready = false;

  const type = (line: string): ReturnType<typeof spawnSync> =>
    spawnSync('sh', ['-c', line], { cwd: directory, encoding: 'utf8', timeout: PREPARE_WITHIN_MS });

  beforeAll(() => {
    lines = new RegExp(`<!-- ${language} -->\n\`\`\`sh\n(.*?)\n\`\`\``, 's').exec(page)?.[1]?.split('\n') ?? [];
    expect(lines.length).toBeGreaterThan(2);
    if (isThere) {
      // A clone's root, but for what is of no use to a caller.
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      for (const part of ['proto', 'examples']) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
      const build = language === 'go' ? 'go build -o resume .' : 'true';
      const made = type(`set -e\n${[...lines.slice(0, -1), build].join('\n')}`);
      ready = made.status === 0;
      why = `the stubs could not be made: ${String(made.stderr).trim().split('\n').at(-1) ?? ''}`;
    }
    if (!ready) console.warn(`Callers in ${language} are not tried: ${why}`);
  }, PREPARE_WITHIN_MS);

  /** Runs the example; `onLine` sees each line that it prints. */
  function run(args: readonly string[], onLine: (line: string, stop: () => void) => void = () => undefined) {
    const [command = '', ...first] = program;
    const child = spawn(command, [...first, ...args], { cwd: directory });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        for (const line of text.split('\n')) onLine(line, () => child.kill('SIGINT'));
      });
    }
    return new Promise<Answer>((resolve) => child.once('close', (code) => resolve({ code, output })));
  }

  it('resumes an actor by the last line of the page, and sees its progress', async (context) => {
    if (!ready) context.skip(why);
    await coordinator.client.createActor({ actor: { namespace, name: 'notes' } });
    runtime.next('restore', takes(200));
    const line = lines.at(-1) ?? '';
    expect(line).toContain(' 127.0.0.1:7070 demo/notes');
    const moved = [lines.find((each) => each.startsWith('cd ')) ?? 'true', line].join(' && ');
    const child = spawn('sh', ['-c', moved.replace('127.0.0.1:7070', coordinator.address)], { cwd: directory });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(output).toMatch(/^workflow \S+, fencing token \d+\n/);
    expect(output).toMatch(/\nrestore: .* of \d+ /);
    expect(output).toMatch(/\nACTOR_STATE_RUNNING/);
    expect(code).toBe(0);
    const suspended = await run([`${flag}suspend`, coordinator.address, 'demo/notes']);
    expect(suspended).toMatchObject({ code: 0, output: expect.stringContaining('ACTOR_STATE_SUSPENDED') as string });
    await coordinator.client.deleteActor({ namespace, name: 'notes' });
  });

  it('decodes why it was refused, who holds the lease, and when to try again', async (context) => {
    if (!ready) context.skip(why);
    await coordinator.client.createActor({ actor: { namespace, name: 'b' } });
    runtime.next('restore', hang);
    const caller = new AbortController();
    const { client } = coordinator;
    const first = readToEnd(client.resume({ actor: { namespace, name: 'b' } }, { signal: caller.signal }));
    await runtime.nextCall('restore');
    const { code, output } = await run([coordinator.address, 'demo/b']);
    expect(code).toBe(1);
    expect(output).toMatch(/^aborted: actor demo\/b is leased to /i);
    expect(output).toMatch(/\nreason LEASE_HELD .*holder.*\n/);
    expect(output).toMatch(/\nretry after [\d.]+ ?s/);
    caller.abort();
    await first;
    await coordinator.client.deleteActor({ namespace, name: 'b' }, { force: true });
  });

  it('is told of its deadline, and cancels its workflow by leaving', async (context) => {
    if (!ready) context.skip(why);
    await coordinator.client.createActor({ actor: { namespace, name: 'c' } });
    const deadline = [`${flag}deadline`, language === 'go' ? '700ms' : '0.7'];
    runtime.next('restore', hang);
    const late = await run([...deadline, coordinator.address, 'demo/c']);
    expect(late).toMatchObject({ code: 1, output: expect.stringMatching(/deadline.?exceeded/i) as string });
    runtime.next('restore', hang);
    const begun = runtime.nextCall('restore');
    const left = await run([coordinator.address, 'demo/c'], (line, stop) => {
      if (line.includes('step_started restore')) void begun.then(stop);
    });
    expect(left).toMatchObject({ code: 1, output: expect.stringMatching(/cancell?ed/i) as string });
    const call = await begun;
    await expect.poll(() => call.cancelled).toBe(true);
    await coordinator.client.deleteActor({ namespace, name: 'c' }, { force: true });
  });

  it('shows its certificate where the coordinator asks for one', async (context) => {
    if (!ready) context.skip(why);
    if (!hasOpenssl) context.skip('needs openssl on PATH to make certificates');
    const files = await mkdtemp(join(tmpdir(), 'certificates-'));
    const [server, ca] = [certify(files, 'server'), certify(files, 'ca')];
    const member = certify(files, 'member', 'ca');
    const tls = { tlsCert: server.cert, tlsKey: server.key, tlsClientCa: ca.cert };
    await using secured = await startCoordinator({ redisKeyPrefix: uniquePrefix(), listen: ['localhost:0'], ...tls });
    const call = async (...own: string[]): Promise<string> =>
      (await run([`${flag}ca`, server.cert, ...own, secured.address, 'demo/none'])).output;
    expect(await call(`${flag}cert`, member.cert, `${flag}key`, member.key)).toContain('no actor demo/none');
    expect(await call()).toMatch(/^unavailable/im);
    await rm(files, { recursive: true });
  });
});
