// Notices that another node has become master, and lets the connections to the
// former one go. One that was killed does that by itself; one that is stopped or
// cut off keeps them, and what was sent there hangs, or is carried out by a
// master that nobody else follows. Sentinels say so; of a Cluster's masters each
// is asked, and when one does not answer, the others are asked who has its slots.

import type { Cluster } from 'ioredis';
import type { CancelTimer, Clock } from '../../clock.js';
import type { RedisTarget, RedisTls } from '../redis-url.js';
import { connectSentinel } from './connect.js';
import type { RedisClient } from './scripts.js';

const SWITCHED = '+switch-master';

/** Each sentinel is listened to, as any of them may be the first to know, or gone. */
export function followSentinels(
  clients: readonly RedisClient[],
  target: RedisTarget & { type: 'sentinel' },
  name: string,
  tls: RedisTls | undefined,
): () => void {
  const sentinels = target.nodes.map((address) => {
    const sentinel = connectSentinel(target, address, name, tls);
    // The clients that ask it for the master say what is wrong with it.
    sentinel.on('error', () => undefined);
    sentinel.on('ready', () => void sentinel.subscribe(SWITCHED).catch(() => undefined));
    // `<name> <old host> <old port> <new host> <new port>`
    sentinel.on('message', (_channel, message: string) => {
      if (message.split(' ')[0] !== target.master) return;
      for (const client of clients) client.disconnect(true);
    });
    return sentinel;
  });
  return () => {
    for (const sentinel of sentinels) sentinel.disconnect();
  };
}

/** As often as there is nothing to notice. */
const LOOK_EVERY_MS = 1000;

/** A master that is well answers within a few ms; asking the others costs little, and a failover is never quicker. */
const SUSPECT_AFTER_MS = 500;

export function followCluster(clients: readonly Cluster[], clock: Clock): () => void {
  let stopped = false;
  let cancelTimer: CancelTimer | undefined;
  const look = async (): Promise<void> => {
    const masters = clients.flatMap((client) => client.nodes('master'));
    const answers = await Promise.all(masters.map((master) => answersWithin(clock, SUSPECT_AFTER_MS, master.ping())));
    if (stopped) return;
    const suspicious = answers.includes(false);
    // A node without slots is let go of.
    if (suspicious) for (const client of clients) client.refreshSlotsCache();
    cancelTimer = clock.setTimer(suspicious ? SUSPECT_AFTER_MS : LOOK_EVERY_MS, () => void look());
  };
  void look();
  return () => {
    stopped = true;
    cancelTimer?.();
  };
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
