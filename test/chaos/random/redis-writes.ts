// Turns the commands of an append-only file into what they mean: leases that
// were granted, records that were written, workers that were claimed. It keeps
// the hashes that it needs as Redis had them.

import type { ActorState } from '../../../src/actor/actor.js';
import type { Command } from './append-only-file.js';
import type { ActorRecord, Write } from './history.js';

// Spread over a union, so that each of its kinds stays one.
type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

export class RedisWrites {
  readonly writes: Write[] = [];
  readonly #prefix: string;
  readonly #ttlMs: number;
  readonly #records = new Map<string, Map<string, string>>();
  readonly #versions = new Map<string, string>();
  /** Which actor holds which worker. */
  readonly #holders = new Map<string, string>();
  #nowMs = 0;

  /** @param prefix of all keys. @param ttlMs of the leases: an expiry less that is the time of its write */
  constructor(prefix: string, ttlMs: number) {
    this.#prefix = prefix;
    this.#ttlMs = ttlMs;
  }

  /** Takes what was carried out at once. */
  push(commands: readonly Command[]): void {
    const touched = new Set<string>();
    const others: Untimed<Write>[] = [];
    for (const [name = '', ...words] of commands) {
      if (name === 'FLUSHALL') others.push(this.wipe());
      else if (name === 'DEL' || name === 'UNLINK') {
        for (const key of words) this.#onCommand(name, key, [], touched, others);
      } else {
        const [key = '', ...rest] = words;
        this.#onCommand(name, key, rest, touched, others);
      }
    }
    // A record first: it was written under the lease that the same script may have released.
    for (const actor of touched) this.#onRecord(actor);
    for (const write of others) this.#put(write);
  }

  /** Redis begins anew with nothing. */
  pushWipe(): void {
    this.#put(this.wipe());
  }

  private wipe(): Untimed<Write> {
    this.#records.clear();
    this.#versions.clear();
    this.#holders.clear();
    return { type: 'wiped' };
  }

  #onCommand(
    name: string,
    key: string,
    words: readonly string[],
    touched: Set<string>,
    others: Untimed<Write>[],
  ): void {
    const [, kind = '', tag = '', rest = ''] = /^(\w+):\{([^}]+)\}(.*)$/.exec(key.slice(this.#prefix.length)) ?? [];
    if (kind === 'actor') {
      this.#onHash(this.#records, tag, name, words);
      touched.add(tag);
    } else if (kind === 'lease') {
      const write = this.#onLease(name, tag, rest, words);
      if (write !== undefined) others.push(write);
    } else if (kind === 'workers') {
      others.push(...this.#onPool(name, tag.slice('pool:'.length), rest, words));
    }
  }

  #onLease(name: string, actor: string, rest: string, words: readonly string[]): Untimed<Write> | undefined {
    if (rest === ':broken') return { type: 'broken', actor };
    if (rest !== '') return undefined;
    switch (name) {
      case 'SET': {
        const [value = '{}', , expiresAtMs] = words;
        const lease = JSON.parse(value) as { workflow_id: string; kind: string; holder: string; fencing_token: number };
        this.#onTime(Number(expiresAtMs) - this.#ttlMs);
        return {
          type: 'granted',
          actor,
          token: lease.fencing_token,
          workflowId: lease.workflow_id,
          holder: lease.holder,
          kind: lease.kind,
          expiresAtMs: Number(expiresAtMs),
        };
      }
      case 'PEXPIREAT':
        this.#onTime(Number(words[0]) - this.#ttlMs);
        return { type: 'renewed', actor, expiresAtMs: Number(words[0]) };
      default:
        return { type: 'released', actor };
    }
  }

  #onPool(name: string, pool: string, rest: string, [field = '', value = '']: readonly string[]): Untimed<Write>[] {
    const worker = `${pool}/${field}`;
    if (rest === '') return [{ type: name === 'HSET' ? 'registered' : 'deregistered', worker }];
    if (rest !== ':holders') return [];
    if (name === 'HSET') {
      const { actor, fencing_token: token } = JSON.parse(value) as { actor: string; fencing_token: number };
      this.#holders.set(worker, actor);
      return [{ type: 'claimed', worker, actor, token }];
    }
    const actor = this.#holders.get(worker) ?? '';
    this.#holders.delete(worker);
    return [{ type: 'freed', worker, actor }];
  }

  #onHash(hashes: Map<string, Map<string, string>>, key: string, name: string, words: readonly string[]): void {
    if (name === 'DEL' || name === 'UNLINK') {
      hashes.delete(key);
      return;
    }
    const fields = hashes.get(key) ?? new Map<string, string>();
    hashes.set(key, fields);
    if (name === 'HDEL') for (const field of words) fields.delete(field);
    if (name === 'HINCRBY')
      fields.set(words[0] ?? '', String(Number(fields.get(words[0] ?? '') ?? 0) + Number(words[1])));
    if (name === 'HSET') for (let i = 0; i < words.length; i += 2) fields.set(words[i] ?? '', words[i + 1] ?? '');
  }

  #onRecord(actor: string): void {
    const fields = this.#records.get(actor);
    if (fields === undefined) {
      this.#versions.delete(actor);
      this.#put({ type: 'deleted', actor });
      return;
    }
    // A new lease alone is no change of the record.
    const version = fields.get('version') ?? '';
    if (this.#versions.get(actor) === version) return;
    this.#versions.set(actor, version);
    this.#onTime(Number(fields.get('update_time_ms')));
    this.#put({ type: 'recorded', ...toRecord(actor, fields) });
  }

  #onTime(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  #put(write: Untimed<Write>): void {
    this.writes.push({ atMs: this.#nowMs, ...write });
  }
}

function toRecord(actor: string, fields: ReadonlyMap<string, string>): ActorRecord {
  const [workflowId = '', transition = ''] = (fields.get('written_by') ?? ' create').split(' ');
  const uriOf = (field: string): string | undefined => {
    const json = fields.get(field);
    return json === undefined ? undefined : (JSON.parse(json) as { uri: string }).uri;
  };
  const worker = fields.get('worker_name');
  const latest = uriOf('latest_snapshot');
  const pending = uriOf('pending_snapshot');
  return {
    actor,
    state: fields.get('state') as ActorState,
    version: Number(fields.get('version')),
    workflowId: transition === '' ? '' : workflowId,
    transition: transition === '' ? workflowId : transition,
    ...(worker !== undefined && { worker: `${fields.get('worker_pool') ?? ''}/${worker}` }),
    ...(latest !== undefined && { latest }),
    ...(pending !== undefined && { pending }),
  };
}
