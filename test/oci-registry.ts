// A registry with one image, for engines that pull: a single layer of random
// bytes, handed out in pieces so that there is progress to see. An engine takes
// 127.0.0.1 for a registry without TLS by itself.

import { createHash, randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Header } from 'tar';
import { gzipSync } from 'node:zlib';

export interface Registry {
  /** The image's reference. */
  readonly image: string;
  close(): Promise<void>;
}

const LAYER_BYTES = 24 * 1024 * 1024;
const PIECES = 48;
/** Between two pieces: an engine tells progress some ten times a second. */
const PIECE_GAP_MS = 40;

const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export async function startRegistry(): Promise<Registry> {
  const tar = layer();
  const blob = gzipSync(tar, { level: 0 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digest(tar)] },
    }),
  );
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.length,
        digest: digest(config),
      },
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
          size: blob.length,
          digest: digest(blob),
        },
      ],
    }),
  );
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const end = (bytes: Buffer, contentType: string): void => {
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': bytes.length,
        'docker-content-digest': digest(bytes),
      });
      if (request.method === 'HEAD') response.end();
      else if (bytes === blob) void sendSlowly(response, bytes);
      else response.end(bytes);
    };
    if (path === '/v2/') end(Buffer.from('{}'), 'application/json');
    else if (path.includes('/manifests/')) end(manifest, type);
    else if (path.endsWith(digest(config))) end(config, 'application/octet-stream');
    else if (path.endsWith(digest(blob))) end(blob, 'application/octet-stream');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    image: `127.0.0.1:${(server.address() as AddressInfo).port}/tests/blank:1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sendSlowly(response: ServerResponse, bytes: Buffer): Promise<void> {
  const size = Math.ceil(bytes.length / PIECES);
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    response.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, PIECE_GAP_MS));
  }
  response.end();
}

/** A tar with one file. */
function layer(): Buffer {
  const header = new Header({ path: 'blank', mode: 0o644, size: LAYER_BYTES, type: 'File', mtime: new Date(0) });
  header.encode();
  if (header.block === undefined) throw new Error('no header');
  return Buffer.concat([header.block, randomBytes(LAYER_BYTES), Buffer.alloc(1024)]);
}
