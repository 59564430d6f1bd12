// Makes everything go wrong that a seed's faults say, as often as they say, at
// random times.

import type { Faults } from './faults.js';
import type { Fleet } from './fleet.js';
import type { SimulatedNode } from './node.js';
import type { Server } from './redis/server.js';
import type { World } from './world.js';

export interface StormOptions {
  readonly world: World;
  readonly faults: Faults;
  readonly ttlMs: number;
  readonly fleet: Fleet;
  readonly server: Server;
  readonly nodes: readonly SimulatedNode[];
  readonly operate: () => void;
  readonly isOver: () => boolean;
}

export function begin(options: StormOptions): void {
  const { world, faults, ttlMs, fleet, server, nodes, operate } = options;
  const { random } = world;
  const longestMs = ttlMs * faults.longestTtls;
  const node = (): SimulatedNode | undefined => random.pick(nodes.filter(({ isUp }) => isUp));
  const every = (rate: number, what: string, act: () => void): void => repeat(options, rate, what, act);

  every(faults.processStops, 'process stopped', () => fleet.pickRunning()?.process.stop(random.skewed(1, longestMs)));
  every(faults.processDies, 'process killed', () => fleet.restart((replica) => replica.kill()));
  every(faults.processDrains, 'process drained', () =>
    fleet.restart((replica) => {
      const timeoutMs = random.skewed(10, 2 * ttlMs);
      replica.process.deliver(() => void replica.drain(timeoutMs));
    }),
  );
  every(faults.wallJumps, 'wall clock jumped', () => fleet.pickRunning()?.process.jumpWall(random.between(-1e6, 1e6)));
  every(faults.storeStops, 'store stopped', () => server.stop(random.skewed(1, longestMs)));
  every(faults.storeFailsOver, 'store died', () => {
    const lagMs = faults.forgets ? random.skewed(1, 500) : 0;
    server.failOver(lagMs, random.between(200, 2000), random.between(0, 100));
  });
  every(faults.nodeStops, 'node stopped', () => node()?.stop(random.skewed(1, longestMs)));
  every(faults.nodeDies, 'node died', () => {
    const dead = node();
    dead?.die();
    world.after(random.between(10, 2 * ttlMs), () => dead?.restart());
  });
  every(faults.operatorActs, 'operator acted', operate);
  if (faults.storeJumps > 0) jumpNowAndThen(options);
}

/** Calls `act` at random times, `rate` times a second on average, until the storm is over. */
function repeat({ world, isOver }: StormOptions, rate: number, what: string, act: () => void): void {
  if (rate === 0) return;
  const next = (): void => {
    world.after((-Math.log(1 - world.random.float()) / rate) * 1000, () => {
      if (isOver()) return;
      world.count(`fault: ${what}`);
      world.note('fault', () => what);
      act();
      next();
    });
  };
  next();
}

/** Once a TTL at most, and by 0.3 % of it: with the rates of the clocks, that is what the drift margin is for. */
function jumpNowAndThen(options: StormOptions): void {
  const { world, server, ttlMs, isOver } = options;
  if (isOver()) return;
  server.jump(world.random.between(0, ttlMs * 0.003));
  world.count('fault: store clock jumped');
  world.after(ttlMs * world.random.between(1.1, 4), () => jumpNowAndThen(options));
}
