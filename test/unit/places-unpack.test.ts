import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Header, type HeaderData } from 'tar';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../src/runtime/places/snapshot.js';
import { unpack } from '../../src/runtime/places/unpack.js';

let directory: string;
let root: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unpack-'));
  root = join(directory, 'root');
  await mkdir(root);
  await writeFile(join(directory, 'secret'), 'of another actor');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** An archive of one entry, as somebody may have made it who can write where snapshots are. */
async function unpackOne(entry: HeaderData): Promise<void> {
  const header = Buffer.alloc(512);
  new Header({ mode: 0o644, size: 0, ...entry }).encode(header);
  const content = Buffer.alloc(512, 'x').subarray(0, entry.size === undefined ? 0 : 512);
  const bytes = Buffer.concat([header, content, Buffer.alloc(1024)]);
  const path = join(directory, 'archive.tar');
  await writeFile(path, bytes);
  await using archive = await open(path, 'r');
  const manifest = { size_bytes: bytes.length } as Manifest;
  await unpack({ manifest, archive }, root, () => undefined, new AbortController().signal);
}

test('an entry inside of the directory is unpacked', async () => {
  await unpackOne({ path: 'saved', type: 'File', size: 3 });
  expect((await stat(join(root, 'saved'))).size).toBe(3);
});

test.each<[string, HeaderData]>([
  ['above it', { path: '../planted', type: 'File', size: 3 }],
  ['above it by a detour', { path: 'deep/../../planted', type: 'File', size: 3 }],
  ['anywhere', { path: join(tmpdir(), 'planted-by-a-test'), type: 'File', size: 3 }],
  ['above it by a hard link', { path: 'link', type: 'Link', linkpath: '../secret' }],
])('an entry that would land %s is DATA_LOSS, and is not there', async (_, entry) => {
  await expect(unpackOne(entry)).rejects.toMatchObject({ reason: 'RUNTIME_FAILED', runtimeCode: 'DATA_LOSS' });
  expect((await readdir(directory)).sort()).toEqual(['archive.tar', 'root', 'secret']);
  expect(await readdir(root)).toEqual([]);
  expect((await stat(join(directory, 'secret'))).nlink).toBe(1);
  await expect(stat(join(tmpdir(), 'planted-by-a-test'))).rejects.toThrow('ENOENT');
});
