// Is a Docker engine there, and does it have an image? Answered within
// milliseconds where nothing listens, and within 2 s in any case.

import { existsSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

const ANSWER_WITHIN_MS = 2_000;
/** The image of testcontainers' reaper, whatever its version. */
const REAPER = 'testcontainers/ryuk';

export type Engine =
  | { readonly usable: true; readonly hasReaper: boolean }
  /** A clause that says what is missing and how to get it. */
  | { readonly usable: false; readonly why: string };

/** Looks for an engine where testcontainers does, and for `image` in it. */
export async function findEngine(image: string): Promise<Engine> {
  const engine = engineAddress();
  const where = engine.socketPath ?? `${engine.host ?? ''}:${engine.port ?? ''}`;
  const ping = await get(engine, '/_ping');
  if (ping === undefined) return { usable: false, why: `no Docker engine answers at ${where}; start one` };
  if (ping.status !== 200) return { usable: false, why: `the Docker engine at ${where} answers ${ping.status}` };
  const found = await get(engine, `/images/${image}/json`);
  if (found?.status !== 200) {
    return { usable: false, why: `the Docker engine at ${where} does not have ${image}; run docker pull ${image}` };
  }
  const reaper = await get(engine, `/images/json?filters=${encodeURIComponent(`{"reference":["${REAPER}"]}`)}`);
  // A list in JSON, with a newline at its end.
  return { usable: true, hasReaper: reaper?.status === 200 && reaper.body.trim() !== '[]' };
}

function engineAddress(): RequestOptions {
  const given = process.env['DOCKER_HOST'];
  if (given?.startsWith('unix://') === true) return { socketPath: given.slice('unix://'.length) };
  if (given !== undefined && given !== '') {
    const url = new URL(given);
    return { host: url.hostname, port: url.port };
  }
  const sockets = [
    '/var/run/docker.sock',
    join(process.env['XDG_RUNTIME_DIR'] ?? '/run', 'docker.sock'),
    join(homedir(), '.docker', 'run', 'docker.sock'),
  ];
  return { socketPath: sockets.find((path) => existsSync(path)) ?? '/var/run/docker.sock' };
}

/** Undefined when nothing answers in time. */
function get(engine: RequestOptions, path: string): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const call = request({ ...engine, path, timeout: ANSWER_WITHIN_MS, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', () => resolve(undefined));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(undefined));
    call.end();
  });
}
