// A node as users run it, `actor-coordinator node`, whose actors are real
// processes that count. It registers by itself, with whichever replica answers.

import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const HOOKS = new URL('./replica-hooks.mjs', import.meta.url).href;

/** Its pool and its name. */
export const REAL = 'real';
const WORKERS = 2;

/** Its actors save and end within it. */
const CLOSE_WITHIN_MS = 15_000;

export interface RealNodeOptions {
  /** For actors, and for what it must remember. */
  readonly directory: string;
  readonly sockets: string;
  /** The port of a replica that serves, whenever one is asked for. */
  readonly replicaPort: () => number;
}

export class RealNode {
  /** From replicas to it. */
  readonly road: TcpProxy;
  /** From it to a replica. */
  readonly #door: TcpProxy;
  readonly #options: RealNodeOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  private constructor(options: RealNodeOptions, road: TcpProxy, door: TcpProxy) {
    this.#options = options;
    this.road = road;
    this.#door = door;
  }

  static async start(options: RealNodeOptions): Promise<RealNode> {
    const road = await startTcpProxy(join(options.sockets, REAL));
    const node = new RealNode(options, road, await startTcpProxy(options.replicaPort));
    await node.start();
    return node;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { directory, sockets } = this.#options;
    const child = spawn(
      process.execPath,
      [
        ...['--import', HOOKS, MAIN, 'node', '--data-dir', join(directory, REAL)],
        ...['--listen', `unix://${join(sockets, REAL)}`, '--advertise', `dns:///127.0.0.1:${this.road.port}`],
        ...['--coordinator', `127.0.0.1:${this.#door.port}`, '--pool', REAL, '--node-name', REAL],
        ...['--workers', String(WORKERS), '--stop-grace', '5s'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface(child.stderr).on('line', (line) => {
        lines.push(line);
        if (line.includes('"node serves"')) resolve();
      });
      child.once('exit', () => reject(new Error(`the real node ended before it served:\n${lines.join('\n')}`)));
    });
    this.#child = child;
  }

  /** SIGKILL. Its actors go on without it, until it comes back and ends them in order. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
    await this.#exited;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  /** In order, so that none of its actors is left. */
  async close(): Promise<void> {
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), CLOSE_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
    await Promise.all([this.road.close(), this.#door.close()]);
  }
}
