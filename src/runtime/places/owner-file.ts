// Says which process has a data directory for itself: two runtimes on one would
// take each other's actors for leftovers. Catches a mistake, not a race of two
// starts. An owner that was killed does not count.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './durable-file.js';
import { identify, isSame, type GroupIdentity } from './process-identity.js';

/** @throws an Error where another process that lives has the directory */
export async function takeDirectory(dataDir: string): Promise<void> {
  const text = await readFile(ownerFile(dataDir), 'utf8').catch(() => 'null');
  const owner = JSON.parse(text) as GroupIdentity | null;
  if (owner !== null && (await isSame(owner))) {
    throw new Error(`${dataDir} is in use by the node runtime with process id ${String(owner.pid)}`);
  }
  await writeDurably(ownerFile(dataDir), `${JSON.stringify(await identify(process.pid))}\n`);
}

export async function leaveDirectory(dataDir: string): Promise<void> {
  await rm(ownerFile(dataDir), { force: true });
}

function ownerFile(dataDir: string): string {
  return join(dataDir, 'owner.json');
}
