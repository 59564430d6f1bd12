// What is wrong with a Redis, in one line that says what would be right. What
// can never become right is refused: it stops the start. Everything else may be
// put right on the other side, and is waited for: a password that is being
// changed, a right that is missing, a replica that is about to be promoted.

import type { RedisTarget, RedisTls } from '../redis-url.js';
import type { RedisClient } from './scripts.js';

const MIN_VERSION = 7;

/** Why this Redis must not be used, if so. */
export async function inspect(
  client: RedisClient,
  target: RedisTarget,
  allowEviction: boolean,
): Promise<string | undefined> {
  const info = `${await client.info('server')}\n${await client.info('memory')}`;
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? 'unknown';
  if (field('valkey_version') === undefined && !(Number.parseInt(version, 10) >= MIN_VERSION)) {
    return `--redis-url: got Redis ${version}; expected 7.0 or newer, or Valkey`;
  }
  const mode = field('redis_mode') ?? field('server_mode');
  if (mode === 'cluster' && target.type !== 'cluster') {
    return '--redis-url: got a node of a Redis Cluster; expected redis+cluster://host:port,… with some of its nodes';
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && !allowEviction) {
    return `--redis-url: got a Redis with maxmemory-policy ${policy}, which may evict leases and records; expected noeviction, or --redis-allow-eviction if you accept that`;
  }
  return undefined;
}

/** The same for one with which no connection comes about. */
export function refusalOf(error: Error): string | undefined {
  return error.message.includes('cluster support disabled')
    ? '--redis-url: got a Redis that is no Cluster; expected redis://host:port'
    : undefined;
}

/** Asked for its address, and asked for its sentinels. */
const NO_SUCH_MASTER = /invalid reply: null|No such master/;

/** By what the server, the sentinel or OpenSSL says. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/WRONGPASS|NOAUTH|invalid password/, '--redis-url: its user or password is refused'],
  [
    /NOPERM|can't access|no permissions/,
    '--redis-url: its user lacks a right; docs/redis.md lists those that it needs',
  ],
  [NO_SUCH_MASTER, '--redis-url: the sentinels know no master of that name'],
  [/certificate required|bad certificate|handshake failure/, '--redis-tls-cert: Redis does not accept this client'],
  [/certificate|altnames|unable to get.*issuer/i, '--redis-tls-ca: the certificate of Redis is not trusted'],
];

/** What is wrong and what would be right; and the same with the cause as it was told, which may differ each time. */
export function explain(cause: unknown, target: RedisTarget, tls: RedisTls = {}): { what: string; why: string } {
  const message = cause instanceof Error ? messageOf(cause) : String(cause);
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(message))?.[1] ?? '';
  const what = known + hint(message, target, tls);
  return what === '' ? { what: message, why: `--redis-url: ${message}` } : { what, why: `${what}: ${message}` };
}

function hint(message: string, target: RedisTarget, tls: RedisTls): string {
  if (target.type === 'sentinel' && NO_SUCH_MASTER.test(message)) return ` '${target.master}'`;
  if (target.type === 'socket' || !target.tls) return '';
  // A Redis without TLS waits for the end of what it takes to be a command.
  if (message.includes('ETIMEDOUT')) {
    return '--redis-url: no answer, or one without TLS; expected redis… rather than rediss… where there is none';
  }
  // A Redis that misses a certificate says so and closes; what it said is lost with the connection.
  if (message.includes('ECONNRESET') && tls.cert === undefined) {
    return '--redis-tls-cert: got none; Redis may want to see a certificate';
  }
  return '';
}

/** Node puts the errors of several addresses together, and says nothing itself. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(String).join(', ');
  return error.message;
}
