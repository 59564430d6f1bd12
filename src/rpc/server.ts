// The gRPC server of a replica or of a node: its services, health, reflection,
// its addresses. Guarantees: a caller or a connection that vanished without a
// word is noticed within the keepalive times, and a stream that idles behind a
// proxy is kept open by the same pings; what all callers together can make it
// hold is bounded; `close` ends in bounded time.

import {
  logVerbosity,
  ServerCredentials,
  setLogVerbosity,
  type Server,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../clock.js';
import type { Refusal } from './call-guard.js';
import { GuardedServer } from './guarded-server.js';
import { callLimits, channelLimits, MAX_REQUEST_BYTES } from './limits.js';
import { bindAll } from './listen.js';

export interface ServedService {
  readonly definition: object;
  readonly handlers: object;
}

export interface TlsContent {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

export interface ServerOptions {
  /** `host:port` or `unix:///path` each. */
  readonly listen: readonly string[];
  readonly services: readonly ServedService[];
  /** Adds health, reflection and the like. */
  readonly extend?: (server: Server) => void;
  readonly tls?: TlsContent;
  /** Permissions of a Unix socket. */
  readonly socketMode: number;
  readonly clock: Clock;
  /** How much that lasts it carries: workflows, or a node's calls. What callers can make it hold grows with it. */
  readonly maxWork: number;
  /** Default: refuses nothing. */
  readonly refusal?: Refusal;
  /** Default: MAX_REQUEST_BYTES. */
  readonly maxRequestBytes?: number;
}

export interface RunningServer {
  readonly addresses: readonly string[];
  /** Accepts nothing new, waits for what runs, and after `limitMs` cuts it off. */
  close(limitMs: number): Promise<void>;
}

// What grpc-js has to say is in the errors that it gives; standard error holds JSON lines and the one that ends a start.
if (process.env['GRPC_VERBOSITY'] === undefined && process.env['GRPC_NODE_VERBOSITY'] === undefined) {
  setLogVerbosity(logVerbosity.NONE);
}

/** @throws an Error that names the flag whose value cannot be served with */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits = callLimits(options.maxWork);
  const requestBytes = options.maxRequestBytes ?? MAX_REQUEST_BYTES;
  const server = new GuardedServer(
    limits,
    options.clock,
    options.refusal ?? (() => undefined),
    channelLimits(limits, requestBytes),
  );
  for (const { definition, handlers } of options.services) {
    server.addService(definition as ServiceDefinition, handlers as UntypedServiceImplementation);
  }
  options.extend?.(server);
  const addresses = await bindAll(server, options.listen, toCredentials(options.tls), options.socketMode);
  // Whoever has work under way has a connection, or shares one.
  server.limitConnections(limits.maxStreams);
  return {
    addresses,
    close: (limitMs) =>
      new Promise((resolve) => {
        const cancel = options.clock.setTimer(limitMs, () => {
          server.forceShutdown();
          resolve();
        });
        server.tryShutdown(() => {
          cancel();
          resolve();
        });
      }),
  };
}

/** @throws an Error that names the flags, which grpc-js would blame an address for, or notice at the first connection */
function toCredentials(tls: TlsContent | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, clientCa = null } = tls;
  check('--tls-cert, --tls-key', () => createSecureContext({ cert, key }));
  // An authority that cannot be read would admit nobody, without a word.
  if (clientCa !== null) check('--tls-client-ca', () => new X509Certificate(clientCa));
  return ServerCredentials.createSsl(clientCa, [{ cert_chain: cert, private_key: key }], clientCa !== null);
}

function check(flags: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    throw new Error(`${flags}: ${(error as Error).message}`, { cause: error });
  }
}
