// Notices that another node has become master, and lets the connections to the
// former one go. One that was killed does that by itself; one that is stopped or
// cut off keeps them, and what was sent there hangs, or is carried out by a
// master that nobody else follows. Sentinels say so; of a Cluster's masters each
// is asked, and when one does not answer, the others are asked who has its slots.

import type { Cluster, Redis } from 'ioredis';
import type { CancelTimer, Clock } from '../../clock.js';
import type { RedisTarget, RedisTls } from '../redis-url.js';
import { connectSentinel } from './connect.js';

/** `<name> <old host> <old port> <new host> <new port>` */
const SWITCHED = '+switch-master';

/** Each sentinel is listened to, as any of them may be the first to know, or gone. */
export function followSentinels(
  clients: readonly Redis[],
  target: RedisTarget & { type: 'sentinel' },
  name: string,
  tls: RedisTls | undefined,
): () => void {
  const sentinels = target.nodes.map((address) => {
    const sentinel = connectSentinel(target, address, name, tls);
    // The clients that ask it for the master say what is wrong with it.
    sentinel.on('error', () => undefined);
    sentinel.on('ready', () => void sentinel.subscribe(SWITCHED).catch(() => undefined));
    sentinel.on('message', (_channel, message: string) => {
      const [name, , , host, port] = message.split(' ');
      if (name !== target.master) return;
      for (const client of clients) if (!isConnectedTo(client, host, port)) client.disconnect(true);
    });
    return sentinel;
  });
  return () => {
    for (const sentinel of sentinels) sentinel.disconnect();
  };
}

/** Each sentinel tells it when it has heard of it, and the last ones of them after the connection was made. */
function isConnectedTo(client: Redis, host: string | undefined, port: string | undefined): boolean {
  const { remoteAddress, remotePort } = (client.stream as Redis['stream'] | undefined) ?? {};
  return remoteAddress?.replace(/^::ffff:/, '') === host && String(remotePort) === port;
}

/** As often as there is nothing to notice. */
const LOOK_EVERY_MS = 1000;

/** A master that is well answers within a few ms; asking another one costs little, and a failover is never quicker. */
const SUSPECT_AFTER_MS = 500;

/** @param listener subscribes, and sends nothing that could hang */
export function followCluster(clients: readonly Cluster[], listener: Cluster, clock: Clock): () => void {
  let stopped = false;
  let cancelTimer: CancelTimer | undefined;
  const look = async (): Promise<void> => {
    const suspicious = await Promise.all(clients.map((client) => letGoOfReplaced(client, clock)));
    if (stopped) return;
    const isSuspicious = suspicious.includes(true);
    // It moves to another node when its own has no slots any more.
    if (isSuspicious) listener.refreshSlotsCache();
    cancelTimer = clock.setTimer(isSuspicious ? SUSPECT_AFTER_MS : LOOK_EVERY_MS, () => void look());
  };
  void look();
  return () => {
    stopped = true;
    cancelTimer?.();
  };
}

/** @returns whether some master does not answer */
async function letGoOfReplaced(cluster: Cluster, clock: Clock): Promise<boolean> {
  const masters = cluster.nodes('master');
  const answers = await Promise.all(masters.map((master) => answersWithin(clock, SUSPECT_AFTER_MS, master.ping())));
  const silent = masters.filter((_, i) => answers[i] === false);
  const other = masters.find((_, i) => answers[i] === true);
  if (silent.length === 0) return false;
  const ranges = await other?.cluster('SLOTS').catch(() => undefined);
  if (ranges === undefined) return true;
  // From, to, the master, its replicas.
  const serving = ranges.map(([, , master]) => master?.slice(0, 2).join(':'));
  for (const master of silent) {
    const { host, port } = master.options;
    // A command for its slots then goes to another master, which knows who has them.
    if (!serving.includes(`${String(host)}:${String(port)}`)) master.disconnect();
  }
  return true;
}

function answersWithin(clock: Clock, limitMs: number, answer: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(limitMs, () => {
      resolve(false);
    });
    answer.then(
      () => {
        cancel();
        resolve(true);
      },
      () => {
        cancel();
        resolve(false);
      },
    );
  });
}
