// The highest fencing token seen for each actor, across restarts. Guarantees:
// once `admit` has resolved, no lower token is ever admitted again for that
// actor, not even after a power cut. One appended line per new token, since a
// file per actor would cost a disk block for every actor that ever came by.
// A torn line is harmless: cut short it names no actor, no token, or a token
// too low, and the greatest wins.

import { open, readFile, type FileHandle } from 'node:fs/promises';
import { CoordinatorError } from '../../errors.js';
import { writeDurably } from './durable-file.js';

const LINE = /^(\S+) (\d{1,16})$/;
/** The name in the log of the token below which every actor is refused; not a DNS label. */
const FLOOR = '*';

export class TokenLog {
  readonly #path: string;
  readonly #maxActors: number;
  /** In the order of their last admission, so that the first ones are the ones to forget. */
  readonly #tokens = new Map<string, { readonly token: number; durable: boolean }>();
  #floor = 0;
  #lines = 0;
  #file: FileHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, maxActors: number) {
    this.#path = path;
    this.#maxActors = maxActors;
  }

  /** `maxActors` bounds the memory (about 150 bytes each) and, within a factor of three, the file. */
  static async open(path: string, maxActors = 100_000): Promise<TokenLog> {
    const log = new TokenLog(path, maxActors);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    for (const line of text.split('\n')) {
      const [, actor, digits] = LINE.exec(line) ?? [];
      if (actor === undefined) continue;
      const token = Number(digits);
      if (actor === FLOOR) log.#floor = Math.max(log.#floor, token);
      else if (token > (log.#tokens.get(actor)?.token ?? -1)) log.#remember(actor, token, true);
    }
    await log.#compact();
    return log;
  }

  /** Whether a greater token than `token` has been seen. */
  isStale(actor: string, token: number): boolean {
    return token < (this.#tokens.get(actor)?.token ?? this.#floor);
  }

  /** @throws STALE_FENCING_TOKEN where a greater token has been seen */
  refuseStale(actor: string, token: number): void {
    if (!this.isStale(actor, token)) return;
    const highest = this.#tokens.get(actor)?.token ?? this.#floor;
    throw new CoordinatorError(
      'STALE_FENCING_TOKEN',
      `fencing token ${String(token)} of ${actor} is lower than ${String(highest)}, the highest one seen`,
      { metadata: { fencing_token: String(token), highest_fencing_token: String(highest) } },
    );
  }

  /**
   * Remembers `token` durably.
   * @throws STALE_FENCING_TOKEN where a greater one has been seen, or what the operating system says about the file
   */
  async admit(actor: string, token: number): Promise<void> {
    this.refuseStale(actor, token);
    const known = this.#tokens.get(actor);
    if (known?.token === token && known.durable) return;
    // In memory first: while the line is being written, lower tokens are refused already.
    const entry = this.#remember(actor, token, false);
    await this.#enqueue(async () => {
      // A line end before the line also ends one that an earlier, failed write has torn.
      await this.#append(`\n${actor} ${String(token)}\n`);
      entry.durable = true;
      if (this.#tokens.size > this.#maxActors || this.#lines > 2 * this.#maxActors) await this.#compact();
    });
    this.refuseStale(actor, token);
  }

  async close(): Promise<void> {
    await this.#enqueue(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  #remember(actor: string, token: number, durable: boolean): { readonly token: number; durable: boolean } {
    const entry = { token, durable };
    this.#tokens.delete(actor);
    this.#tokens.set(actor, entry);
    return entry;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  async #append(text: string): Promise<void> {
    this.#file ??= await open(this.#path, 'a', 0o600);
    await this.#file.appendFile(text);
    await this.#file.datasync();
    this.#lines += 1;
  }

  /**
   * Writes the file anew with one line per actor. Past the limit it forgets the
   * actors that came longest ago and refuses, for every actor it does not know,
   * tokens below the greatest one forgotten: tokens are never below the time of
   * their lease, so that a new lease passes and an old one does not.
   */
  async #compact(): Promise<void> {
    if (this.#tokens.size > this.#maxActors) {
      const excess = this.#tokens.size - Math.floor(this.#maxActors / 2);
      for (const [actor, { token }] of [...this.#tokens].slice(0, excess)) {
        this.#floor = Math.max(this.#floor, token);
        this.#tokens.delete(actor);
      }
    }
    const lines = [`${FLOOR} ${String(this.#floor)}`];
    for (const [actor, { token }] of this.#tokens) lines.push(`${actor} ${String(token)}`);
    await writeDurably(this.#path, `${lines.join('\n')}\n`);
    this.#lines = lines.length;
    await this.#file?.close();
    this.#file = undefined;
  }
}
