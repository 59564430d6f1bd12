// A node of the random chaos from outside: a process that can be killed,
// stopped, slowed down and started again, at one address that never changes.

import { fork, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.js';
import type { Effect } from './history.js';
import { readJournal, type Mode } from './journaled-runtime.js';
import type { Told } from './node-child.js';

const CHILD = fileURLToPath(new URL('./node-child.ts', import.meta.url));
const LOADER = new URL('../../contract/node-runtime-loader.mjs', import.meta.url).href;

export class NodeProcess {
  readonly name: string;
  /** From replicas to it. */
  readonly road: TcpProxy;
  readonly workers: readonly { readonly pool: string; readonly name: string }[];
  readonly #socket: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #running: Told['running'] = [];

  private constructor(name: string, directory: string, workers: number, socket: string, road: TcpProxy) {
    this.name = name;
    this.#directory = directory;
    this.#socket = socket;
    this.road = road;
    this.workers = Array.from({ length: workers }, (_, i) => ({ pool: 'default', name: `${name}-${i}` }));
  }

  /** @param directory for its files. @param sockets for its socket: a port might be somebody else's when it comes back */
  static async start(name: string, directory: string, sockets: string, workers: number): Promise<NodeProcess> {
    const socket = join(sockets, name);
    const node = new NodeProcess(name, directory, workers, socket, await startTcpProxy(socket));
    await node.start();
    return node;
  }

  /** A gRPC target. */
  get address(): string {
    return `dns:///127.0.0.1:${this.road.port}`;
  }

  /** What runs on the worker, as the node has said last; undefined: nothing, or it has said nothing in this life. */
  runsOn(worker: string): string | undefined {
    return this.#running.find(([name]) => name === worker)?.[1];
  }

  /** Whether it has said what runs. */
  get isUp(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const child = fork(
      CHILD,
      [this.name, `unix://${this.#socket}`, this.#journal, join(this.#directory, 'fake-snapshots')],
      {
        execArgv: ['--import', LOADER],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise<void>((resolve, reject) => {
      child.on('message', (told: Told) => {
        this.#running = told.running;
        resolve();
      });
      child.once('exit', (code, signal) => {
        reject(new Error(`node ${this.name} ended with ${String(code ?? signal)} before it served`));
      });
    });
    this.#child = child;
  }

  /** SIGKILL. What runs there goes on without it, as containers do, unless the machine goes down as well. */
  async kill(reboot: boolean): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
    await this.#exited;
    const rebooted: Effect = { atMs: Date.now(), node: this.name, type: 'rebooted' };
    if (reboot) appendFileSync(this.#journal, `${JSON.stringify(rebooted)}\n`);
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  setMode(mode: Mode): void {
    // It may have died just now.
    this.#child?.send(mode, () => undefined);
  }

  effects(): readonly Effect[] {
    return existsSync(this.#journal) ? readJournal(this.#journal) : [];
  }

  async close(): Promise<void> {
    await this.kill(false);
    await this.road.close();
  }

  get #journal(): string {
    return join(this.#directory, `${this.name}.journal`);
  }
}
