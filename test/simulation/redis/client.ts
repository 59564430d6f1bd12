// What the production adapters take for an ioredis client: one connection to
// the simulated server, with the settings of connect.ts. Guarantees what those
// settings do: a command is sent at most once, over the connection that there
// is; without one it is refused; without an answer in time, or when the
// connection breaks, it fails, and may have been carried out, now or later.

import type { Faults } from '../faults.js';
import type { Process } from '../process.js';
import type { World } from '../world.js';
import { Commands } from './commands.js';
import type { Command, Reply, Server } from './server.js';

/** connect.ts: RECONNECT_MS, and socketTimeout less commandTimeout. */
const RECONNECT_MS = 100;
const SOCKET_TIMEOUT_MORE_MS = 500;

/** As ioredis has them; unavailable.ts tells them apart by their texts. */
const NOT_WRITABLE = "Stream isn't writeable and enableOfflineQueue options is false";
const TIMED_OUT = 'Command timed out';
const FLUSHED = 'Reached the max retries per request limit (which is 0).';

export interface ClientOptions {
  readonly world: World;
  readonly process: Process;
  readonly server: Server;
  readonly faults: () => Faults;
  readonly commandTimeoutMs: number;
  readonly ttlMs: number;
  readonly onSend: (command: Command) => void;
}

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** On the process's clock. */
  readonly timesOutAtMs: number;
  /** The answers that had come when it was sent. */
  readonly answers: number;
  hasTimedOut: boolean;
}

/** One TCP connection: what is sent over it arrives in order, until it breaks. */
interface Socket {
  /** In the order of their sending. */
  readonly pending: Set<Pending>;
  isWatched: boolean;
  arrivesAtMs: number;
  answersAtMs: number;
  /** Which way nothing comes through any more, though neither end knows. */
  broken: 'no' | 'there' | 'back';
  answers: number;
  readonly serverLife: number;
}

export class Client extends Commands {
  readonly #options: ClientOptions;
  #socket: Socket | undefined;
  #forget: () => void = () => undefined;
  readonly #readyListeners: (() => void)[] = [];
  readonly #messageListeners: ((channel: string, message: string) => void)[] = [];
  readonly #channels = new Set<string>();

  constructor(options: ClientOptions) {
    super();
    this.#options = options;
    this.#connect();
  }

  readonly on = (event: 'ready' | 'message', listener: (...args: string[]) => void): void => {
    if (event === 'message') this.#messageListeners.push(listener);
    else {
      this.#readyListeners.push(listener);
      // Connected at once, so that 'ready' would have come before anybody could listen.
      if (this.#socket !== undefined) listener();
    }
  };
  readonly subscribe = (channel: string): Promise<void> => {
    if (this.#socket !== undefined) this.#channels.add(channel);
    return Promise.resolve();
  };
  readonly unsubscribe = (channel: string): Promise<void> => {
    this.#channels.delete(channel);
    return Promise.resolve();
  };

  /** Something was published: perhaps it reaches those who have subscribed, perhaps twice. */
  publish(channel: string, message: string): void {
    const { world, process, faults } = this.#options;
    const socket = this.#socket;
    if (socket === undefined || socket.broken !== 'no' || !this.#channels.has(channel)) return;
    if (world.random.chance(faults().wakeUpLost)) {
      world.count('fault: wake-up lost');
      return;
    }
    const times = world.random.chance(faults().wakeUpDoubled) ? 2 : 1;
    if (times === 2) world.count('fault: wake-up doubled');
    for (let i = 0; i < times; i += 1) {
      world.after(this.#latencyMs(), () => {
        process.deliver(() => {
          for (const listener of this.#messageListeners) listener(channel, message);
        }, this);
      });
    }
  }

  /** The replica is gone. */
  disconnect(): void {
    this.#forget();
    this.#socket = undefined;
  }

  #latencyMs(): number {
    const { world, faults, ttlMs } = this.#options;
    const { messageDelayed, longestTtls } = faults();
    if (!world.random.chance(messageDelayed)) return world.random.skewed(0.1, 3);
    world.count('fault: message delayed');
    return world.random.skewed(3, ttlMs * longestTtls);
  }

  protected override send(command: Command): Promise<Reply> {
    const { world, process, server, faults, commandTimeoutMs, onSend } = this.#options;
    const socket = this.#socket;
    if (socket === undefined) return Promise.reject(new Error(NOT_WRITABLE));
    onSend(command);
    if (socket.broken === 'no' && world.random.chance(faults().connectionLost)) this.#break(socket);
    return new Promise((resolve, reject) => {
      const timesOutAtMs = process.nowMs + commandTimeoutMs;
      const { answers } = socket;
      const pending: Pending = { resolve, reject, timesOutAtMs, answers, hasTimedOut: false };
      socket.pending.add(pending);
      this.#watch(socket);
      const settle = (reply: Reply | Error): void => {
        socket.answers += 1;
        // A connection that the client has given up tells it nothing any more.
        if (!socket.pending.delete(pending)) return;
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      };
      if (socket.broken === 'there' && world.random.chance(0.7)) return;
      // What the kernel had taken may arrive all the same, long after.
      socket.arrivesAtMs = Math.max(socket.arrivesAtMs, world.nowMs + this.#latencyMs());
      world.at(socket.arrivesAtMs, () => {
        if (server.life !== socket.serverLife) return;
        server.receive(command, (reply) => {
          if (socket.broken !== 'no') return;
          socket.answersAtMs = Math.max(socket.answersAtMs, world.nowMs + this.#latencyMs());
          world.at(socket.answersAtMs, () => process.deliver(() => settle(reply), socket));
        });
      });
    });
  }

  /** One timer for all that is under way, armed for the first of it. */
  #watch(socket: Socket): void {
    if (socket.isWatched) return;
    const { process } = this.#options;
    let first: Pending | undefined;
    for (const pending of socket.pending) {
      if (pending.hasTimedOut) continue;
      if (pending.timesOutAtMs > process.nowMs) {
        first = pending;
        break;
      }
      pending.hasTimedOut = true;
      pending.reject(new Error(TIMED_OUT));
      // ioredis's socketTimeout: nothing at all has come for longer than a command may take.
      process.clock.setTimer(SOCKET_TIMEOUT_MORE_MS, () => {
        if (socket === this.#socket && socket.answers === pending.answers) this.#reset('nothing came');
      });
    }
    if (first === undefined) return;
    socket.isWatched = true;
    process.clock.setTimer(first.timesOutAtMs - process.nowMs, () => {
      socket.isWatched = false;
      this.#watch(socket);
    });
  }

  #break(socket: Socket): void {
    const { world, commandTimeoutMs } = this.#options;
    socket.broken = world.random.chance(0.5) ? 'there' : 'back';
    world.count(socket.broken === 'there' ? 'fault: requests lost' : 'fault: replies lost');
    // A reset tells the client soon; without one it finds out by its own time limits.
    if (!world.random.chance(0.6)) return;
    world.after(world.random.skewed(0, commandTimeoutMs), () => {
      this.#options.process.deliver(() => {
        if (socket === this.#socket) this.#reset('reset');
      }, socket);
    });
  }

  #reset(why: string): void {
    const { world, process } = this.#options;
    world.note(process.name, () => `a connection to Redis is gone: ${why}`);
    const socket = this.#socket;
    this.#forget();
    this.#socket = undefined;
    this.#channels.clear();
    const pending = [...(socket?.pending ?? [])];
    socket?.pending.clear();
    for (const { reject } of pending) reject(new Error(FLUSHED));
    this.#reconnect();
  }

  #reconnect(): void {
    const { world, process, server } = this.#options;
    process.clock.setTimer(RECONNECT_MS, () => {
      world.after(world.random.skewed(0.2, 5), () => {
        process.deliver(() => {
          if (server.isDown) {
            this.#reconnect();
            return;
          }
          this.#connect();
          for (const listener of this.#readyListeners) listener();
        });
      });
    });
  }

  #connect(): void {
    const { process, server } = this.#options;
    const socket: Socket = {
      pending: new Set(),
      isWatched: false,
      arrivesAtMs: 0,
      answersAtMs: 0,
      broken: 'no',
      answers: 0,
      serverLife: server.life,
    };
    this.#socket = socket;
    this.#forget = server.onDown(() => {
      socket.broken = 'back';
      process.deliver(() => {
        if (socket === this.#socket) this.#reset('the server is gone');
      }, socket);
    });
  }
}
