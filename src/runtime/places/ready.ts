// Waits until a program that was started serves its port. It ends as soon as
// the program is ready, has exited, or has used up its time. It cannot tell
// whose listener answers: the port was free just before the start.

import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { abortable, sleep, type Clock } from '../../clock.js';
import type { ReportProgress } from '../node-runtime.js';
import type { Program } from './kind.js';
import { runtimeFailed } from './failure.js';
import type { ReadyCheck } from './ready-options.js';

/**
 * Ports are chosen below the range from which systems take the local ports of
 * outgoing connections (32768 and up on Linux, 49152 elsewhere): none of those
 * can take the port before the program does, nor can a probe, for want of a
 * listener, be connected to itself.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
/** An answer over loopback that takes longer than this is as good as none. */
const PROBE_MS = 2_000;
/** A proxy accepts before the program does, and closes within milliseconds where that does not. */
const PROXY_MS = 100;
/** Probes start close together, since most programs start fast, and thin out to four a second. */
const FIRST_WAIT_MS = 10;
const MAX_WAIT_MS = 250;

/** A port on loopback that nobody listens on: `wanted` if that is free. */
export async function choosePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
  throw runtimeFailed('RESOURCE_EXHAUSTED', `no free port found from ${String(FIRST_PORT)} on`);
}

/**
 * @throws RUNTIME_FAILED when the program exits first or its time is up, the signal's reason when that aborts
 */
export async function waitUntilReady(
  program: Program,
  check: ReadyCheck,
  clock: Clock,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<void> {
  const startMs = clock.nowMs();
  const wanted =
    check.readyPath === undefined
      ? `${program.address} to accept`
      : `GET http://${program.address}${check.readyPath} to answer 200`;
  const [host = '', port = ''] = program.address.split(/:(?=\d+$)/);
  const at = { host, port: Number(port) };
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(1.5 * waitMs, MAX_WAIT_MS)) {
    const elapsedMs = Math.round(clock.nowMs() - startMs);
    report({ phase: 'start', done: elapsedMs, total: 0, unit: 'ms', message: `waiting for ${wanted}` });
    signal.throwIfAborted();
    const probe = check.readyPath === undefined ? accepts(at, program) : answers(at, check.readyPath);
    const ready = await abortable(probe, signal);
    // Looked at after the probe, as what answered may be another listener, which our program found in its way.
    if (!program.alive) {
      throw runtimeFailed(
        'FAILED_PRECONDITION',
        `the program ended with ${await program.exited} before it was ready; ${await program.lastOutput(clock)}`,
      );
    }
    if (ready) return;
    if (clock.nowMs() - startMs >= check.readyTimeoutMs) {
      throw runtimeFailed(
        'FAILED_PRECONDITION',
        `the program was not ready within ${String(check.readyTimeoutMs)} ms: waited for ${wanted}; ${await program.lastOutput(clock)}`,
      );
    }
    await Promise.race([program.exited, sleep(clock, waitMs, signal)]);
  }
}

interface HostPort {
  readonly host: string;
  readonly port: number;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function accepts(at: HostPort, program: Program): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...at, timeout: PROBE_MS });
    let timer: NodeJS.Timeout | undefined;
    const end = (accepted: boolean) => (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(accepted);
    };
    socket.once('timeout', end(false)).once('error', end(false)).once('close', end(false));
    socket.once('connect', () => {
      if (program.isBehindProxy) timer = setTimeout(end(true), PROXY_MS);
      else end(true)();
    });
    // Read, so that the end is seen.
    socket.resume();
  });
}

function answers(at: HostPort, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ ...at, path, agent: false, timeout: PROBE_MS }, (response) => {
      response.destroy();
      resolve(response.statusCode === 200);
    });
    const fail = (): void => {
      request.destroy();
      resolve(false);
    };
    request.once('timeout', fail).once('error', fail);
  });
}
