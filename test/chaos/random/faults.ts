// How each fault of the schedule is done, and healed. Guarantees: when a fault
// has ended everything that it touched is whole again, so that a world whose
// faults have all ended is well.

import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '../../tcp-proxy.js';
import type { NodeProcess } from './node-process.js';
import { REAL, type RealNode } from './real-node.js';
import type { RedisProcess } from './redis-process.js';
import type { ReplicaSlot } from './replica-slot.js';
import type { Planned } from './schedule.js';
import type { World } from './world.js';

/** Resolves when the fault is over and healed. */
export async function inject(world: World, { target, kind, forMs }: Planned): Promise<void> {
  const [place, name] = target.split(' ');
  const replica = world.replicas.find((slot) => slot.name === name);
  const node = world.nodes.find((process) => process.name === name);
  if (place === 'redis') await faultOfRedis(world.redis, kind, forMs);
  else if (place === 'replica' && replica) await faultOfReplica(replica, kind, forMs);
  else if (place === 'link' && replica) await faultOfConnection(replica.link, kind, forMs);
  else if (target === `node ${REAL}`) await faultOfRealNode(world.real, kind, forMs);
  else if (target === `road ${REAL}`) await faultOfConnection(world.real.road, kind, forMs);
  else if (place === 'node' && node) await faultOfNode(node, kind, forMs);
  else if (place === 'road' && node) await faultOfConnection(node.road, kind, forMs);
  else throw new Error(`no target ${target}`);
}

async function faultOfReplica(replica: ReplicaSlot, kind: string, forMs: number): Promise<void> {
  switch (kind) {
    case 'kill':
    case 'kill and rename':
      await replica.end('SIGKILL');
      await sleep(forMs);
      await replica.start(kind !== 'kill');
      return;
    case 'terminate':
      await replica.end('SIGTERM');
      await sleep(forMs);
      await replica.start();
      return;
    case 'stop briefly':
    case 'stop long':
      await stopFor(replica, forMs);
      return;
    case 'block the loop':
      replica.signal('SIGUSR2');
      await sleep(replica.blockMs);
      return;
    default:
      throw new Error(`no fault of a replica: ${kind}`);
  }
}

async function faultOfRedis(redis: RedisProcess, kind: string, forMs: number): Promise<void> {
  const { control } = redis;
  // Its own answer may be lost in the very fault.
  const tell = (...command: [string, ...(string | number)[]]): Promise<unknown> =>
    control.call(...command).catch(() => undefined);
  switch (kind) {
    case 'stop briefly':
    case 'stop long':
      await stopFor(redis, forMs);
      return;
    case 'restart':
    case 'lose data':
      await redis.kill(kind === 'lose data');
      await sleep(forMs);
      await redis.start();
      return;
    case 'pause clients':
    case 'pause writes':
      await tell('CLIENT', 'PAUSE', forMs, kind === 'pause writes' ? 'WRITE' : 'ALL');
      await sleep(forMs);
      return;
    case 'sleep':
      await tell('DEBUG', 'SLEEP', forMs / 1000);
      return;
    case 'fill':
      await tell('CONFIG', 'SET', 'maxmemory', 1);
      await sleep(forMs);
      // A connection that was cut meanwhile must not leave it full.
      while ((await tell('CONFIG', 'SET', 'maxmemory', 0)) !== 'OK') await sleep(50);
      return;
    case 'flush':
      while ((await tell('FLUSHALL')) !== 'OK') await sleep(50);
      return;
    case 'flush scripts':
      await tell('SCRIPT', 'FLUSH');
      return;
    case 'kill clients':
      await tell('CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal');
      return;
    default:
      throw new Error(`no fault of Redis: ${kind}`);
  }
}

async function faultOfNode(node: NodeProcess, kind: string, forMs: number): Promise<void> {
  switch (kind) {
    case 'kill':
    case 'reboot':
      await node.kill(kind === 'reboot');
      await sleep(forMs);
      await node.start();
      return;
    case 'stop briefly':
    case 'stop long':
      await stopFor(node, forMs);
      return;
    case 'slow':
    case 'disk full':
      node.setMode(kind === 'slow' ? 'slow' : 'full');
      await sleep(forMs);
      node.setMode('normal');
      return;
    default:
      throw new Error(`no fault of a node: ${kind}`);
  }
}

async function faultOfRealNode(node: RealNode, kind: string, forMs: number): Promise<void> {
  if (kind !== 'kill') {
    await stopFor(node, forMs);
    return;
  }
  await node.kill();
  await sleep(forMs);
  await node.start();
}

async function faultOfConnection(proxy: TcpProxy, kind: string, forMs: number): Promise<void> {
  switch (kind) {
    case 'reset':
      proxy.reset();
      return;
    case 'refuse':
      proxy.refuse(true);
      proxy.reset();
      await sleep(forMs);
      proxy.refuse(false);
      return;
    case 'half-open':
    case 'hold requests':
    case 'hold replies':
      // Delivered in the end, as by a network that comes back and sends again.
      if (kind !== 'hold replies') proxy.hold('requests', true);
      if (kind !== 'hold requests') proxy.hold('replies', true);
      await sleep(forMs);
      proxy.hold('requests', false);
      proxy.hold('replies', false);
      return;
    case 'lose requests':
    case 'lose replies':
      if (kind === 'lose requests') proxy.swallowRequests(true);
      else proxy.swallowReplies(true);
      await sleep(forMs);
      // A connection that has lost bytes cannot go on.
      proxy.reset();
      proxy.swallowRequests(false);
      proxy.swallowReplies(false);
      return;
    case 'delay':
      proxy.delay(50 + forMs / 10);
      await sleep(forMs);
      proxy.delay(0);
      return;
    default:
      throw new Error(`no fault of a connection: ${kind}`);
  }
}

async function stopFor(process: { signal(name: 'SIGSTOP' | 'SIGCONT'): void }, forMs: number): Promise<void> {
  process.signal('SIGSTOP');
  try {
    await sleep(forMs);
  } finally {
    process.signal('SIGCONT');
  }
}
