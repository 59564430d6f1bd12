import { describe, expect, it } from 'vitest';
import { parseConfig, type RawSettings } from '../../src/config.js';
import { environmentName, SETTINGS } from '../../src/settings.js';
import { parseRedisUrl } from '../../src/store/redis-url.js';

const redis = { redisUrl: 'redis://127.0.0.1:6379' };

describe('the configuration', () => {
  it('has the defaults that the design names', () => {
    const config = parseConfig(redis);
    expect(config).toMatchObject({
      listen: ['127.0.0.1:7070'],
      lease: { ttlMs: 30_000, renewIntervalMs: 10_000, renewDeadlineMs: 10_000 },
      workflowDeadlineMs: 300_000,
      unwindGraceMs: 5000,
      maxWorkflows: 10_000,
      drainTimeoutMs: 30_000,
      logLevel: 'info',
    });
    expect(Object.isFrozen(config)).toBe(true);
    expect(parseConfig(redis).instanceId).not.toBe(config.instanceId);
  });

  it('reads durations in each of their forms', () => {
    const { lease } = parseConfig({
      ...redis,
      leaseTtl: '1.5m',
      leaseRenewInterval: '250ms',
      leaseRenewDeadline: '1s',
    });
    expect(lease).toMatchObject({ ttlMs: 90_000, renewIntervalMs: 250, renewDeadlineMs: 1000 });
  });

  it('takes several addresses, also in one variable', () => {
    expect(parseConfig({ ...redis, listen: ['0.0.0.0:1,unix:///run/a.sock', '[::1]:0'] }).listen).toEqual([
      '0.0.0.0:1',
      'unix:///run/a.sock',
      '[::1]:0',
    ]);
  });

  it.each<[RawSettings, RegExp]>([
    [{}, /^--redis-url: got nothing; expected .* or --dev/],
    [{ redisUrl: 'http://x' }, /^--redis-url: expected redis:\/\//],
    [{ ...redis, leaseTtl: '30' }, /^--lease-ttl: got '30'; expected a duration such as 250ms, 30s or 5m/],
    [{ ...redis, leaseTtl: '-3s' }, /^--lease-ttl: got '-3s'/],
    [{ ...redis, leaseTtl: '9000h' }, /^--lease-ttl: got '9000h'; .* at most 596h/],
    [{ ...redis, leaseRenewInterval: '20s' }, /^--lease-renew-interval: got 20000ms; .* at most half of --lease-ttl/],
    [{ ...redis, leaseRenewDeadline: '29.9s' }, /^--lease-renew-deadline: got 29900ms/],
    [{ ...redis, actorWorkflowDeadline: '0s' }, /^--actor-workflow-deadline: got 0ms; expected more than 0/],
    [{ ...redis, maxWorkflows: '0' }, /^--max-workflows: got '0'; expected a whole number from 1/],
    [{ ...redis, listen: ['localhost'] }, /^--listen: got 'localhost'; expected host:port/],
    [{ ...redis, httpListen: '1:2:3' }, /^--http-listen: got '1:2:3'/],
    [{ ...redis, instanceId: 'a b' }, /^--instance-id: got 'a b'/],
    [{ ...redis, redisKeyPrefix: 'a{b}' }, /^--redis-key-prefix: got 'a{b}'/],
    [{ ...redis, snapshotLocation: '/var/lib' }, /^--snapshot-location: got '\/var\/lib'; expected a URI/],
    [{ ...redis, logLevel: 'loud' }, /^--log-level: got 'loud'; expected one of trace/],
    [{ ...redis, tlsCert: 'c.pem' }, /^--tls-cert and --tls-key go together: --tls-key is missing/],
    [{ ...redis, tlsCert: '/nonexistent', tlsKey: '/nonexistent' }, /^--tls-cert: cannot read '\/nonexistent'/],
    [{ ...redis, redisTlsCa: 'ca.pem' }, /^--redis-tls-ca: --redis-url asks for no TLS; expected .* rediss/],
    [
      { redisUrl: 'rediss://h', redisTlsKey: 'k.pem' },
      /^--redis-tls-cert and --redis-tls-key go together: --redis-tls-cert is missing/,
    ],
    [{ redisUrl: 'rediss://h', redisTlsCa: '/nonexistent' }, /^--redis-tls-ca: cannot read '\/nonexistent'/],
    [{ ...redis, tlsCert: 'package.json', tlsKey: 'package.json' }, /^--tls-cert: 'package.json' is not PEM/],
  ])('refuses %j with one line that says what would be right', (raw, message) => {
    expect(() => parseConfig(raw)).toThrow(message);
    expect(() => parseConfig(raw)).toThrow(/^[^\n]+$/);
  });

  it('has one environment variable for each flag', () => {
    expect(environmentName(SETTINGS.leaseTtl)).toBe('ACTOR_WORKFLOW_LEASE_TTL');
    expect(environmentName(SETTINGS.actorWorkflowDeadline)).toBe('ACTOR_WORKFLOW_DEADLINE');
    const names = Object.values(SETTINGS).map(environmentName);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a Redis URL', () => {
  const credentials = { username: 'u@', password: 'p:/' };
  it.each([
    ['redis://localhost', { type: 'standalone', node: { host: 'localhost', port: 6379 }, db: 0, tls: false }],
    [
      'rediss://u%40:p%3A%2F@h:1/2',
      { type: 'standalone', node: { host: 'h', port: 1 }, db: 2, tls: true, credentials },
    ],
    ['redis://[::1]:7', { type: 'standalone', node: { host: '::1', port: 7 } }],
    ['unix:///run/a%20b.sock', { type: 'socket', path: '/run/a b.sock' }],
    [
      'redis+sentinel://:s3cret@a,b:1/main',
      {
        type: 'sentinel',
        nodes: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 1 },
        ],
        master: 'main',
        tls: false,
        sentinelCredentials: {},
      },
    ],
    [
      'rediss+sentinel://u%40:p%3A%2F@a/main?sentinel_username=su&sentinel_password=p%26%3D',
      { type: 'sentinel', tls: true, credentials, sentinelCredentials: { username: 'su', password: 'p&=' } },
    ],
    ['rediss+cluster://a', { type: 'cluster', tls: true, nodes: [{ host: 'a', port: 6379 }] }],
    [
      'redis+cluster://a:1,b',
      {
        type: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
        ],
      },
    ],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toMatchObject(target);
  });

  it.each([
    'localhost:6379',
    'redis://a,b',
    'redis://h:0',
    'redis://h/x',
    'redis+sentinel://a',
    'redis+cluster://a/0',
    'redis://h?db=1',
    'redis+cluster://h?sentinel_password=s3cret',
    'redis+sentinel://h/name?passwort=s3cret',
    'unix://relative',
    'redis://u:%zz@h',
  ])('%s is refused without showing a password', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/expected/);
    expect(() => parseRedisUrl(url.replace('//', '//user:s3cret@'))).toThrow(/^(?!.*s3cret)/);
  });
});
