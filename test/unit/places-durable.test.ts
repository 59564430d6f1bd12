// What survives a power cut cannot be tested without one. What it takes is known,
// and can: the content before the name, and the name before anybody is told.

import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { writeDurably } from '../../src/runtime/places/durable-file.js';
import { pack } from '../../src/runtime/places/pack.js';
import { TokenLog } from '../../src/runtime/places/token-log.js';

const { calls, named, disk } = vi.hoisted(() => {
  const written: string[] = [];
  return {
    calls: written,
    named: (path: unknown): string => String(path).split('/').at(-1) ?? '',
    disk: { isReadable: true },
  };
});

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const OF_INTEREST = ['writeFile', 'appendFile', 'sync', 'datasync'];
  const watched = (handle: FileHandle, path: unknown): FileHandle =>
    new Proxy(handle, {
      get(_, name) {
        const value: unknown = Reflect.get(handle, name, handle);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (OF_INTEREST.includes(String(name))) calls.push(`${String(name)} ${named(path)}`);
          return (value as (...all: unknown[]) => unknown).apply(handle, args);
        };
      },
    });
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => watched(await real.open(...args), args[0]),
    readFile: async (...args: Parameters<typeof real.readFile>) => {
      if (!disk.isReadable) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      return await real.readFile(...args);
    },
    rename: async (...args: Parameters<typeof real.rename>) => {
      calls.push(`rename ${named(args[0])} ${named(args[1])}`);
      await real.rename(...args);
    },
  };
});

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'durable-'));
  calls.length = 0;
  disk.isReadable = true;
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('a file gets its name when all of it is on the disk, and the name is on the disk before anybody is told', async () => {
  await writeDurably(join(directory, 'record'), 'text');
  const name = basename(directory);
  expect(calls).toEqual(['writeFile record.new', 'sync record.new', 'rename record.new record', `sync ${name}`]);
  expect(await readFile(join(directory, 'record'), 'utf8')).toBe('text');
});

test('a token is on the disk before it is admitted', async () => {
  const log = await TokenLog.open(join(directory, 'tokens.log'));
  calls.length = 0;
  await log.admit('ns/a', 7);
  expect(calls).toEqual(['appendFile tokens.log', 'datasync tokens.log']);
  await log.close();
});

test('tokens that the disk does not give back stop the start, and stay where they are', async () => {
  const path = join(directory, 'tokens.log');
  await writeFile(path, 'ns/a 7\n');
  disk.isReadable = false;
  await expect(TokenLog.open(path)).rejects.toThrow('EIO');
  disk.isReadable = true;
  expect(await readFile(path, 'utf8')).toBe('ns/a 7\n');
});

test('a snapshot has its manifest only when its archive is on the disk, name and all', async () => {
  const root = join(directory, 'root');
  await mkdir(root);
  await writeFile(join(root, 'saved'), 'state');
  const snapshot = { uri: '', location: 'DURABLE', node: '', workflowId: 'w', sizeBytes: 0 } as const;
  const call = { actor: { namespace: 'ns', name: 'a' }, worker: { pool: 'p', name: 'w' }, fencingToken: 1 };
  const target = join(directory, 'snapshot');
  calls.length = 0;
  await pack(
    root,
    target,
    'process',
    { ...call, workflowId: 'w', snapshot },
    systemClock,
    () => undefined,
    new AbortController().signal,
  );
  const archive = calls.findIndex((called) => /^sync .*\.tar$/.test(called));
  const rest = calls.slice(archive + 1);
  expect(archive).toBeGreaterThan(0);
  expect(calls.slice(0, archive).some((called) => called.includes('manifest'))).toBe(false);
  expect(rest).toEqual([
    'sync snapshot',
    'writeFile manifest.json.new',
    'sync manifest.json.new',
    'rename manifest.json.new manifest.json',
    'sync snapshot',
  ]);
});
