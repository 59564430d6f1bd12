// Makes the transcript of the README with the program itself: types the lines of
// the quick start, and then its own, into a shell beside a `serve --dev`, and
// puts down what these print. `node scripts/transcript.mjs` writes it into README.md; with `--print`
// it prints it, so that a test can hold the README to it.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureBuilt, ensureInstalled } from './ensure.mjs';
import { ensureRedis } from './redis.mjs';
import { root } from './run.mjs';

const README = join(root, 'README.md');
const BLOCK = /(<!-- transcript -->\n```console\n)([^]*?)(```)/;
/** What happens before the transcript begins. */
const QUICK_START = /<!-- quick-start -->\n```sh\n([^]*?)```/;
const READY_WITHIN_MS = 30_000;
const TAKES = 5;

/** The lines of the README that begin with `$ `. */
function commandsOf(block) {
  return block.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
}

/** @returns what the README has between the fences */
function read(block, group) {
  const found = block.exec(readFileSync(README, 'utf8'))?.[group];
  if (found === undefined) throw new Error(`README.md: expected ${String(block)}`);
  return found;
}

async function record(commands) {
  const directory = mkdtempSync(join(tmpdir(), 'transcript-'));
  const main = join(root, 'dist', 'main.js');
  const args = [main, 'serve', '--dev', '--listen', '127.0.0.1:0', '--instance-id', 'replica-a'];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  try {
    symlinkSync(main, join(directory, 'actor-coordinator'));
    const address = await ready(server);
    const env = {
      ...process.env,
      PATH: `${directory}${delimiter}${process.env.PATH ?? ''}`,
      ACTOR_WORKFLOW_ADDRESS: address,
      HOME: directory,
    };
    await type(read(QUICK_START, 1), env);
    let text = '';
    for (const command of commands) text += `$ ${command}\n${await type(command, env)}`;
    return text;
  } finally {
    server.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true });
  }
}

function ready(server) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('serve --dev was not ready in time')), READY_WITHIN_MS);
    let address;
    createInterface(server.stderr).on('line', (line) => {
      const { msg, addresses } = line.startsWith('{') ? JSON.parse(line) : {};
      // Not 'ready': its first workers may be registered before the replica has looked at all of its Redis.
      if (msg === 'serving') address = addresses[0];
      if (msg !== 'workers registered') return;
      clearTimeout(timer);
      resolve(address);
    });
    server.once('exit', () => reject(new Error('serve --dev ended before it was ready')));
  });
}

/** Progress that comes too fast for its reader is left out: of some transcripts, the one that shows the most. */
async function fullest(commands) {
  let text = '';
  for (let take = 0; take < TAKES; take += 1) {
    const next = await record(commands);
    if (next.split('\n').length > text.split('\n').length) text = next;
  }
  return text;
}

function write(text) {
  const readme = readFileSync(README, 'utf8');
  writeFileSync(
    README,
    readme.replace(BLOCK, (_, open, _old, close) => open + text + close),
  );
}

/** @returns what it prints, as a terminal would show it */
function type(command, env) {
  return new Promise((resolve) => {
    execFile('sh', ['-c', `exec 2>&1; ${command}`], { cwd: root, env }, (_error, output) => resolve(output));
  });
}

if (import.meta.filename === process.argv[1]) {
  try {
    await ensureInstalled();
    await ensureBuilt();
    // Its remark belongs to no transcript.
    await ensureRedis();
    const commands = commandsOf(read(BLOCK, 2));
    if (process.argv[2] === '--print') process.stdout.write(await record(commands));
    else write(await fullest(commands));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
