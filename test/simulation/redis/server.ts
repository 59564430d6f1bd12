// The simulated Redis: runs the service's own scripts, compiled, on a keyspace
// of its own, one command at a time and in its own time, which runs at another
// rate than that of its clients and may jump forward by a little. It can stop,
// and be replaced by a replica that has not heard of the last writes.

import { scripts } from '../../../src/store/redis/scripts.js';
import { compile, type Script } from '../lua/compile.js';
import type { LuaValue } from '../lua/library.js';
import type { World } from '../world.js';
import { Keyspace } from './keyspace.js';

export type ScriptName = keyof typeof scripts;

/** As a client gets it. */
export type Reply = string | number | null | readonly Reply[];

export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  /** Of EVALSHA. */
  readonly script?: ScriptName;
  readonly keys?: readonly string[];
}

export interface ServerObserver {
  onCommand(command: Command, reply: Reply): void;
  onFailover(forgets: boolean): void;
}

const compiled = new Map<ScriptName, Script>(
  Object.entries(scripts).map(([name, { source }]) => [name as ScriptName, compile(source)]),
);

const names = new Map<string, ScriptName>(
  Object.entries(scripts).map(([name, { sha1 }]) => [sha1, name as ScriptName]),
);

/** @throws Error where no script has that digest */
export function scriptOf(sha1: string): ScriptName {
  const name = names.get(sha1);
  if (name === undefined) throw new Error(`no script has the digest ${sha1}`);
  return name;
}

/** The server's clock may differ from the processes' by this, for both together 0.6 % of the 1 % that is allowed. */
const MAX_DRIFT = 0.003;

export class Server {
  readonly keyspace = new Keyspace();
  observer: ServerObserver | undefined;
  readonly #world: World;
  readonly #rate: number;
  #offsetUs: number;
  #backlog: (() => void)[] | undefined;
  /** Connections that end when the server does. */
  readonly #connections = new Set<() => void>();
  #isDown = false;
  #isFailing = false;
  #life = 1;

  constructor(world: World) {
    this.#world = world;
    this.#rate = 1 + world.random.between(-MAX_DRIFT, MAX_DRIFT);
    this.#offsetUs = 1_700_000_000_000_000 + Math.floor(world.random.between(0, 1e9));
    this.#readClock();
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Which server this is: what was sent to the one before does not reach its successor. */
  get life(): number {
    return this.#life;
  }

  get isFailingOver(): boolean {
    return this.#isFailing;
  }

  /** @returns forgets it */
  onDown(callback: () => void): () => void {
    this.#connections.add(callback);
    return () => this.#connections.delete(callback);
  }

  /** Carries it out, or keeps it until the server goes on. An error of Redis is thrown. */
  receive(command: Command, answer: (reply: Reply | Error) => void): void {
    if (this.#isDown) return;
    const run = (): void => answer(this.execute(command));
    if (this.#backlog === undefined) run();
    else this.#backlog.push(run);
  }

  execute(command: Command): Reply | Error {
    this.#readClock();
    try {
      const reply = toReply(this.#run(command));
      this.observer?.onCommand(command, reply);
      return reply;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // As ioredis has it; the service takes it for a bug then, and so does the simulation.
      return Object.assign(error, { name: 'ReplyError' });
    }
  }

  stop(forMs: number): void {
    if (this.#backlog !== undefined) return;
    this.#backlog = [];
    this.#world.after(forMs, () => this.goOn());
  }

  goOn(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const run of backlog) run();
  }

  jump(byMs: number): void {
    this.#offsetUs += Math.floor(byMs * 1000);
  }

  /**
   * The server dies, and a replica takes its place: one whose clock is a little behind, and that has not heard of
   * what was written in the last `lagMs`.
   */
  failOver(lagMs: number, downMs: number, clockBehindMs: number): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const copy = lagMs > 0 ? this.keyspace.copy() : undefined;
    this.#world.after(lagMs, () => {
      this.#isDown = true;
      this.#life += 1;
      this.#backlog = undefined;
      for (const end of [...this.#connections]) end();
      this.#connections.clear();
      this.#world.after(downMs, () => {
        this.#isDown = false;
        this.#isFailing = false;
        if (copy !== undefined) this.keyspace.replace(copy);
        this.jump(-clockBehindMs);
        this.keyspace.nowUs = 0;
        this.observer?.onFailover(copy !== undefined);
      });
    });
  }

  #readClock(): void {
    const nowUs = Math.floor(this.#offsetUs + this.#world.nowMs * 1000 * this.#rate);
    // A command takes a microsecond at least.
    this.keyspace.nowUs = Math.max(this.keyspace.nowUs + 1, nowUs);
  }

  #run({ name, args, script, keys = [] }: Command): LuaValue {
    if (script === undefined) return this.keyspace.call(name, ...args);
    const run = compiled.get(script);
    if (run === undefined) throw new Error(`no script ${script}`);
    return run(keys, args, this.keyspace.call);
  }
}

/** What Redis makes of a script's result: an array ends at its first nil. */
function toReply(value: LuaValue): Reply {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Math.trunc(value);
  if (value === true) return 1;
  if (value === undefined || value === false) return null;
  if (!Array.isArray(value)) throw new TypeError('a script returned a table with names');
  const replies: Reply[] = [];
  for (const item of value as readonly LuaValue[]) {
    if (item === undefined) break;
    replies.push(typeof item === 'string' ? item : toReply(item));
  }
  return replies;
}
