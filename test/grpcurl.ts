// Finds grpcurl, the client that the README shows: on PATH, else in .cache/,
// where it is built once if there is a Go toolchain. That takes a minute and the
// network; without either the tests that need it say so and are skipped.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('../.cache/bin/', import.meta.url));
const VERSION = 'v1.9.3';
const BUILD_WITHIN_MS = 5 * 60_000;

export type Grpcurl = { readonly found: true; readonly path: string } | { readonly found: false; readonly why: string };

/** `path` is a PATH on which grpcurl is. */
export function findGrpcurl(): Grpcurl {
  const path = process.env['PATH'] ?? '';
  if (spawnSync('grpcurl', ['-version']).status === 0) return { found: true, path };
  const built = { found: true, path: `${DIRECTORY}:${path}` } as const;
  if (existsSync(`${DIRECTORY}grpcurl`)) return built;
  if (spawnSync('go', ['version']).status !== 0) {
    return { found: false, why: 'needs grpcurl on PATH, or Go to build it' };
  }
  const build = spawnSync('go', ['install', `github.com/fullstorydev/grpcurl/cmd/grpcurl@${VERSION}`], {
    env: { ...process.env, GOBIN: DIRECTORY },
    encoding: 'utf8',
    timeout: BUILD_WITHIN_MS,
  });
  if (build.status === 0) return built;
  return { found: false, why: `needs grpcurl, and go install failed: ${build.stderr.trim().split('\n').at(-1) ?? ''}` };
}
