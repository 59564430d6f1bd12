// Whether Redis can be used, looked at every second. Guarantees: a Redis that
// must not be used is refused, once it answers for the first time; the scripts
// are loaded before it counts as ready; why it is not ready is logged, each
// cause once until it is. Readiness is whether it answered the last look as a
// master, so it also notices a server that is stopped but keeps its connections.

import { Cluster } from 'ioredis';
import type { Logger } from 'pino';
import type { CancelTimer, Clock } from '../../clock.js';
import type { RedisTarget, RedisTls } from '../redis-url.js';
import { explain, inspect, refusalOf } from './inspect.js';
import { scripts, type RedisClient } from './scripts.js';
import { NOT_SENT } from './unavailable.js';

export interface ReadinessOptions {
  readonly target: RedisTarget;
  readonly tls?: RedisTls;
  readonly allowEviction: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when readiness changes. */
  readonly onReady: (ready: boolean) => void;
  /** Called once when Redis answers, but must not be used: one line that says why and what to do. */
  readonly onRefused: (why: string) => void;
}

/** A probe's period: Kubernetes asks every 10 s by default, people look every second. */
const LOOK_EVERY_MS = 1000;

/** Slower than this, Redis is of no use to a caller. */
const ANSWER_WITHIN_MS = 2000;

/** Causes take turns, and some name a port that is new each time: enough to see a pattern. */
const MAX_TOLD = 10;

export class Readiness {
  readonly #records: RedisClient;
  readonly #leases: RedisClient;
  readonly #options: ReadinessOptions;
  readonly #told = new Set<string>();
  #cause: Error | undefined;
  #ready = false;
  #accepted = false;
  #stopped = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(records: RedisClient, leases: RedisClient, options: ReadinessOptions) {
    this.#records = records;
    this.#leases = leases;
    this.#options = options;
    void this.#turn();
  }

  /** Why a connection is not there: a command knows only that it is not. */
  readonly failed = (cause: Error): void => {
    this.#options.logger.debug({ err: cause }, 'Redis connection failed');
    this.#cause = cause;
    const refusal = refusalOf(cause);
    if (refusal !== undefined) this.#refuse(refusal);
  };

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  async #turn(): Promise<void> {
    const { clock, onReady } = this.#options;
    const now = await withinMs(clock, ANSWER_WITHIN_MS, this.#look()).catch((error: unknown) => {
      this.#tell(error);
      return false;
    });
    if (this.#stopped) return;
    if (now) {
      this.#told.clear();
      this.#cause = undefined;
    }
    if (now !== this.#ready) {
      this.#ready = now;
      onReady(now);
    }
    // Before the first answer nothing else can be done, so look often.
    this.#cancelTimer = clock.setTimer(now ? LOOK_EVERY_MS : LOOK_EVERY_MS / 20, () => void this.#turn());
  }

  async #look(): Promise<boolean> {
    await Promise.all([answersAsMaster(this.#records), answersAsMaster(this.#leases)]);
    if (this.#accepted) return true;
    const refusal = await inspect(this.#records, this.#options.target, this.#options.allowEviction);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return false;
    }
    await Promise.all(Object.values(scripts).map(({ source }) => this.#records.script('LOAD', source)));
    this.#accepted = true;
    return true;
  }

  #refuse(why: string): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onRefused(why);
  }

  #tell(error: unknown): void {
    // At a start there is no connection yet, and that is all: wait for one, or for why there is none.
    const cause = isNameless(error) ? this.#cause : error;
    if (cause === undefined || this.#stopped) return;
    const { what, why } = explain(cause, this.#options.target, this.#options.tls);
    if (this.#told.has(what) || this.#told.size === MAX_TOLD) return;
    this.#told.add(what);
    this.#options.logger.warn({ err: cause }, `Redis cannot be used: ${why}; trying again`);
  }
}

/** Says that there is no connection, or none any more, and not why. */
function isNameless(error: unknown): boolean {
  if (error instanceof AggregateError) return true;
  return error instanceof Error && (NOT_SENT.test(error.message) || error.message.includes('max retries per request'));
}

/** Of a Cluster, some master: the others' actors need not wait until the last one is back. */
async function answersAsMaster(client: RedisClient): Promise<void> {
  if (client instanceof Cluster) {
    await Promise.any(client.nodes('master').map((master) => master.ping()));
    return;
  }
  const [role, host, port] = (await client.role()) as [string, string?, number?];
  if (role === 'master') return;
  throw new Error(`this is a replica of ${String(host)}:${String(port)} and takes no writes; expected its master`);
}

function withinMs<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(limitMs, () => {
      reject(new Error(`no answer within ${String(limitMs)} ms`));
    });
    promise.then(resolve, reject).finally(cancel);
  });
}
