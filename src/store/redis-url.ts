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

export type RedisTarget = { readonly credentials: Credentials } & (
  | { readonly type: 'socket'; readonly path: string }
  | { readonly type: 'standalone'; readonly node: Address; readonly db: number; readonly tls: boolean }
  | { readonly type: 'sentinel'; readonly nodes: readonly Address[]; readonly master: string }
  | { readonly type: 'cluster'; readonly nodes: readonly Address[] }
);

const EXPECTED =
  'expected redis://[user:password@]host[:port][/db], rediss://…, redis+sentinel://host:port,…/master-name, redis+cluster://host:port,… or unix:///path';

/** @throws RangeError that says what is wrong, without the password */
export function parseRedisUrl(url: string): RedisTarget {
  const match = /^(redis|rediss|redis\+sentinel|redis\+cluster|unix):\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#]*))?$/.exec(
    url,
  );
  if (match === null) throw new RangeError(EXPECTED);
  const [, scheme = '', userInfo = '', hosts = '', path = ''] = match;
  const credentials = parseCredentials(userInfo);
  if (scheme === 'unix') {
    if (hosts !== '' || path === '') throw new RangeError('expected unix:///absolute/path');
    return { type: 'socket', credentials, path: `/${decode(path)}` };
  }
  const nodes = hosts.split(',').map((host) => parseAddress(host, scheme === 'redis+sentinel' ? 26379 : 6379));
  switch (scheme) {
    case 'redis+sentinel':
      if (path === '')
        throw new RangeError('expected redis+sentinel://host:port,host:port/master-name: the name is missing');
      return { type: 'sentinel', credentials, nodes, master: path };
    case 'redis+cluster':
      if (path !== '') throw new RangeError('expected redis+cluster://host:port,host:port: a Cluster has no databases');
      return { type: 'cluster', credentials, nodes };
    default: {
      const [node] = nodes;
      if (node === undefined || nodes.length > 1) throw new RangeError(`got several hosts; ${EXPECTED}`);
      if (!/^\d{0,5}$/.test(path)) throw new RangeError(`expected a database number after the host; got '${path}'`);
      return { type: 'standalone', credentials, node, db: Number(path), tls: scheme === 'rediss' };
    }
  }
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
