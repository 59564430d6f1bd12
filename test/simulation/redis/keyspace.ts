// The keys of one Redis database and the commands that the service uses on
// them, with Redis's results: strings, integers, arrays, `false` for nil, as a
// script sees them. Expires keys as Redis does, when its clock has passed the
// millisecond of their expiry. Refuses a command or an option that it does not
// know.

import type { LuaValue } from '../lua/library.js';

type Value = string | Map<string, string> | Map<string, number>;

interface Entry {
  value: Value;
  expiresAtMs: number;
}

export class Keyspace {
  #entries = new Map<string, Entry>();
  /** The server's clock, µs since 1970: to be set before commands run. */
  nowUs = 0;
  onPublish: (channel: string, message: string) => void = () => undefined;

  /** @throws Error for an unknown command */
  readonly call = (command: string, ...args: readonly LuaValue[]): LuaValue => {
    const run = this.#commands[command];
    if (run === undefined) throw new Error(`command ${command} is not of the subset`);
    for (const arg of args) if (typeof arg !== 'string') return run(args.map(toText));
    return run(args as readonly string[]);
  };

  /** A copy of everything, for a failover to go back to. */
  copy(): Map<string, Entry> {
    const copies = [...this.#entries].map(([key, { value, expiresAtMs }]): [string, Entry] => [
      key,
      { value: typeof value === 'string' ? value : (new Map(value as Map<string, string>) as Value), expiresAtMs },
    ]);
    return new Map(copies);
  }

  replace(entries: Map<string, Entry>): void {
    this.#entries = entries;
  }

  /** Every key that has not expired. */
  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.#find(key) !== undefined);
  }

  /** Every key in the order of their names: whether it expires, and what it holds. */
  dump(): [key: string, [expires: boolean, value: unknown]][] {
    const dumped = this.keys().map((key): [string, [boolean, unknown]] => {
      const { value = '', expiresAtMs = Infinity } = this.#find(key) ?? {};
      return [key, [expiresAtMs !== Infinity, typeof value === 'string' ? value : this.#dumpMap(key)]];
    });
    return dumped.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** A hash by its fields; a sorted set in its order, with scores; a set, which is kept as one without scores. */
  #dumpMap(key: string): unknown {
    const [first] = this.#map<string | number>(key)?.values() ?? [];
    if (typeof first === 'string') return Object.entries(Object.fromEntries(this.#map<string>(key) ?? [])).sort();
    return this.#sorted(key).flatMap(([member, score]) => [member, String(score)]);
  }

  string(key: string): string | undefined {
    const value = this.#find(key)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** A hash, empty where there is none. */
  hash(key: string): ReadonlyMap<string, string> {
    return (this.#find(key)?.value ?? new Map<string, string>()) as ReadonlyMap<string, string>;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs === Infinity || entry.expiresAtMs >= this.#nowMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  get #nowMs(): number {
    return Math.floor(this.nowUs / 1000);
  }

  #map<T extends string | number>(key: string): Map<string, T> | undefined {
    const value = this.#find(key)?.value;
    if (typeof value === 'string') throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
    return value as Map<string, T> | undefined;
  }

  #mapToWrite<T extends string | number>(key: string): Map<string, T> {
    const there = this.#map<T>(key);
    if (there !== undefined) return there;
    const value = new Map<string, T>();
    this.#entries.set(key, { value: value as Value, expiresAtMs: Infinity });
    return value;
  }

  #remove(key: string, members: readonly string[]): number {
    const map = this.#map(key);
    if (map === undefined) return 0;
    const removed = members.filter((member) => map.delete(member)).length;
    if (map.size === 0) this.#entries.delete(key);
    return removed;
  }

  #pairs(key: string): string[] {
    const flat: string[] = [];
    for (const [field, value] of this.#map<string>(key) ?? []) flat.push(field, value);
    return flat;
  }

  /** The members of a sorted set in its order. */
  #sorted(key: string): [string, number][] {
    const scores = this.#map<number>(key);
    if (scores === undefined) return [];
    if (scores.size === 1) return [...scores];
    return [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  }

  #rank(key: string, start: string, stop: string): [string, number][] {
    const sorted = this.#sorted(key);
    const index = (text: string): number => (Number(text) < 0 ? sorted.length + Number(text) : Number(text));
    return sorted.slice(Math.max(0, index(start)), Math.max(0, index(stop) + 1));
  }

  readonly #commands: Readonly<Record<string, (args: readonly string[]) => LuaValue>> = {
    TIME: () => [String(Math.floor(this.nowUs / 1_000_000)), String(Math.floor(this.nowUs % 1_000_000))],
    PUBLISH: ([channel = '', message = '']) => {
      this.onPublish(channel, message);
      return 0;
    },
    EXISTS: (keys) => keys.filter((key) => this.#find(key) !== undefined).length,
    DEL: (keys) => keys.filter((key) => this.#find(key) !== undefined && this.#entries.delete(key)).length,
    RENAME: ([from = '', to = '']) => {
      const entry = this.#find(from);
      if (entry === undefined) throw new Error('ERR no such key');
      this.#entries.delete(from);
      this.#entries.set(to, entry);
      return 'OK';
    },
    PTTL: ([key = '']) => {
      const entry = this.#find(key);
      if (entry === undefined) return -2;
      return entry.expiresAtMs === Infinity ? -1 : entry.expiresAtMs - this.#nowMs;
    },
    PEXPIRE: ([key = '', ttlMs]) => {
      const entry = this.#find(key);
      if (entry === undefined) return 0;
      entry.expiresAtMs = this.#nowMs + Number(ttlMs);
      return 1;
    },

    GET: ([key = '']) => {
      const value = this.#find(key)?.value ?? false;
      if (typeof value === 'object')
        throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
      return value;
    },
    SET: ([key = '', value = '', option, ttlMs]) => {
      if (option !== undefined && option !== 'PX') throw new Error(`SET ${option} is not of the subset`);
      const expiresAtMs = option === 'PX' ? this.#nowMs + Number(ttlMs) : Infinity;
      this.#entries.set(key, { value, expiresAtMs });
      return 'OK';
    },
    INCR: ([key = '']) => {
      const value = Number(this.string(key) ?? 0) + 1;
      this.#entries.set(key, { value: String(value), expiresAtMs: Infinity });
      return value;
    },

    HGET: ([key = '', field = '']) => this.#map<string>(key)?.get(field) ?? false,
    HMGET: ([key = '', ...fields]) => fields.map((field) => this.#map<string>(key)?.get(field) ?? false),
    HGETALL: ([key = '']) => this.#pairs(key),
    HVALS: ([key = '']) => [...(this.#map<string>(key)?.values() ?? [])],
    HLEN: ([key = '']) => this.#map(key)?.size ?? 0,
    HSET: ([key = '', ...pairs]) => {
      const map = this.#mapToWrite<string>(key);
      for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i] ?? '', pairs[i + 1] ?? '');
      return pairs.length / 2;
    },
    HDEL: ([key = '', ...fields]) => this.#remove(key, fields),
    HINCRBY: ([key = '', field = '', by]) => {
      const map = this.#mapToWrite<string>(key);
      const value = Number(map.get(field) ?? 0) + Number(by);
      map.set(field, String(value));
      return value;
    },
    // All at once: a cursor that Redis would not need for so few.
    HSCAN: ([key = '']) => ['0', this.#pairs(key)],

    SADD: ([key = '', ...members]) => {
      const map = this.#mapToWrite<number>(key);
      for (const member of members) map.set(member, 0);
      return members.length;
    },
    SMEMBERS: ([key = '']) => [...(this.#map(key)?.keys() ?? [])],

    ZADD: ([key = '', ...rest]) => {
      const isNew = rest[0] === 'NX';
      const [score, member = ''] = isNew ? rest.slice(1) : rest;
      const map = this.#mapToWrite<number>(key);
      if (isNew && map.has(member)) return 0;
      map.set(member, Number(score));
      return 1;
    },
    ZREM: ([key = '', ...members]) => this.#remove(key, members),
    ZCARD: ([key = '']) => this.#map(key)?.size ?? 0,
    ZSCORE: ([key = '', member = '']) => {
      const score = this.#map<number>(key)?.get(member);
      return score === undefined ? false : String(score);
    },
    ZMSCORE: ([key = '', ...members]) => {
      const scores = this.#map<number>(key);
      return members.map((member) => (scores?.has(member) === true ? String(scores.get(member)) : false));
    },
    ZRANK: ([key = '', member = '']) => {
      const rank = this.#sorted(key).findIndex(([other]) => other === member);
      return rank < 0 ? false : rank;
    },
    ZRANGE: ([key = '', start = '', stop = '']) => this.#rank(key, start, stop).map(([member]) => member),
    ZREMRANGEBYRANK: ([key = '', start = '', stop = '']) =>
      this.#remove(
        key,
        this.#rank(key, start, stop).map(([member]) => member),
      ),
    ZRANGEBYSCORE: ([key = '', min = '', max = '', ...limit]) => {
      const isAbove = (score: number): boolean =>
        min.startsWith('(') ? score > Number(min.slice(1)) : score >= Number(min);
      const isBelow = (score: number): boolean => max === '+inf' || score <= Number(max);
      const found = this.#sorted(key).filter(([, score]) => isAbove(score) && isBelow(score));
      return cut(
        found.map(([member]) => member),
        limit,
      );
    },
    ZRANGEBYLEX: ([key = '', min = '', max = '', ...limit]) => {
      const isAbove = (member: string): boolean =>
        min === '-' || (min.startsWith('(') ? member > min.slice(1) : member >= min.slice(1));
      const isBelow = (member: string): boolean =>
        max === '+' || (max.startsWith('(') ? member < max.slice(1) : member <= max.slice(1));
      const members = this.#sorted(key).map(([member]) => member);
      return cut(
        members.filter((member) => isAbove(member) && isBelow(member)),
        limit,
      );
    },
  };
}

/** As Redis converts what a script gives it; what was called with texts stays as it is. */
function toText(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new TypeError('Lua redis lib command arguments must be strings or integers');
}

function cut(members: string[], [word, offset, count]: readonly string[]): string[] {
  if (word === undefined) return members;
  if (word !== 'LIMIT') throw new Error(`${word} is not of the subset`);
  return members.slice(Number(offset), Number(offset) + Number(count));
}
