// A snapshot on disk: a directory with one archive and a manifest that names
// it. Guarantees: the manifest is written last and by a rename, so a snapshot
// is complete exactly when it has one; an archive of another size or another
// SHA-256 than the manifest says is refused before anything reads it. It does
// not authenticate: whoever can write the directory can write a manifest too.

import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatRef, type ActorRef, type Snapshot } from '../../actor/actor.js';
import { quote, type CoordinatorError } from '../../errors.js';
import type { ReportProgress } from '../node-runtime.js';
import { asRuntimeFailure, runtimeFailed, unfit } from './failure.js';

export const MANIFEST = 'manifest.json';
export const FORMAT_VERSION = 1;
/** A manifest takes some 400 bytes; whatever is much longer is not one. */
const MAX_MANIFEST_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export interface Manifest {
  readonly format_version: typeof FORMAT_VERSION;
  /** The kind of runtime that can restore it; absent: processes. */
  readonly kind?: string;
  /** `namespace/name` of the actor that was packed. */
  readonly actor: string;
  readonly workflow_id: string;
  /** RFC 3339, in UTC. */
  readonly create_time: string;
  /** The archive's file name in the same directory. */
  readonly archive: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

/**
 * The directory that a `file://` URI names.
 * @throws RUNTIME_FAILED, INVALID_ARGUMENT, naming `snapshot.uri`
 */
export function snapshotDirectory(uri: string): string {
  const expected = 'an absolute "file:///…" directory without "..", a query or a fragment';
  let path: string;
  try {
    // Before it is parsed, since parsing resolves "..".
    const segments = decodeURIComponent(uri).split(/[/\\]/);
    if (!uri.startsWith('file:///') || /[?#]/.test(uri) || segments.includes('..')) throw new Error();
    path = fileURLToPath(uri);
  } catch {
    throw unfit('snapshot.uri', uri, expected);
  }
  if (path === '/' || path.includes('\0')) throw unfit('snapshot.uri', uri, expected);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * Of a LOCAL snapshot the scheme is all that this runtime reads; the rest is a name.
 * @throws RUNTIME_FAILED, INVALID_ARGUMENT, where the URI is none for its location
 */
export function checkUri({ uri, location }: Snapshot): void {
  if (location === 'DURABLE') snapshotDirectory(uri);
  else if (!uri.startsWith('local:')) throw unfit('snapshot.uri', uri, 'a "local:" URI for a LOCAL snapshot');
}

/** An open archive that is what its manifest says. Close it. */
export interface VerifiedSnapshot {
  readonly manifest: Manifest;
  /** The file that was verified, whatever its name has come to mean since. */
  readonly archive: FileHandle;
}

/** The kind of snapshots whose manifest names none. */
const FIRST_KIND = 'process';

/**
 * Opens a snapshot after reading all of it once.
 * @throws RUNTIME_FAILED: DATA_LOSS where it is missing, torn or altered, FAILED_PRECONDITION where it is of another
 * kind; the signal's reason
 */
export async function openSnapshot(
  directory: string,
  kind: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<VerifiedSnapshot> {
  const manifest = await readManifest(directory);
  const { kind: got = FIRST_KIND } = manifest;
  if (got !== kind) {
    const message = `the snapshot in ${directory} was written by a runtime for ${got}, and this one is for ${kind}`;
    throw runtimeFailed('FAILED_PRECONDITION', message);
  }
  const path = join(directory, manifest.archive);
  let archive: FileHandle;
  try {
    archive = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asRuntimeFailure(error, 'opening the snapshot');
    throw dataLoss(directory, `its archive ${manifest.archive} is missing`);
  }
  try {
    const { size } = await archive.stat();
    if (size !== manifest.size_bytes) {
      throw dataLoss(directory, `its archive has ${String(size)} bytes, not ${String(manifest.size_bytes)}`);
    }
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(archive, size, 'verify', report, signal)) hash.update(chunk);
    if (hash.digest('hex') !== manifest.sha256) throw dataLoss(directory, 'its archive has another SHA-256');
    return { manifest, archive };
  } catch (error) {
    await archive.close();
    throw signal.aborted ? (signal.reason as Error) : asRuntimeFailure(error, 'reading the snapshot');
  }
}

/** Whether a complete snapshot of `actor` is there. Reads all of it. */
export async function isComplete(
  directory: string,
  kind: string,
  actor: ActorRef,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const { manifest, archive } = await openSnapshot(directory, kind, report, signal);
    await archive.close();
    return manifest.actor === formatRef(actor) ? manifest.size_bytes : undefined;
  } catch (error) {
    if ((error as CoordinatorError).runtimeCode === 'DATA_LOSS') return undefined;
    throw error;
  }
}

/** The first `size` bytes of a file, with progress after each chunk has been used. */
export async function* chunksOf(
  file: FileHandle,
  size: number,
  phase: string,
  report: ReportProgress,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  for (let done = 0; ;) {
    report({ phase, done, total: size, unit: 'bytes', message: '' });
    if (done === size) return;
    signal.throwIfAborted();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
    if (bytesRead === 0) throw runtimeFailed('DATA_LOSS', `the snapshot's archive ended at ${String(done)} bytes`);
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
}

async function readManifest(directory: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw asRuntimeFailure(error, 'reading the snapshot');
    throw dataLoss(directory, `it has no ${MANIFEST}, which is written last`);
  }
  let manifest: unknown;
  try {
    manifest = text.length > MAX_MANIFEST_BYTES ? undefined : JSON.parse(text);
  } catch {
    manifest = undefined;
  }
  if (!isManifest(manifest)) {
    throw dataLoss(directory, `its ${MANIFEST} is not one of format ${String(FORMAT_VERSION)}: ${quote(text)}`);
  }
  return manifest;
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const manifest = value as Partial<Record<keyof Manifest, unknown>>;
  return (
    manifest.format_version === FORMAT_VERSION &&
    (manifest.kind === undefined || typeof manifest.kind === 'string') &&
    typeof manifest.actor === 'string' &&
    typeof manifest.workflow_id === 'string' &&
    typeof manifest.create_time === 'string' &&
    // A name in this very directory, never a path out of it.
    typeof manifest.archive === 'string' &&
    /^[\w-]+\.tar$/.test(manifest.archive) &&
    Number.isSafeInteger(manifest.size_bytes) &&
    typeof manifest.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(manifest.sha256)
  );
}

function dataLoss(directory: string, what: string): CoordinatorError {
  return runtimeFailed('DATA_LOSS', `the snapshot in ${directory} is torn or altered, or was never complete: ${what}`);
}
