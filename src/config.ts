// Flags and environment → one frozen Config. One table says for each setting
// its flag, its default, what it does and how it is read, and everything else
// that lists settings is made from it. A bad value stops the start with one
// line that names the flag, what it got and what would be right.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { leaseTimings, type LeaseTimings } from './lease/timings.js';
import { parseRedisUrl, type RedisTarget } from './store/redis-url.js';

/** A setting that is wrong; the message is the whole line to print. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Where set, callers must show a certificate that it has signed. */
  readonly clientCa?: Buffer;
}

export interface Config {
  readonly listen: readonly string[];
  /** Absent with --dev: a private Redis is started. */
  readonly redis?: RedisTarget;
  readonly dev: boolean;
  readonly redisKeyPrefix: string;
  readonly redisAllowEviction: boolean;
  readonly instanceId: string;
  readonly lease: LeaseTimings;
  readonly workflowDeadlineMs: number;
  readonly unwindGraceMs: number;
  readonly maxWorkflows: number;
  readonly drainTimeoutMs: number;
  /** 0: this replica does not reconcile. */
  readonly recoveryAttempts: number;
  /** Absent with --dev: a directory beside the private Redis. */
  readonly snapshotLocation?: string;
  readonly httpListen?: string;
  readonly logLevel: string;
  readonly tls?: TlsFiles;
}

export interface Setting {
  /** As commander reads it: `--flag <value>`; without a value it is a switch. */
  readonly flag: string;
  readonly description: string;
  /** What is used where it is not set, as a person would write it; for the help and the README. */
  readonly default?: string;
  readonly repeatable?: boolean;
}

/** Every setting of `serve`. The keys are commander's names for the flags. */
export const SETTINGS = {
  listen: {
    flag: '--listen <address>',
    description: 'where to serve gRPC: host:port or unix:///path; repeatable (in the environment: separated by commas)',
    default: '127.0.0.1:7070',
    repeatable: true,
  },
  redisUrl: {
    flag: '--redis-url <url>',
    description:
      'redis://, rediss://, redis+sentinel://h:p,h:p/name, redis+cluster://h:p,h:p or unix:///path; needed unless --dev. A password belongs in the environment, not in argv',
  },
  redisKeyPrefix: {
    flag: '--redis-key-prefix <prefix>',
    description: 'comes before every key, so that one Redis serves several deployments',
    default: 'actorworkflow:',
  },
  redisAllowEviction: {
    flag: '--redis-allow-eviction',
    description:
      'start although Redis may evict keys, and so leases and records (maxmemory-policy other than noeviction)',
  },
  instanceId: {
    flag: '--instance-id <name>',
    description: 'names this replica in leases and logs; must be unique among those that run',
    default: 'the host name and six random digits',
  },
  leaseTtl: {
    flag: '--lease-ttl <duration>',
    description: 'how long others wait after a replica has died',
    default: '30s',
  },
  leaseRenewInterval: {
    flag: '--lease-renew-interval <duration>',
    description: 'how often a lease is renewed while its workflow runs; at most half of the TTL',
    default: 'a third of --lease-ttl',
  },
  leaseRenewDeadline: {
    flag: '--lease-renew-deadline <duration>',
    description:
      'a renewal that fails this long after the last success loses the lease; more rides out longer outages of Redis',
    default: '--lease-renew-interval',
  },
  actorWorkflowDeadline: {
    flag: '--actor-workflow-deadline <duration>',
    description: 'the longest that one workflow may take, image pull and all; callers may ask for less',
    default: '5m',
  },
  unwindGrace: {
    flag: '--unwind-grace <duration>',
    description: 'how long a cancelled step may take to stop before its lease is left to run out',
    default: '5s',
  },
  maxWorkflows: {
    flag: '--max-workflows <count>',
    description: 'how many workflows this replica runs at once; more are refused with RESOURCE_EXHAUSTED',
    default: '10000',
  },
  drainTimeout: {
    flag: '--drain-timeout <duration>',
    description: 'how long workflows may go on after SIGTERM before they are aborted and their leases released',
    default: '30s',
  },
  recoveryAttempts: {
    flag: '--recovery-attempts <count>',
    description:
      "how often an abandoned actor's workflow is run forward before it is given up; 0: this replica recovers nothing",
    default: '3',
  },
  snapshotLocation: {
    flag: '--snapshot-location <uri>',
    description: 'under which URI snapshots are named; node runtimes read and write there',
    default: 'file:///var/lib/actor-coordinator/snapshots',
  },
  httpListen: {
    flag: '--http-listen <address>',
    description: 'where to answer HTTP probes, /livez and /readyz; host:port',
  },
  logLevel: {
    flag: '--log-level <level>',
    description: 'trace, debug, info, warn, error or silent; JSON lines on standard error',
    default: 'info',
  },
  tlsCert: { flag: '--tls-cert <file>', description: 'certificate chain in PEM: serve TLS; with --tls-key' },
  tlsKey: { flag: '--tls-key <file>', description: 'its private key in PEM' },
  tlsClientCa: {
    flag: '--tls-client-ca <file>',
    description: 'CA in PEM: callers must show a certificate that it has signed',
  },
  dev: {
    flag: '--dev',
    description: 'without --redis-url: start a private Redis, and a process runtime with two workers inside',
  },
} as const satisfies Record<string, Setting>;

/** The flag's name, such as `--lease-ttl`. */
export function flagName(setting: Setting): string {
  return setting.flag.split(' ')[0] ?? setting.flag;
}

/** The environment variable of a flag: ACTOR_WORKFLOW_LEASE_TTL for --lease-ttl. */
export function environmentName(setting: Setting): string {
  const name = flagName(setting)
    .replace(/^--(actor-workflow-)?/, '')
    .replaceAll('-', '_');
  return `ACTOR_WORKFLOW_${name.toUpperCase()}`;
}

/** What commander has read: a string, several, or a switch. */
export type RawSettings = { readonly [Name in keyof typeof SETTINGS]?: string | readonly string[] | boolean };

/** @throws ConfigError */
export function parseConfig(raw: RawSettings): Config {
  const text = (name: keyof typeof SETTINGS): string | undefined => {
    const value = raw[name];
    return typeof value === 'string' ? value : undefined;
  };
  const optionalDuration = (name: keyof typeof SETTINGS): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : parseDuration(flagName(SETTINGS[name]), value);
  };
  const duration = (name: 'leaseTtl' | 'actorWorkflowDeadline' | 'unwindGrace' | 'drainTimeout'): number =>
    optionalDuration(name) ?? parseDuration(SETTINGS[name].flag, SETTINGS[name].default);

  const redisUrl = text('redisUrl');
  const dev = raw.dev === true || raw.dev === 'true';
  if (redisUrl === undefined && !dev) {
    throw new ConfigError(
      '--redis-url: got nothing; expected where Redis is, such as redis://127.0.0.1:6379, or --dev to start a private one',
    );
  }
  const httpListen = text('httpListen');
  const snapshotLocation = parseSnapshotLocation(text('snapshotLocation'), dev);
  const tls = readTls(text('tlsCert'), text('tlsKey'), text('tlsClientCa'));
  return Object.freeze({
    listen: parseListen(raw.listen),
    dev,
    redisKeyPrefix: parseKeyPrefix(text('redisKeyPrefix') ?? SETTINGS.redisKeyPrefix.default),
    redisAllowEviction: raw.redisAllowEviction === true || raw.redisAllowEviction === 'true',
    instanceId: parseInstanceId(text('instanceId')),
    lease: checked(() =>
      leaseTimings({
        ttlMs: duration('leaseTtl'),
        renewIntervalMs: optionalDuration('leaseRenewInterval'),
        renewDeadlineMs: optionalDuration('leaseRenewDeadline'),
      }),
    ),
    workflowDeadlineMs: positive('--actor-workflow-deadline', duration('actorWorkflowDeadline')),
    unwindGraceMs: duration('unwindGrace'),
    maxWorkflows: parseCount('--max-workflows', text('maxWorkflows') ?? SETTINGS.maxWorkflows.default, 1, 1_000_000),
    drainTimeoutMs: duration('drainTimeout'),
    recoveryAttempts: parseCount(
      '--recovery-attempts',
      text('recoveryAttempts') ?? SETTINGS.recoveryAttempts.default,
      0,
      100,
    ),
    logLevel: parseLogLevel(text('logLevel') ?? SETTINGS.logLevel.default),
    ...(redisUrl !== undefined && { redis: checked(() => parseRedisUrl(redisUrl), '--redis-url') }),
    ...(snapshotLocation !== undefined && { snapshotLocation }),
    ...(httpListen !== undefined && { httpListen: parseAddress('--http-listen', httpListen) }),
    ...(tls !== undefined && { tls }),
  });
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The longest that a timer can wait. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** `250ms`, `30s`, `1.5m` or `1h`, in milliseconds. @throws ConfigError */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const ms = match === null ? NaN : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  if (!(ms <= MAX_DURATION_MS)) {
    throw new ConfigError(`${flag}: got '${text}'; expected a duration such as 250ms, 30s or 5m, at most 596h`);
  }
  return ms;
}

function positive(flag: string, ms: number): number {
  if (ms > 0) return ms;
  throw new ConfigError(`${flag}: got ${String(ms)}ms; expected more than 0`);
}

function parseCount(flag: string, text: string, least: number, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count >= least && count <= most) return count;
  throw new ConfigError(`${flag}: got '${text}'; expected a whole number from ${String(least)} to ${String(most)}`);
}

/** Runs a parser that throws RangeError, and turns that into the line to print. */
function checked<T>(parse: () => T, flag?: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(flag === undefined ? error.message : `${flag}: ${error.message}`);
  }
}

export function parseListen(raw: string | readonly string[] | boolean | undefined): readonly string[] {
  if (raw === undefined || typeof raw === 'boolean') return [SETTINGS.listen.default];
  const addresses = (typeof raw === 'string' ? [raw] : raw).flatMap((each) => each.split(','));
  return addresses.map((address) =>
    /^unix:\/\/\/./.test(address) ? address : parseAddress('--listen', address, ' or unix:///path'),
  );
}

function parseAddress(flag: string, text: string, or = ''): string {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^:/\s[\]]+):(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) <= 65535) return text;
  throw new ConfigError(`${flag}: got '${text}'; expected host:port, such as 127.0.0.1:7070${or}`);
}

function parseKeyPrefix(text: string): string {
  // A brace would move the hash tag, and with it keys that belong together to different slots.
  if (/^[^\s{}]{0,64}$/.test(text)) return text;
  throw new ConfigError(`--redis-key-prefix: got '${text}'; expected at most 64 characters, without spaces and braces`);
}

function parseInstanceId(text: string | undefined): string {
  const id = text ?? `${hostname().slice(0, 56)}-${randomBytes(3).toString('hex')}`;
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(id)) return id;
  throw new ConfigError(`--instance-id: got '${id}'; expected 1 to 63 letters, digits, '.', '_' and '-'`);
}

function parseSnapshotLocation(text: string | undefined, dev: boolean): string | undefined {
  if (text === undefined) return dev ? undefined : SETTINGS.snapshotLocation.default;
  if (/^[a-z][a-z0-9+.-]*:\/\/[^\s?#]+$/.test(text)) return text.replace(/\/+$/, '');
  throw new ConfigError(
    `--snapshot-location: got '${text}'; expected a URI such as file:///var/lib/snapshots or s3://bucket/prefix`,
  );
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export function parseLogLevel(text: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw new ConfigError(`--log-level: got '${text}'; expected one of ${LOG_LEVELS.join(', ')}`);
}

function readTls(
  cert: string | undefined,
  key: string | undefined,
  clientCa: string | undefined,
): TlsFiles | undefined {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new ConfigError(
      `--tls-cert and --tls-key go together: ${cert === undefined ? '--tls-cert' : '--tls-key'} is missing`,
    );
  }
  return {
    cert: readPem('--tls-cert', cert),
    key: readPem('--tls-key', key),
    ...(clientCa !== undefined && { clientCa: readPem('--tls-client-ca', clientCa) }),
  };
}

function readPem(flag: string, path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read '${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
  if (content.includes('-----BEGIN ')) return content;
  throw new ConfigError(`${flag}: '${path}' is not PEM; expected a file with a -----BEGIN line`);
}
