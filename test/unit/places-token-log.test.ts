import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TokenLog } from '../../src/runtime/places/token-log.js';

let directory: string;
let path: string;
const opened: TokenLog[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'token-log-'));
  path = join(directory, 'tokens.log');
});
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
  await rm(directory, { recursive: true });
});

async function open(maxActors?: number): Promise<TokenLog> {
  const log = await TokenLog.open(path, maxActors);
  opened.push(log);
  return log;
}

test('a token is admitted once it is in the file, and again at no cost', async () => {
  const log = await open();
  await log.admit('a/b', 7);
  const text = await readFile(path, 'utf8');
  expect(text).toContain('\na/b 7\n');
  await log.admit('a/b', 7);
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a lower token is refused, with both in the metadata, before and after a restart', async () => {
  const stale = { reason: 'STALE_FENCING_TOKEN', metadata: { fencing_token: '6', highest_fencing_token: '7' } };
  const log = await open();
  await log.admit('a/b', 7);
  await expect(log.admit('a/b', 6)).rejects.toMatchObject(stale);
  await expect((await open()).admit('a/b', 6)).rejects.toMatchObject(stale);
});

test('a lower token is refused while the greater one is still being written, and that one then counts', async () => {
  const log = await open();
  const greater = log.admit('a/b', 7);
  await expect(log.admit('a/b', 6)).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  await greater;
});

test('a token that a greater one has overtaken while it was being written is refused', async () => {
  const log = await open();
  const lower = log.admit('a/b', 6);
  const greater = log.admit('a/b', 7);
  await expect(lower).rejects.toMatchObject({ reason: 'STALE_FENCING_TOKEN' });
  await greater;
});

test.each(['a/b', 'a/b 9', '\na/b 99', 'a/b 9x9\n', 'x'])(
  'a torn line %j costs no token and admits none',
  async (torn) => {
    await (await open()).admit('a/b', 100);
    await appendFile(path, torn);
    const log = await open();
    expect(log.isStale('a/b', 99)).toBe(true);
    expect(log.isStale('a/b', 100)).toBe(false);
  },
);

test('a line that a failed write has torn takes none of those after it along', async () => {
  const log = await open();
  await log.admit('a/b', 100);
  await appendFile(path, 'c/d 12');
  await log.admit('e/f', 7);
  expect((await open()).isStale('e/f', 6)).toBe(true);
});

test('the file has one line per actor after each start', async () => {
  const log = await open();
  for (let token = 1; token <= 50; token++) await log.admit('a/b', token);
  await open();
  expect((await readFile(path, 'utf8')).trim().split('\n')).toEqual(['* 0', 'a/b 50']);
});

test('past its limit it forgets the actors of longest ago, and refuses what could be theirs', async () => {
  const log = await open(10);
  for (let n = 1; n <= 11; n++) await log.admit(`a/n${String(n)}`, 1000 + n);
  for (const known of [log, await open(10)]) {
    // Six of eleven are forgotten; the floor is the token of the sixth.
    expect(known.isStale('a/n1', 1000)).toBe(true);
    expect(known.isStale('a/new', 1005)).toBe(true);
    expect(known.isStale('a/new', 1006)).toBe(false);
    expect(known.isStale('a/n11', 1010)).toBe(true);
  }
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(6);
});

test('a file that cannot be read stops the start: fencing would be lost', async () => {
  await writeFile(join(directory, 'file'), '');
  path = join(directory, 'file', 'tokens.log');
  await expect(open()).rejects.toThrow('ENOTDIR');
});
