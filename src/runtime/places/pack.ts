// Packs an actor's directory into a snapshot. Guarantees: until the manifest's
// rename the snapshot that was there before, if any, stays whole, since the new
// archive has a name of its own; afterwards the new one is complete and durable.
// A call that fails or is cancelled removes what it has written. The directory
// must not change meanwhile. Sockets, FIFOs and devices are left out.

import { createHash, randomUUID } from 'node:crypto';
import { lstat, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Pack } from 'tar';
import { formatRef } from '../../actor/actor.js';
import type { Clock } from '../../clock.js';
import type { CheckpointCall, ReportProgress } from '../node-runtime.js';
import { makeDirectory, syncDirectory, writeDurably } from './durable-file.js';
import { asRuntimeFailure } from './failure.js';
import { FORMAT_VERSION, MANIFEST, type Manifest } from './snapshot.js';

/** One file is read at a time, so that this is what packing takes of memory, whatever their sizes. */
const READ_BYTES = 1024 * 1024;
const ARCHIVE = /^[0-9a-f-]{36}\.tar$/;

/**
 * Not compressed: a local disk is faster than gzip on one core, and progress in
 * bytes is then exact.
 * @throws RUNTIME_FAILED, or the signal's reason
 */
export async function pack(
  root: string,
  directory: string,
  kind: string,
  call: CheckpointCall,
  clock: Clock,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<number> {
  const archive = `${randomUUID()}.tar`;
  let made = false;
  try {
    made = await makeDirectory(directory);
    const written = await writeArchive(root, join(directory, archive), report, signal);
    await syncDirectory(directory);
    const manifest: Manifest = {
      format_version: FORMAT_VERSION,
      kind,
      actor: formatRef(call.actor),
      workflow_id: call.workflowId,
      create_time: new Date(clock.wallMs()).toISOString(),
      archive,
      ...written,
    };
    signal.throwIfAborted();
    // The commit. From here on a cancellation comes too late.
    await writeDurably(join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await removeOthers(directory, archive);
    return written.size_bytes;
  } catch (error) {
    await undo(directory, archive, made);
    throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'writing the snapshot');
  }
}

async function writeArchive(
  root: string,
  path: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<Pick<Manifest, 'size_bytes' | 'sha256'>> {
  const total = await archiveBytes(root, signal);
  const source = new Pack({
    cwd: root,
    strict: true,
    maxReadSize: READ_BYTES,
    // With more, tar 7.5 waits for ever now and then when files have several names: two wait for each other.
    jobs: 1,
    // After a cancellation nothing more is opened.
    filter: () => !signal.aborted,
  });
  source.add('.').end();
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      await file.appendFile(chunk);
      hash.update(chunk);
      size += chunk.length;
      report({ phase: 'pack', done: Math.min(size, total), total, unit: 'bytes', message: '' });
    }
    await file.sync();
  } catch (error) {
    // Read to its end in the background: that alone closes the files that it has open.
    source.on('error', () => undefined);
    source.resume();
    throw error;
  } finally {
    await file.close();
  }
  report({ phase: 'pack', done: total, total, unit: 'bytes', message: '' });
  return { size_bytes: size, sha256: hash.digest('hex') };
}

/** How long the archive will be: a header of 512 bytes and the content in blocks of as much. Rare long names take more. */
async function archiveBytes(path: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  let bytes = 512;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) bytes += await archiveBytes(child, signal);
    else bytes += 512 + (entry.isFile() ? 512 * Math.ceil((await lstat(child)).size / 512) : 0);
  }
  return bytes;
}

/** The archives of a snapshot that this one has replaced, or that a crash left half-written. They only take space. */
async function removeOthers(directory: string, archive: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    if (name !== archive && ARCHIVE.test(name)) await rm(join(directory, name), { force: true }).catch(() => undefined);
  }
}

async function undo(directory: string, archive: string, made: boolean): Promise<void> {
  const manifest = join(directory, MANIFEST);
  // Only where the rename was done and could not be made durable.
  const named = (await readFile(manifest, 'utf8').catch(() => '')).includes(archive);
  for (const path of [...(named ? [manifest] : []), `${manifest}.new`, join(directory, archive)]) {
    await rm(path, { force: true }).catch(() => undefined);
  }
  // Fails where something else is in it, as it should.
  if (made) await rmdir(directory).catch(() => undefined);
}
