// Connections to Redis, in each of its forms. Guarantees: a command is sent at
// most once and answered, or given up, within its time limit; while there is
// no connection it is refused at once. So an error is never followed by a
// late success that nobody waits for, except for what the kernel had already.

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Address, RedisTarget } from '../redis-url.js';
import type { RedisClient } from './scripts.js';

/** Reconnections are cheap on a LAN and what everybody waits for: often, and for ever. */
const RECONNECT_MS = 100;

/**
 * Connects; the client reconnects by itself until it is told to disconnect.
 * @param commandTimeoutMs after which a command without an answer fails; it may have been carried out
 */
export function connect(target: RedisTarget, name: string, commandTimeoutMs: number): RedisClient {
  const client = open(target, name, commandTimeoutMs);
  if (client instanceof Redis) gatherWrites(client);
  else client.on('+node', gatherWrites);
  return client;
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

function open(target: RedisTarget, name: string, commandTimeoutMs: number): RedisClient {
  const options: RedisOptions = {
    ...target.credentials,
    connectionName: name,
    commandTimeout: commandTimeoutMs,
    // Without it a stopped server is noticed only by each command's own limit.
    socketTimeout: commandTimeoutMs + 500,
    connectTimeout: Math.max(1000, commandTimeoutMs),
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
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
        ...(target.tls && { tls: { servername: target.node.host } }),
      });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...target.nodes],
        name: target.master,
        sentinelRetryStrategy: () => RECONNECT_MS,
      });
    case 'cluster':
      return connectCluster(target.nodes, options, commandTimeoutMs);
  }
}

function connectCluster(nodes: readonly Address[], options: RedisOptions, commandTimeoutMs: number): Cluster {
  return new Cluster([...nodes], {
    redisOptions: options,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => RECONNECT_MS,
    // With the defaults a command is executed twice (docs/decisions/0001).
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    slotsRefreshTimeout: commandTimeoutMs,
  });
}
