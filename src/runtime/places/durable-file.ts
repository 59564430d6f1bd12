// Small files that survive a crash. Guarantees: a reader sees the old text or
// the new one whole, never a mixture, and once `writeDurably` has resolved the
// new one survives a power cut. One writer per path at a time: the temporary
// name is fixed, so that a crash leaves one stray file at most.

import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable: creations, renames, removals. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Creates a directory and what is missing above it, durably. Resolves with whether anything was missing. */
export async function makeDirectory(path: string): Promise<boolean> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return false;
  // A new directory's name lives in its parent, so each parent is synced, up to the one that was there before.
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return true;
  }
}
