// The flags that every command has which calls a coordinator: where it is, how
// to prove who one is, how to print.

import { Option, type Command } from 'commander';
import { ConfigError, parseDuration, readPem } from '../config.js';
import { Replicas, type TlsOptions } from '../client/replicas.js';

/** `address`: of `resume` alone. */
export type Output = 'text' | 'json' | 'address';

export interface ConnectionFlags {
  readonly address: readonly string[];
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
  readonly output: Output;
  readonly retry?: string;
}

const DEFAULT_ADDRESSES: readonly string[] = ['127.0.0.1:7070'];

export function addConnectionFlags(command: Command): Command {
  const isResume = command.name() === 'resume';
  const split = (value: string, before: readonly string[]): readonly string[] => [
    ...(before === DEFAULT_ADDRESSES ? [] : before),
    ...value.split(','),
  ];
  return command
    .addOption(
      new Option(
        '-a, --address <address>',
        'where a coordinator is: host:port or unix:///path; repeatable, tried in order',
      )
        .env('ACTOR_WORKFLOW_ADDRESS')
        .default(DEFAULT_ADDRESSES, DEFAULT_ADDRESSES[0])
        .argParser(split),
    )
    .addOption(
      new Option(
        '-o, --output <form>',
        `json: a message of proto/ a line${isResume ? '; address: where the actor serves, and nothing else' : ''}`,
      )
        .choices(['text', 'json', ...(isResume ? ['address'] : [])])
        .default('text'),
    )
    .option('--retry <duration>', 'try again, for so long, what time can heal')
    .option('--tls', 'use TLS, and trust the CAs that Node trusts')
    .addOption(new Option('--tls-ca <file>', 'use TLS, and trust this CA (PEM)').env('ACTOR_WORKFLOW_TLS_CA'))
    .addOption(
      new Option('--tls-cert <file>', "the caller's own certificate (PEM); with --tls-key").env(
        'ACTOR_WORKFLOW_CALLER_CERT',
      ),
    )
    .addOption(new Option('--tls-key <file>', 'its private key (PEM)').env('ACTOR_WORKFLOW_CALLER_KEY'))
    .option('--tls-server-name <name>', "the name in the coordinator's certificate, where the address has another");
}

/** @throws ConfigError */
export function openReplicas(flags: ConnectionFlags): Replicas {
  const { tls, tlsCa, tlsCert, tlsKey, tlsServerName } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const missing = tlsCert === undefined ? '--tls-cert' : '--tls-key';
    throw new ConfigError(`--tls-cert and --tls-key go together: ${missing} is missing`);
  }
  const files: TlsOptions = {
    ...(tlsCa !== undefined && { ca: readPem('--tls-ca', tlsCa) }),
    ...(tlsCert !== undefined && { cert: readPem('--tls-cert', tlsCert) }),
    ...(tlsKey !== undefined && { key: readPem('--tls-key', tlsKey) }),
    ...(tlsServerName !== undefined && { serverName: tlsServerName }),
  };
  // With an address that is an IP, grpc-js makes Node warn, of what no user of this can change.
  process.noDeprecation = true;
  const wanted = tls === true || Object.keys(files).length > 0;
  return usable('--address', () => new Replicas(flags.address, wanted && files));
}

/** How long --retry tries, in milliseconds; undefined: not at all. @throws ConfigError */
export function retryForMs({ retry }: ConnectionFlags): number | undefined {
  return retry === undefined ? undefined : parseDuration('--retry', retry);
}

/** Runs what throws a TypeError for a value that makes no sense, and turns that into the line to print. */
export function usable<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigError(`${flag}: ${error.message.replace(/^(?:address(?:es)?|actor): /, '')}`);
  }
}
