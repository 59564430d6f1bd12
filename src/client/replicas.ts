// The replicas that a client may call, at one address or several. Guarantees:
// calls go to one replica for as long as it answers, then to the next in the
// order given; a call is handed over only to a connection that stands, so one
// that fails to connect has surely done nothing.

import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { abortable } from '../clock.js';
import { quote } from '../errors.js';
import { CallError } from './call-error.js';
import { CoordinatorClient } from './coordinator-client.js';

/** Certificates in PEM. */
export interface TlsOptions {
  /** The CA that has signed the coordinator's certificate. Default: those that Node trusts. */
  readonly ca?: string | Uint8Array;
  /** The caller's own certificate, where the coordinator runs with --tls-client-ca; goes with `key`. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name in the coordinator's certificate, where the address has another. */
  readonly serverName?: string;
}

/** More than a TLS handshake across an ocean takes, less than a caller's patience. */
const CONNECT_WITHIN_MS = 5000;

export class Replicas {
  readonly #clients: readonly CoordinatorClient[];
  #current = 0;

  /**
   * @param addresses `host:port`, `unix:///path` or another gRPC target each; one is enough
   * @throws TypeError that names what is wrong
   */
  constructor(addresses: string | readonly string[], tls?: TlsOptions | boolean) {
    const list = typeof addresses === 'string' ? [addresses] : addresses;
    if (list.length === 0) throw new TypeError('addresses: got none; expected at least one, such as 127.0.0.1:7070');
    for (const address of list) checkAddress(address);
    const { serverName, ...files } = typeof tls === 'object' ? tls : {};
    const channelCredentials = toCredentials(tls === undefined || tls === false ? undefined : files);
    const options: Record<string, string> =
      serverName === undefined
        ? {}
        : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
    this.#clients = list.map((address) => new CoordinatorClient(address, channelCredentials, options));
  }

  get count(): number {
    return this.#clients.length;
  }

  /**
   * The replica to call, connected.
   * @throws CallError UNREACHABLE when none of them can be connected to, the signal's reason when it aborts
   */
  async connected(signal: AbortSignal): Promise<CoordinatorClient> {
    const order = this.#clients.map((_, index) => (this.#current + index) % this.#clients.length);
    for (const index of order) {
      const client = this.#at(index);
      if (!(await abortable(client.connect(CONNECT_WITHIN_MS), signal))) continue;
      this.#current = index;
      return client;
    }
    const reasons = await abortable(Promise.all(this.#clients.map((client) => whyNot(client))), signal);
    throw new CallError('UNREACHABLE', 'UNAVAILABLE', `no connection to ${reasons.join('; nor to ')}`);
  }

  /** Prefers the others from now on: `client` is gone, leaving or full. */
  moveOn(client: CoordinatorClient): void {
    if (client === this.#at(this.#current)) this.#current = (this.#current + 1) % this.#clients.length;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #at(index: number): CoordinatorClient {
    const client = this.#clients[index];
    if (client === undefined) throw new RangeError(`no replica ${String(index)}`);
    return client;
  }
}

function toCredentials(tls: Omit<TlsOptions, 'serverName'> | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError(`tls: cert and key go together: ${tls.cert === undefined ? 'cert' : 'key'} is missing`);
  }
  const pem = (value: string | Uint8Array | undefined): Buffer | null =>
    value === undefined ? null : Buffer.from(value as Uint8Array);
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

/** grpc-js accepts anything here, and then waits for ever for a name that nobody can resolve. */
function checkAddress(address: string): void {
  if (/^unix:\/\/\/./.test(address) || /^(?:[a-z0-9]+:(?:\/\/\S*\/)?)?[^\s/]+:\d{1,5}$/i.test(address)) return;
  throw new TypeError(`address: got ${quote(address)}; expected host:port, such as 127.0.0.1:7070, or unix:///path`);
}

/** grpc-js tells why a connection failed only to calls. */
async function whyNot(client: CoordinatorClient): Promise<string> {
  if (client.isConnecting) return `${client.target}: no answer within ${String(CONNECT_WITHIN_MS / 1000)} s`;
  const error = await client.getActor({ namespace: 'any', name: 'any' }, { timeoutMs: CONNECT_WITHIN_MS }).then(
    () => new Error('it was back a moment later'),
    (thrown: unknown) => thrown as Error,
  );
  return `${client.target}: ${error.message.replace(/^No connection established\. Last error: (?:Error: )?/, '').replace(/\. Resolution note: ?$/, '')}`;
}
