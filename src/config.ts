// Flags and environment → one frozen Config. A bad value stops the start with
// one line that names the flag, what it got and what would be right.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { leaseTimings, type LeaseTimings } from './lease/timings.js';
import { flagName, SETTINGS } from './settings.js';
import { parseRedisUrl, type RedisTarget, type RedisTls } from './store/redis-url.js';

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
  readonly redisTls: RedisTls;
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
  const redis = redisUrl === undefined ? undefined : checked(() => parseRedisUrl(redisUrl), '--redis-url');
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
    ...(redis !== undefined && { redis }),
    redisTls: readRedisTls(redis, text('redisTlsCa'), text('redisTlsCert'), text('redisTlsKey')),
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

function readRedisTls(
  redis: RedisTarget | undefined,
  ca: string | undefined,
  cert: string | undefined,
  key: string | undefined,
): RedisTls {
  const given = Object.entries({ '--redis-tls-ca': ca, '--redis-tls-cert': cert, '--redis-tls-key': key });
  const flag = given.find(([, path]) => path !== undefined)?.[0];
  if (flag === undefined) return {};
  if (redis === undefined || redis.type === 'socket' || !redis.tls) {
    throw new ConfigError(`${flag}: --redis-url asks for no TLS; expected one that begins with rediss`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(
      `--redis-tls-cert and --redis-tls-key go together: ${cert === undefined ? '--redis-tls-cert' : '--redis-tls-key'} is missing`,
    );
  }
  return {
    ...(ca !== undefined && { ca: readPem('--redis-tls-ca', ca) }),
    ...(cert !== undefined && { cert: readPem('--redis-tls-cert', cert) }),
    ...(key !== undefined && { key: readPem('--redis-tls-key', key) }),
  };
}

/** @throws ConfigError */
export function readPem(flag: string, path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read '${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
  if (content.includes('-----BEGIN ')) return content;
  throw new ConfigError(`${flag}: '${path}' is not PEM; expected a file with a -----BEGIN line`);
}
