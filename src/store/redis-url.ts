// Where Redis is, as --redis-url says it, in each of the forms in which it is
// deployed. Pure: it connects to nothing.

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** Files for TLS, as PEM: whom to trust instead of the system's authorities, and whom to be. */
export interface RedisTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type RedisTarget = { readonly credentials: Credentials } & (
  | { readonly type: 'socket'; readonly path: string }
  | ({ readonly tls: boolean } & (
      | { readonly type: 'standalone'; readonly node: Address; readonly db: number }
      | {
          readonly type: 'sentinel';
          readonly nodes: readonly Address[];
          readonly master: string;
          readonly sentinelCredentials: Credentials;
        }
      | { readonly type: 'cluster'; readonly nodes: readonly Address[] }
    ))
);

const EXPECTED =
  'expected redis://[user:password@]host[:port][/db], redis+sentinel://host:port,…/master-name, redis+cluster://host:port,… (rediss… for TLS) or unix:///path';

/** @throws RangeError that says what is wrong, without the password */
export function parseRedisUrl(url: string): RedisTarget {
  const match =
    /^(rediss?|rediss?\+sentinel|rediss?\+cluster|unix):\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(
      url,
    );
  if (match === null) throw new RangeError(EXPECTED);
  const [, scheme = '', userInfo = '', hosts = '', path = '', query = ''] = match;
  const credentials = parseCredentials(userInfo);
  const sentinelCredentials = parseQuery(scheme, query);
  if (scheme === 'unix') {
    if (hosts !== '' || path === '') throw new RangeError('expected unix:///absolute/path');
    return { type: 'socket', credentials, path: `/${decode(path)}` };
  }
  const tls = scheme.startsWith('rediss');
  const nodes = hosts.split(',').map((host) => parseAddress(host, scheme.endsWith('+sentinel') ? 26379 : 6379));
  switch (scheme.slice(scheme.indexOf('+'))) {
    case '+sentinel':
      if (path === '')
        throw new RangeError(`expected ${scheme}://host:port,host:port/master-name: the name is missing`);
      return { type: 'sentinel', tls, credentials, sentinelCredentials, nodes, master: decode(path) };
    case '+cluster':
      if (path !== '') throw new RangeError(`expected ${scheme}://host:port,host:port: a Cluster has no databases`);
      return { type: 'cluster', tls, credentials, nodes };
    default: {
      const [node] = nodes;
      if (node === undefined || nodes.length > 1) throw new RangeError(`got several hosts; ${EXPECTED}`);
      if (!/^\d{0,5}$/.test(path)) throw new RangeError(`expected a database number after the host; got '${path}'`);
      return { type: 'standalone', tls, credentials, node, db: Number(path) };
    }
  }
}

const SENTINEL_USER = 'sentinel_username';
const SENTINEL_PASSWORD = 'sentinel_password';

/** Who to be to the sentinels, which have users of their own. */
function parseQuery(scheme: string, query: string): Credentials {
  const given = new Map<string, string>();
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = part.split('=');
    if (!scheme.endsWith('+sentinel') || (name !== SENTINEL_USER && name !== SENTINEL_PASSWORD)) {
      throw new RangeError(
        `got '?${name}'; expected nothing after the address, or ${SENTINEL_USER} and ${SENTINEL_PASSWORD} after that of sentinels`,
      );
    }
    given.set(name, decode(value.join('=')));
  }
  const username = given.get(SENTINEL_USER);
  const password = given.get(SENTINEL_PASSWORD);
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function parseCredentials(userInfo: string): Credentials {
  const [username = '', ...rest] = userInfo.split(':');
  const password = decode(rest.join(':'));
  return { ...(username !== '' && { username: decode(username) }), ...(password !== '' && { password }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError('expected the user, the password and the path percent-encoded, as in any URL');
  }
}

function parseAddress(text: string, defaultPort: number): Address {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match?.[1] === undefined || port < 1 || port > 65535) throw new RangeError(`expected host:port; got '${text}'`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}
