// What an actor writes to its standard output and error, in a file that does
// not grow without end: at 1 MiB it becomes `<path>.1` and a new one starts.
// Keeps the last 2 KiB in memory for error messages. A write that fails, on a
// full disk for example, loses output and never blocks the actor.

import { open, rename, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';

const FILE_BYTES = 1024 * 1024;
const TAIL_BYTES = 2 * 1024;

export class OutputLog {
  readonly #path: string;
  #file: FileHandle | undefined;
  #bytes = 0;
  #tail = Buffer.alloc(0);
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Copies `source` until it ends, chunk by chunk: an actor that writes faster
   * than the disk is slowed by its pipe, and costs no memory here.
   */
  async copy(source: Readable): Promise<void> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES);
        const written = this.#writing.then(() => this.#append(chunk)).catch(() => undefined);
        this.#writing = written;
        await written;
      }
    } catch {
      // A pipe that breaks is a process that ended; its exit is reported elsewhere.
    }
  }

  /** The last output, for a message. */
  tail(): string {
    return this.#tail.toString('utf8').trim();
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(chunk: Buffer): Promise<void> {
    if (this.#file !== undefined && this.#bytes >= FILE_BYTES) {
      await this.#file.close();
      this.#file = undefined;
      await rename(this.#path, `${this.#path}.1`);
    }
    if (this.#file === undefined) {
      this.#file = await open(this.#path, 'a', 0o600);
      this.#bytes = (await this.#file.stat()).size;
    }
    await this.#file.appendFile(chunk);
    this.#bytes += chunk.length;
  }
}
