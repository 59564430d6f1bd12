// HTTP probes for orchestrators that cannot speak gRPC: /livez follows the
// process alone, /readyz follows readiness. Guarantees: whoever holds connections
// without a word, or sends a request byte by byte, loses them within seconds.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Probes {
  readonly port: number;
  close(): Promise<void>;
}

/** A request is one packet, and its answer another. */
const REQUEST_WITHIN_MS = 5000;
const IDLE_MS = 10_000;

/** Probes and scrapes are a handful. */
const MAX_CONNECTIONS = 256;

/** @param listen host:port. @throws an Error that names it when it cannot be bound */
export async function startProbes(listen: string, isReady: () => boolean): Promise<Probes> {
  const limits = {
    headersTimeout: REQUEST_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    connectionsCheckingInterval: 1000,
  };
  const server = createServer(limits, (request, response) => {
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    switch (request.url) {
      case '/livez':
        answer(200, 'alive');
        break;
      case '/readyz':
        if (isReady()) answer(200, 'ready');
        else answer(503, 'not ready: Redis does not answer, or this replica is shutting down');
        break;
      default:
        answer(404, 'not found; try /livez or /readyz');
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  const split = listen.lastIndexOf(':');
  const host = listen.slice(0, split).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`--http-listen ${listen}: ${error.message}`, { cause: error }));
    });
    server.listen(Number(listen.slice(split + 1)), host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
