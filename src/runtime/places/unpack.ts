// Unpacks a verified snapshot into an empty directory. Links come out as they
// went in, absolute ones too, since an actor may rely on them; entries that
// would land outside of the directory are refused. A call that fails leaves
// parts behind: the caller removes the directory.

import { Unpack } from 'tar';
import type { ReportProgress } from '../node-runtime.js';
import { asRuntimeFailure, runtimeFailed } from './failure.js';
import { chunksOf, type VerifiedSnapshot } from './snapshot.js';

/** @throws RUNTIME_FAILED, or the signal's reason; either way every file that was open has been closed */
export async function unpack(
  snapshot: VerifiedSnapshot,
  root: string,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  const target = new Unpack({
    cwd: root,
    strict: true,
    preservePaths: true,
    maxDepth: Infinity,
    filter: (path, entry) => {
      const link = 'type' in entry && entry.type === 'Link' ? String(entry.linkpath) : '';
      const outside = [path, link].find((name) => name.startsWith('/') || name.split('/').includes('..'));
      if (outside !== undefined) {
        failure ??= runtimeFailed('DATA_LOSS', `the snapshot has an entry outside of its directory: ${outside}`);
      }
      return outside === undefined;
    },
  });
  const closed = new Promise<void>((resolve) => {
    target.once('close', resolve);
  });
  target.on('error', (error: unknown) => {
    failure ??= error;
  });
  const { archive, manifest } = snapshot;
  try {
    for await (const chunk of chunksOf(archive, manifest.size_bytes, 'unpack', report, signal)) {
      if (failure !== undefined) break;
      if (!target.write(chunk)) await drained(target);
    }
  } catch (error) {
    failure ??= error;
  }
  // Also after a failure: it is what closes the file in the middle of which the archive was left.
  target.end();
  await closed;
  if (signal.aborted) throw signal.reason as Error;
  if (failure !== undefined) throw asRuntimeFailure(failure, 'unpacking the snapshot');
}

/** A failed entry is discarded rather than written, so that this comes in every case. */
function drained(target: Unpack): Promise<void> {
  return new Promise((resolve) => {
    target.once('drain', resolve);
  });
}
