// The Docker engine, as this runtime calls it. Guarantees: every call ends, also
// when the engine hangs; an engine that cannot be reached is RUNTIME_UNAVAILABLE,
// maybe done, since nobody knows what it did last, and an answer of the engine is
// RUNTIME_FAILED with a code that fits, never NOT_FOUND.

import Docker from 'dockerode';
import { CoordinatorError } from '../../errors.js';
import { runtimeFailed } from '../places/failure.js';

/** Longer than the engine is ever silent in the middle of a call: unpacking a large layer takes it most of a minute. */
const SILENCE_MS = 120_000;
/** As much as the coordinator waits before it tries the step again. */
const RETRY_AFTER_MS = 1_000;

export class Engine {
  /** Its address, for messages. */
  readonly host: string;
  /** For calls that the engine answers when it is through. */
  readonly docker: Docker;
  /** For those that last for as long as a container does. */
  readonly patient: Docker;

  /**
   * @param host as DOCKER_HOST: `unix:///path`, `tcp://host:port` or `http(s)://host:port`
   * @param stopGraceMs how long the engine may be silent because a container takes its time to stop
   */
  constructor(host: string, stopGraceMs: number) {
    this.host = host;
    const address = toOptions(host);
    this.docker = new Docker({ ...address, timeout: SILENCE_MS + stopGraceMs });
    this.patient = new Docker(address);
  }

  /**
   * Runs `call`.
   * @param fine statuses that say that what is wanted is so already; they resolve with undefined
   * @throws RUNTIME_UNAVAILABLE or RUNTIME_FAILED, or the signal's reason
   */
  async call<T>(
    doing: string,
    call: (docker: Docker) => Promise<T>,
    fine: readonly number[] = [],
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await call(this.docker);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason as Error;
      if (fine.includes(statusOf(error) ?? 0)) return undefined;
      throw this.toError(doing, error);
    }
  }

  /** What an error of dockerode, or of a stream of it, means. */
  toError(doing: string, error: unknown): CoordinatorError {
    if (error instanceof CoordinatorError) return error;
    const { message } = error as Error;
    const status = statusOf(error);
    if (status === undefined) {
      const text = `the Docker engine at ${this.host} cannot be reached while ${doing}: ${message}`;
      const details = { maybeDone: true, retryAfterMs: RETRY_AFTER_MS, cause: error };
      return new CoordinatorError('RUNTIME_UNAVAILABLE', text, details);
    }
    const text = `${doing}: the Docker engine answered ${message.trim()}`;
    if (/no space left on device|port is already allocated/.test(message)) {
      return runtimeFailed('RESOURCE_EXHAUSTED', text, error);
    }
    // The caller's fault in both cases: a command that is not in the image, for example.
    return runtimeFailed(status < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL', text, error);
  }
}

/** Of an answer of the engine; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode } = error as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** @throws INVALID_ARGUMENT naming the flag */
function toOptions(host: string): Docker.DockerOptions {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const [, scheme, name, port] = /^(tcp|https?):\/\/([^/:]+|\[[0-9a-f:]+\]):(\d+)\/?$/i.exec(host) ?? [];
  if (scheme === undefined || name === undefined || port === undefined) {
    const text = `--docker-host: got ${JSON.stringify(host)}; expected unix:///path, tcp://host:port or https://host:port`;
    throw new CoordinatorError('INVALID_ARGUMENT', text);
  }
  return { host: name, port, protocol: scheme.toLowerCase() === 'https' ? 'https' : 'http' };
}
