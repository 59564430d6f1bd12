// What the README tells a newcomer to type, as it stands there, in a shell: npm
// start and what that says to try, the quick start, its transcript, the demo.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, type TestContext } from 'vitest';
import { blockOf, linesOf } from '../documents.js';
import { freePort } from '../redis.js';
import { ROOT, serveDev } from '../served.js';

/** Somebody else's settings must not reach what is started here. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ACTOR_WORKFLOW_')));

function needsCurl(context: TestContext): void {
  if (spawnSync('curl', ['--version']).status !== 0) context.skip('needs curl on PATH');
}

/** Types it all into one shell, which ends at the first line that fails. */
function type(script: string, more: Readonly<Record<string, string>> = {}) {
  return new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const options = { cwd: ROOT, env: { ...env, ...more } };
    execFile('sh', ['-ec', script], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const isRunning = /^demo\/\w+ is RUNNING on worker default\/dev-(\d) at (127\.0\.0\.1:\d+), after .+$/m;

describe('npm start', () => {
  it('says what to type, and that can be typed', async (context) => {
    needsCurl(context);
    const [line = '', ...more] = linesOf('README.md', 'start');
    expect(more).toEqual([]);
    const listen = `127.0.0.1:${await freePort()}`;
    // It becomes what it starts, so that it can be told to end.
    const child = spawn('sh', ['-c', `exec ${line}`], {
      cwd: ROOT,
      env: { ...env, ACTOR_WORKFLOW_LISTEN: listen },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      const said: string[] = [];
      createInterface(child.stdout).on('line', (text) => said.push(text));
      await new Promise<void>((resolve, reject) => {
        createInterface(child.stderr).on('line', (text) => {
          if (text.includes('"workers registered"')) resolve();
        });
        void exited.then(() => reject(new Error(said.join('\n'))));
      });
      const first = said.findIndex((text) => text.startsWith('alias '));
      expect(said[first - 2]).toBe('Once it is ready, in another terminal, in this directory:');
      const { code, stdout, stderr } = await type(said.slice(first).join('\n'));
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(isRunning);
      expect(stdout).toMatch(/^\{"count":1\}$/m);
      expect(stdout).toMatch(/^demo\/counter is SUSPENDED with a snapshot of /m);
    } finally {
      // As Ctrl-C does: everything that the terminal runs.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      await exited;
    }
  });
});

describe('the quick start', () => {
  it("ends with the reader's own actor, which remembers on another worker", async (context) => {
    needsCurl(context);
    await using served = await serveDev();
    const HOME = mkdtempSync(join(tmpdir(), 'newcomer-'));
    try {
      const typed = { HOME, ACTOR_WORKFLOW_ADDRESS: served.address };
      const quickStart = blockOf('README.md', 'quick-start');
      const began = await type(quickStart, typed);
      expect([began.code, began.stderr]).toEqual([0, '']);
      const [, worker, address] = isRunning.exec(began.stdout) ?? [];
      expect(began.stdout).toMatch(/^buy milk$/m);
      expect(began.stdout).toMatch(/^demo\/notes is SUSPENDED with a snapshot of .*\n$/m);
      await expect(fetch(`http://${address ?? ''}`)).rejects.toThrow('fetch failed');

      const again = linesOf('README.md', 'transcript').flatMap((line) => /^\$ (.*)/.exec(line)?.[1] ?? []);
      const [alias = ''] = quickStart.split('\n');
      const woken = await type([alias, ...again].join('\n'), typed);
      expect([woken.code, woken.stderr]).toEqual([0, '']);
      expect(woken.stdout).toMatch(/\nbuy milk\n$/);
      const [, otherWorker, otherAddress] = isRunning.exec(woken.stdout) ?? [];
      expect(otherWorker).not.toBe(worker);
      expect(otherAddress).not.toBe(address);
    } finally {
      rmSync(HOME, { recursive: true });
    }
  });

  it('has a transcript that the program makes', async (context) => {
    needsCurl(context);
    const made = await type('node scripts/transcript.mjs --print');
    expect([made.code, made.stderr]).toEqual([0, '']);
    const normal = (text: string): string =>
      text
        .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'WORKFLOW')
        .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
        .replace(/, [\d.]+ k?B of /g, ', SOME of ')
        .replace(/\d+(?:\.\d+)? m?s\b/g, 'TIME');
    const shown = normal(blockOf('README.md', 'transcript')).split('\n');
    const now = normal(made.stdout.slice(made.stdout.indexOf('$ ')).trimEnd()).split('\n');
    const isProgress = (line: string): boolean => /^ {2}restore +[a-z]/.test(line);
    expect(now.filter((line) => !isProgress(line))).toEqual(shown.filter((line) => !isProgress(line)));
    // Progress that came too fast for its reader is left out; waiting for the actor's start never is.
    const couldBe = [
      '  restore             verify, SOME of 2.6 kB',
      '  restore             unpack, SOME of 2.6 kB',
      '  restore             start, waiting for ADDRESS to accept',
    ];
    for (const progress of [now.filter(isProgress), shown.filter(isProgress)]) {
      expect(couldBe.filter((line) => progress.includes(line))).toEqual(progress);
      expect(progress.at(-1)).toBe(couldBe.at(-1));
    }
  });
});

describe('the demo', () => {
  it('shows what it promises: one actor that moves, and one that a dead replica leaves', async () => {
    const [demo = '', test] = linesOf('README.md', 'demo');
    // The other line is what runs this.
    expect([demo, test]).toEqual(['npm run demo', 'npm test']);
    const { code, stdout, stderr } = await type(demo);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('and the count is still 3.');
    expect(stdout).toContain('replica-b was killed with SIGKILL.');
    expect(stdout).toMatch(/replica-a finished it on the same worker, with the greater token \d+\./);
  });
});
