// Damages a snapshot in the way that a crash, a full disk or a bad copy does,
// and puts it right again. Only where the runtime writes to this machine's
// files; what its files mean is nobody's business here.

import { cp, mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '../actor/actor.js';
import { Skipped } from './verdict.js';

export interface Damage {
  /** In words, such as `manifest.json cut to half`. */
  readonly name: string;
  readonly apply: () => Promise<void>;
}

/** Of a snapshot with many files the largest ones stand for the rest: each takes a Restore. */
const MAX_FILES = 4;

/**
 * Calls `each` with the snapshot damaged in one way after the other, and whole again afterwards.
 * @throws Skipped where its files are not here
 */
export async function withDamage(
  snapshot: Snapshot,
  kind: 'torn' | 'altered',
  each: (name: string) => Promise<void>,
): Promise<void> {
  const directory = directoryOf(snapshot);
  const copy = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    await cp(directory, copy, { recursive: true });
    for (const { name, apply } of await damagesTo(directory, kind)) {
      await apply();
      try {
        await each(name);
      } finally {
        await cp(copy, directory, { recursive: true });
      }
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function directoryOf({ uri }: Snapshot): string {
  if (uri.startsWith('file:///')) return fileURLToPath(uri);
  throw new Skipped(`needs snapshots in files that can be damaged here; these are under ${uri.split(':')[0] ?? ''}:`);
}

async function damagesTo(directory: string, kind: 'torn' | 'altered'): Promise<Damage[]> {
  const names = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    throw new Skipped(`the snapshot's files are not on this machine: ${(error as Error).message}`);
  });
  const files: { readonly name: string; readonly path: string; readonly size: number }[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const { size, ...found } = await stat(path).then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
    if (found.isFile && size > 0) files.push({ name, path, size });
  }
  files.sort((a, b) => b.size - a.size);
  return files.slice(0, MAX_FILES).flatMap(({ name, path, size }): Damage[] => {
    if (kind === 'altered') return [{ name: `one bit of ${name} flipped`, apply: () => flipBit(path, size >> 1) }];
    return [
      { name: `${name} cut to half`, apply: () => truncate(path, size >> 1) },
      { name: `${name} cut by a byte`, apply: () => truncate(path, size - 1) },
      { name: `${name} missing`, apply: () => rm(path) },
    ];
  });
}

async function flipBit(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8(0) ^ 1);
    await file.write(byte, 0, 1, position);
  } finally {
    await file.close();
  }
}
