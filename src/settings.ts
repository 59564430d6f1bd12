// Every setting of `serve`: its flag, its default, what it does. The command
// line's help, the environment's names and the README's table are made from it;
// config.ts reads the values.

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
      'redis://, redis+sentinel://h:p,h:p/name, redis+cluster://h:p,h:p, each also with rediss for TLS, or unix:///path; needed unless --dev. A password belongs in the environment, not in argv',
  },
  redisTlsCa: {
    flag: '--redis-tls-ca <file>',
    description: "CA in PEM that has signed the certificate of Redis, instead of the system's; with rediss",
  },
  redisTlsCert: {
    flag: '--redis-tls-cert <file>',
    description: 'certificate in PEM to show to Redis; with --redis-tls-key',
  },
  redisTlsKey: { flag: '--redis-tls-key <file>', description: 'its private key in PEM' },
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
