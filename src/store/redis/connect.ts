// Connections to Redis, in each of its forms. Guarantees: a command is sent at
// most once and answered, or given up, within its time limit; while there is
// no connection it is refused at once. So an error is never followed by a
// late success that nobody waits for, except for what the kernel had already.
// A connection comes back by itself, whatever ended it, until it is closed.

import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Address, RedisTarget, RedisTls } from '../redis-url.js';
import type { RedisClient } from './scripts.js';

/** Reconnections are cheap on a LAN and what everybody waits for: often, and for ever. */
const RECONNECT_MS = 100;

/** Over a LAN it takes milliseconds; a host that is gone must not hold up the attempt on another one for longer. */
const CONNECT_WITHIN_MS = 1000;

/** Connection included, a node tells the slots, and a sentinel the master, in this time, or another one is asked. */
const ASK_WITHIN_MS = { node: 1000, sentinel: 500 };

export interface ConnectOptions {
  readonly tls?: RedisTls | undefined;
  /** Told why there is no connection, each time; the client goes on trying. */
  readonly onError?: (error: Error) => void;
}

/**
 * Connects; the client reconnects by itself until it is told to disconnect.
 * @param name of the connection in CLIENT LIST
 * @param commandTimeoutMs after which a command without an answer fails; it may have been carried out
 */
export function connect(
  target: RedisTarget,
  name: string,
  commandTimeoutMs: number,
  { tls, onError = () => undefined }: ConnectOptions = {},
): RedisClient {
  const client = open(target, name, commandTimeoutMs, tls);
  // Of a Cluster, 'error' says only that no node could be asked, and 'node error' says why; likewise of sentinels.
  for (const event of ['error', 'node error', 'sentinelError']) client.on(event, onError);
  if (client instanceof Redis) {
    prepare(client);
    reviveAtEnd(client);
  } else {
    client.on('+node', prepare);
  }
  return client;
}

function prepare(redis: Redis): void {
  gatherWrites(redis);
  forgetSilence(redis);
  handleAsking(redis);
}

/**
 * The timer of `socketTimeout` must go with its connection: ioredis 5.11 lets it
 * run on, and a second after each break destroys the next connection with it
 * (redis/ioredis#2147).
 */
function forgetSilence(redis: Redis): void {
  redis.on('close', () => {
    clearTimeout(Reflect.get(redis, 'socketTimeoutTimer') as NodeJS.Timeout | undefined);
    Reflect.set(redis, 'socketTimeoutTimer', undefined);
  });
}

/** ioredis gives up for good when it is told to reconnect while it asks for the master. */
function reviveAtEnd(redis: Redis): void {
  let revival: NodeJS.Timeout | undefined;
  let over = false;
  const disconnect = redis.disconnect.bind(redis);
  redis.disconnect = (reconnect = false) => {
    // For good: of what was under way when it was closed, ioredis may ask for a reconnection yet.
    over ||= !reconnect;
    if (over) clearTimeout(revival);
    disconnect(reconnect && !over);
  };
  redis.on('end', () => {
    if (over) return;
    revival = setTimeout(() => {
      redis.connect().catch(() => undefined);
    }, RECONNECT_MS);
  });
}

/**
 * Where a slot is on its way to another node, ioredis announces there that it
 * asks, then asks. An error of the announcement is left to nobody, which would
 * end the process; that of the question says it all.
 */
function handleAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = () => {
    const announced = asking();
    announced.catch(() => undefined);
    return announced;
  };
}

/**
 * Commands that are sent in one turn of the event loop leave in one write: a
 * write for each is what most of the time went into. Those of the turn are
 * known when its microtasks are done, so a command that is alone waits for
 * nothing. A pipeline would do it too, but answers when its last command does,
 * and in a Cluster tries again by itself.
 */
function gatherWrites(redis: Redis): void {
  const sendCommand = redis.sendCommand.bind(redis);
  let gathering = false;
  redis.sendCommand = (command, stream) => {
    const socket = redis.stream as Redis['stream'] | undefined;
    if (!gathering && socket !== undefined) {
      gathering = true;
      socket.cork();
      process.nextTick(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return sendCommand(command, stream);
  };
}

function open(target: RedisTarget, name: string, commandTimeoutMs: number, tls: RedisTls | undefined): RedisClient {
  const options: RedisOptions = {
    ...target.credentials,
    connectionName: name,
    // It would tell the name of the client library, which needs a right of its own.
    disableClientInfo: true,
    commandTimeout: commandTimeoutMs,
    // Without it a stopped server is noticed only by each command's own limit.
    socketTimeout: commandTimeoutMs + 500,
    connectTimeout: CONNECT_WITHIN_MS,
    // A server that is stopped takes no leave.
    disconnectTimeout: RECONNECT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Who subscribes does so again at 'ready'; ioredis would leave its own attempt's error to nobody.
    autoResubscribe: false,
    retryStrategy: () => RECONNECT_MS,
    // A demoted master: look for the new one, but leave the command failed.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  switch (target.type) {
    case 'socket':
      return new Redis({ ...options, path: target.path });
    case 'standalone':
      return new Redis({
        ...options,
        ...target.node,
        db: target.db,
        ...(target.tls && { tls: tlsOptions(tls, target.node.host) }),
      });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...target.nodes],
        name: target.master,
        ...sentinelOptions(target, tls),
        sentinelRetryStrategy: () => RECONNECT_MS,
        sentinelCommandTimeout: ASK_WITHIN_MS.sentinel,
      });
    case 'cluster':
      return openCluster(target.nodes, { ...options, ...(target.tls && { tls: tlsOptions(tls) }) });
  }
}

/** For each sentinel as well as for the master: as one deployment has it. */
function sentinelOptions(target: RedisTarget & { type: 'sentinel' }, tls: RedisTls | undefined): RedisOptions {
  const { username, password } = target.sentinelCredentials;
  return {
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(target.tls && { tls: tlsOptions(tls), sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true }),
  };
}

/** There are others to hear it from. */
const SENTINEL_RECONNECT_MS = 1000;

/** Connects to one sentinel, to listen to it. */
export function connectSentinel(
  target: RedisTarget & { type: 'sentinel' },
  { host, port }: Address,
  name: string,
  tls: RedisTls | undefined,
): Redis {
  return new Redis({
    ...target.sentinelCredentials,
    ...{ host, port, connectionName: name, disableClientInfo: true, enableReadyCheck: false },
    ...{ enableOfflineQueue: false, autoResubscribe: false, maxRetriesPerRequest: 0 },
    ...{ connectTimeout: CONNECT_WITHIN_MS, commandTimeout: CONNECT_WITHIN_MS, disconnectTimeout: RECONNECT_MS },
    // It may say nothing for months: find out whether it is still there.
    keepAlive: 10_000,
    retryStrategy: () => SENTINEL_RECONNECT_MS,
    ...(target.tls && { tls: tlsOptions(tls, host) }),
  });
}

function tlsOptions(tls: RedisTls = {}, host = ''): ConnectionOptions {
  return { ...tls, ...(host !== '' && isIP(host) === 0 && { servername: host }) };
}

function openCluster(nodes: readonly Address[], options: RedisOptions): Cluster {
  return new Cluster([...nodes], {
    redisOptions: options,
    // A certificate is for a name rather than for the address that ioredis would look up first.
    ...(options.tls !== undefined && { dnsLookup: (name, done) => done(null, name) }),
    enableOfflineQueue: false,
    clusterRetryStrategy: () => RECONNECT_MS,
    // With the defaults a command is executed twice (docs/decisions/0001).
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    slotsRefreshTimeout: ASK_WITHIN_MS.node,
  });
}
