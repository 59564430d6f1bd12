// A runtime in a process of its own, so that it can be killed: see
// node-runtime-owner.ts for what the two say to each other.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Told {
  readonly phase?: string;
  readonly result?: unknown;
  readonly error?: string;
}

export class Owner {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  #wake = (): void => undefined;

  constructor(directory: string, kind: 'process' | 'docker' = 'process') {
    const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    const args = ['--import', path('node-runtime-loader.mjs'), path('node-runtime-owner.ts'), directory, kind];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#told.push(JSON.parse(line) as Told);
      this.#wake();
    });
  }

  call(method: 'restore' | 'checkpoint', call: object): void {
    this.#child.stdin?.write(`${JSON.stringify([method, call])}\n`);
  }

  async until(wanted: (told: Told) => boolean): Promise<void> {
    for (;;) {
      const told = this.#told.shift();
      if (told?.error !== undefined) throw new Error(told.error);
      if (told !== undefined && wanted(told)) return;
      if (this.#told.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
